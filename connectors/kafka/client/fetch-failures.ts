import { MillraceError } from '../../../core/model/errors.ts'
import { splitId } from '../../../core/model/position.ts'
import type { FetchStart, TopicPartition } from './kafka-client.ts'

// Why a partition cannot be read on. Each ends the job: nothing is skipped, nothing is reset.

/** The topic at this name is another one than the position was made for. */
export function topicReplaced({ topic, topicId }: Pick<FetchStart, 'topic' | 'topicId'>, id: string): MillraceError {
  const message = `topic "${topic}" was created anew: it has id ${id}, the checkpoint knows ${topicId}`
  return new MillraceError('MR_SOURCE_REPLACED', message, { details: { topic, id } })
}

/** The partition does not reach to this offset, or not any more. */
export function offsetGone(
  place: TopicPartition,
  offset: number,
  bounds: { readonly start: number; readonly end: number },
): MillraceError {
  const { topic, partition } = place
  const why =
    offset < bounds.start
      ? 'retention has passed it'
      : 'the log ends before it: it was truncated, or the offset is of another cluster'
  const message = `${nameOf(place)} holds offsets ${bounds.start} to ${bounds.end}, not ${offset}: ${why}; nothing is skipped`
  return new MillraceError('MR_POSITION_LOST', message, { details: { topic, partition, offset, ...bounds } })
}

/** The log was cut back to `end` under the reader: a broker that lacked records became its leader. */
export function logTruncated(place: TopicPartition, offset: number, end: number): MillraceError {
  const { topic, partition } = place
  const message = `${nameOf(place)} was truncated to offset ${end} under the reader at ${offset}: a broker that lacked records became its leader; nothing is skipped`
  return new MillraceError('MR_POSITION_LOST', message, { details: { topic, partition, offset, end } })
}

export function damagedAtBroker(place: TopicPartition, offset: number): MillraceError {
  const message = `${nameOf(place)} at offset ${offset}: the broker finds its own log damaged; nothing is skipped`
  return new MillraceError('MR_RECORD_BATCH_CORRUPT', message)
}

function nameOf({ topic, partition }: TopicPartition): string {
  return splitId(topic, partition)
}
