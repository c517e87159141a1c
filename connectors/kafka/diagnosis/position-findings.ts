import { type Position, placeOfSplit } from '../../../core/model/position.ts'
import { checked, type Finding, failure } from '../../../core/ports/diagnosis.ts'
import { offsetGone, topicReplaced } from '../client/fetch-failures.ts'
import type { TopicPicture } from './cluster-questions.ts'
import { offsetsOf } from './partition-offsets.ts'
import type { Cluster } from './reach-cluster.ts'
import { AT } from './topic-questions.ts'

/** A position in this part of what retention has left may be gone soon. */
const NEAR = 0.1

/** Where a partition goes on, and what it holds. */
interface Reading {
  readonly partition: number
  readonly offset: number
  readonly start: number
  readonly end: number
}

/** Whether the topic still holds what follows the last committed epoch. Nothing where there was none. */
export function lookAtPositions(
  cluster: Cluster,
  topic: TopicPicture,
  positions: ReadonlyMap<string, Position>,
): Promise<readonly Finding[]> {
  const subject = `positions in ${topic.name}`
  const own = [...positions].filter(([split]) => placeOfSplit(split).topic === topic.name)
  return checked({ clock: cluster.ports.clock, subject, late: 'MR_KAFKA_UNREACHABLE' }, async () => {
    if (own.length === 0) return []
    const id = cluster.client.capabilities.topicIdentity ? topic.id : topic.name
    const other = own.find(([, { incarnation }]) => incarnation !== id)
    if (other !== undefined) throw topicReplaced({ topic: topic.name, topicId: other[1].incarnation }, id)
    const starts = await offsetsOf(cluster, topic, AT.start)
    const ends = await offsetsOf(cluster, topic, AT.end)
    const readings = own.flatMap(([split, { offset }]): readonly Reading[] => {
      const { partition } = placeOfSplit(split)
      const [start, end] = [starts.get(partition)?.offset, ends.get(partition)?.offset]
      return start === undefined || end === undefined ? [] : [{ partition, offset, start, end }]
    })
    return judge(subject, topic.name, readings)
  })
}

function judge(subject: string, topic: string, readings: readonly Reading[]): readonly Finding[] {
  const gone = readings.filter(({ offset, start, end }) => offset < start || offset > end)
  if (gone.length > 0) {
    return gone.map(({ partition, offset, ...bounds }) => {
      const { code, message } = offsetGone({ topic, partition }, offset, bounds)
      return failure(subject, code, message)
    })
  }
  const near = readings.filter(isNearRetention)
  if (near.length > 0) return near.map((reading) => nearness(subject, topic, reading))
  return [
    { kind: 'ok', subject, found: `what follows the last committed epoch is there (partitions: ${readings.length})` },
  ]
}

/** Retention has begun to delete, and what it deletes next is what was not read yet. */
function isNearRetention({ offset, start, end }: Reading): boolean {
  return start > 0 && offset < end && offset - start < NEAR * (end - start)
}

function nearness(subject: string, topic: string, { partition, offset, start, end }: Reading): Finding {
  const found = `${topic}-${partition} goes on at ${offset}, retention has left ${start} to ${end}`
  const advice = 'run the job soon, or raise retention.ms: what is deleted before it is read ends the job'
  return { kind: 'warning', subject, found, advice }
}
