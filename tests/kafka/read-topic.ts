import type { Isolation } from '../../connectors/kafka/index.ts'
import { headersOf, type RecordBatchView } from '../../formats/record-batch/decode.ts'
import { eventually } from './eventually.ts'
import type { KafkaFixture } from './kafka-fixture.ts'

export interface ReadRecord {
  readonly partition: number
  readonly offset: number
  readonly key: string | null
  readonly value: string | null
  readonly headers: Readonly<Record<string, string>>
}

/** All records of a topic that a reader of committed records sees now. */
export function readCommitted(fixture: KafkaFixture, topic: string, partitions = 1): Promise<readonly ReadRecord[]> {
  return readTopic(fixture, { topic, partitions, isolation: 'read_committed' })
}

/** All records of a topic from its beginning to its end, through our own client. */
export async function readTopic(fixture: KafkaFixture, of: ReadOptions): Promise<readonly ReadRecord[]> {
  await decided(fixture, of)
  const records: ReadRecord[] = []
  for await (const { view, partition } of viewsOf(fixture, of)) records.push(...recordsOf(view, partition))
  return records
}

/** The batches of a topic for readers of committed records; each is valid until the next. */
export async function* committedViews(
  fixture: KafkaFixture,
  topic: string,
  partitions: number,
): AsyncGenerator<PartitionView, void> {
  await decided(fixture, { topic, partitions })
  yield* viewsOf(fixture, { topic, partitions, isolation: 'read_committed' })
}

export interface ReadOptions {
  readonly topic: string
  readonly partitions: number
  readonly isolation: Isolation
  /** Bytes that may wait in the client, which decide how much it fetches at once. */
  readonly maxWaitingBytes?: number
  readonly client?: 'platformatic' | 'kafkajs'
}

export interface PartitionView {
  readonly view: RecordBatchView
  readonly partition: number
  /** Where the partition begins, which may be inside of its first batch. */
  readonly start: number
}

/** The batches of a topic between its present ends, also markers; each is valid until the next. */
export async function* viewsOf(fixture: KafkaFixture, of: ReadOptions): AsyncGenerator<PartitionView, void> {
  const client = await fixture.client(of.isolation, of.maxWaitingBytes, of.client)
  const [description] = await client.describeTopics([of.topic])
  for (let partition = 0; partition < of.partitions; partition++) {
    const place = { topic: of.topic, partition }
    const [start] = await client.listOffsets([place], 'earliest')
    const [end] = await client.listOffsets([place], 'latest')
    const feed = client.feed({ ...place, topicId: description!.id, offset: start!, leaderEpoch: -1 })
    for (let next = start!; next < end!; ) {
      const view = feed.take()
      if (view === undefined) {
        await feed.arrival()
        continue
      }
      next = view.nextOffset
      yield { view, partition, start: start! }
    }
    feed.close()
  }
  await client.close()
}

function recordsOf(view: RecordBatchView, partition: number): readonly ReadRecord[] {
  const text = (start: number, length: number): string | null =>
    length < 0 ? null : Buffer.from(view.buffer.subarray(start, start + length)).toString()
  return Array.from({ length: view.isControl ? 0 : view.count }, (_, i) => ({
    partition,
    offset: view.offsets[i]!,
    key: text(view.keyStarts[i]!, view.keyLengths[i]!),
    value: text(view.valueStarts[i]!, view.valueLengths[i]!),
    headers: Object.fromEntries(headersOf(view, i).map(({ key, value }) => [key, Buffer.from(value ?? []).toString()])),
  }))
}

/** A transaction is visible a moment after its commit: waits until none is undecided. */
export async function decided(
  fixture: KafkaFixture,
  { topic, partitions }: Pick<ReadOptions, 'topic' | 'partitions'>,
): Promise<void> {
  const places = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }))
  const committed = await fixture.client('read_committed')
  const all = await fixture.client('read_uncommitted')
  await eventually(`${topic} has an open transaction`, { looks: 500, everyMs: 10 }, async () => {
    const stable = await committed.listOffsets(places, 'latest')
    const ends = await all.listOffsets(places, 'latest')
    return ends.every((end, partition) => end === stable[partition]) ? true : undefined
  })
  await committed.close()
  await all.close()
}
