import { MillraceError } from '../../../core/model/errors.ts'
import { splitId } from '../../../core/model/position.ts'
import type { OffsetSpec, TopicPartition } from './kafka-client.ts'

/** What ListOffsets takes for the first offset and for the end. */
const EARLIEST = -2
const LATEST = -1

/** One call of ListOffsets: offsets by `splitId`, negative where nothing is as late as `timestamp`. */
export type ListOffsetsCall = (
  places: readonly TopicPartition[],
  timestamp: number,
) => Promise<ReadonlyMap<string, number>>

/** Offsets in the order of `places`; the end for a time without later records. */
export async function listOffsets(
  call: ListOffsetsCall,
  places: readonly TopicPartition[],
  at: OffsetSpec,
): Promise<readonly number[]> {
  const listed = await call(places, at === 'earliest' ? EARLIEST : at === 'latest' ? LATEST : Math.floor(at))
  const isAfterLast = (place: TopicPartition): boolean => (listed.get(keyOf(place)) ?? -1) < 0
  const ends = places.some(isAfterLast) ? await call(places.filter(isAfterLast), LATEST) : listed
  return places.map((place) => {
    const offset = (isAfterLast(place) ? ends : listed).get(keyOf(place))
    if (offset !== undefined) return offset
    throw new MillraceError('MR_KAFKA_PROTOCOL', `Kafka: the broker told no offset of ${keyOf(place)}`)
  })
}

function keyOf({ topic, partition }: TopicPartition): string {
  return splitId(topic, partition)
}
