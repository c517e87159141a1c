import { MillraceError } from '../../../core/model/errors.ts'
import { splitId } from '../../../core/model/position.ts'
import type { OffsetSpec, TopicPartition } from './kafka-client.ts'

/** What ListOffsets takes for the first offset and for the end. */
export const EARLIEST = -2
export const LATEST = -1

/** What it gives where nothing is as late as the time. */
const NOTHING_THERE = -1

/** One call of ListOffsets: offsets by `splitId`, negative where nothing is as late as `timestamp`. */
export type ListOffsetsCall = (
  places: readonly TopicPartition[],
  timestamp: number,
) => Promise<ReadonlyMap<string, number>>

/**
 * Offsets in the order of `places`; the end for a time without later records. The end is asked before the time: a record that
 * comes in between has an offset from that end on, so that nobody who begins there misses it, and nobody who ends there reads it.
 */
export async function listOffsets(
  call: ListOffsetsCall,
  places: readonly TopicPartition[],
  at: OffsetSpec,
): Promise<readonly number[]> {
  const isTime = typeof at === 'number'
  const ends = isTime ? await call(places, LATEST) : undefined
  const listed = await call(places, isTime ? Math.floor(at) : at === 'earliest' ? EARLIEST : LATEST)
  return places.map((place) => {
    const key = splitId(place.topic, place.partition)
    const found = listed.get(key) ?? NOTHING_THERE
    const offset = found < 0 ? ends?.get(key) : found
    if (offset !== undefined) return offset
    throw new MillraceError('MR_KAFKA_PROTOCOL', `Kafka: the broker told no offset of ${key}`)
  })
}
