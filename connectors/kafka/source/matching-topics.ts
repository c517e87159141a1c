import { MillraceError } from '../../../core/model/errors.ts'

/** Whole names that match, in order. Throws `MR_KAFKA_TOPIC_UNKNOWN` where there are none. */
export function matchingTopics(all: readonly string[], topics: RegExp): readonly string[] {
  const whole = new RegExp(`^(?:${topics.source})$`, topics.flags)
  const names = all.filter((name) => whole.test(name)).toSorted()
  if (names.length > 0) return names
  const message = `Kafka: no topic matches ${topics}; there are ${all.length} topics`
  throw new MillraceError('MR_KAFKA_TOPIC_UNKNOWN', message)
}
