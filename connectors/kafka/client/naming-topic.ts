import type { ErrorCode } from '../../../core/model/error-codes.ts'
import { MillraceError } from '../../../core/model/errors.ts'

const OF_ONE_TOPIC: readonly ErrorCode[] = ['MR_KAFKA_FORBIDDEN', 'MR_KAFKA_TOPIC_UNKNOWN']

/** Asks for topics at once. Where one among several is at fault, it asks for each alone: then the error names that one. */
export async function namingTopic<T>(
  names: readonly string[],
  ask: (names: readonly string[]) => Promise<T>,
): Promise<T> {
  try {
    return await ask(names)
  } catch (error) {
    const isOfOne = error instanceof MillraceError && OF_ONE_TOPIC.includes(error.code)
    if (isOfOne && names.length > 1) for (const name of names) await ask([name])
    throw error
  }
}
