import { PartitionedLog, tailTopic } from '../../connectors/log/index.ts'
import type { Header } from '../../core/model/dead-letter.ts'
import { systemPorts } from '../../platform/system/system-ports.ts'
import type { FoundLetter } from '../simulation/invariants.ts'
import type { FeedTarget } from './event-feed.ts'

/** A topic of the embedded log for an event feed. */
export async function logFeedTarget(
  directory: string,
  { topic, splits }: { readonly topic: string; readonly splits: number },
): Promise<FeedTarget> {
  const log = new PartitionedLog(systemPorts(), directory)
  await log.createTopic(topic, splits)
  return log.openAppender(topic)
}

/** The dead letters in a topic of the embedded log; none where there is no such topic. */
export async function readLogLetters(directory: string, topic: string): Promise<readonly FoundLetter[]> {
  const log = new PartitionedLog(systemPorts(), directory)
  const letters: FoundLetter[] = []
  if ((await log.findTopic(topic)) === undefined) return letters
  for await (const { headers, value } of tailTopic(log, topic)) letters.push(letterOf(headers, value))
  return letters
}

/** What the headers of a dead letter say. */
export function letterOf(headers: readonly Header[], value: Uint8Array | null): FoundLetter {
  const text = (key: string): string => {
    const header = headers.find((other) => other.key === key)
    return new TextDecoder().decode(header?.value ?? new Uint8Array())
  }
  return {
    split: Number(text('__streams.errors.partition')),
    offset: Number(text('__streams.errors.offset')),
    code: text('__millrace.errors.code'),
    value,
  }
}
