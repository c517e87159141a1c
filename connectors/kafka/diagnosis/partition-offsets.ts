import { MillraceError } from '../../../core/model/errors.ts'
import type { TopicPicture } from './cluster-questions.ts'
import { ask } from './question.ts'
import type { Cluster } from './reach-cluster.ts'
import { type AT, type ListedOffset, listOffsets } from './topic-questions.ts'

/** Asks the leaders of a topic, by partition. Partitions without a leader that answers are left out: they have a finding of their own. */
export async function offsetsOf(
  { lines }: Cluster,
  { name, partitions }: TopicPicture,
  at: (typeof AT)[keyof typeof AT],
): Promise<ReadonlyMap<number, ListedOffset>> {
  const asked = [...Map.groupBy(partitions, ({ leader }) => leader)].map(async ([leader, led]) => {
    const line = lines.get(leader)
    if (line === undefined) return []
    const numbers = led.map(({ partition }) => partition)
    return ask(line, listOffsets(name, numbers, at))
  })
  const listed = (await Promise.all(asked)).flat()
  const refused = listed.find(({ errorCode }) => errorCode !== 0)
  if (refused === undefined) return new Map(listed.map((one) => [one.partition, one]))
  const message = `the broker told no offset of ${name}-${refused.partition}: error ${refused.errorCode}`
  throw new MillraceError('MR_KAFKA_UNREACHABLE', message)
}
