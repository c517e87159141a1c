import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Isolation, PartitionFeed, TopicPartition } from '../../../../connectors/kafka/index.ts'
import type { ErrorCode } from '../../../../core/model/error-codes.ts'
import { MillraceError } from '../../../../core/model/errors.ts'
import type { RecordBatchView } from '../../../../formats/record-batch/decode.ts'
import type { EncodableRecord } from '../../../../formats/record-batch/encode.ts'
import type { KafkaSuiteSubject, KafkaWorld } from './kafka-world.ts'

const LOOKS = 300
const LOOK_EVERY_MS = 50

/** Makes `it` for tests that each get a world of their own. */
export function worldTests(subject: KafkaSuiteSubject) {
  return (title: string, test: (world: KafkaWorld) => Promise<void>, skip: string | false = false): void => {
    it(title, { skip }, async () => {
      const world = await subject.make()
      await world.run(() => test(world))
    })
  }
}

/** An error with this code whose message has all of these words. */
export function coded(code: ErrorCode, ...words: readonly string[]) {
  return (error: unknown): true => {
    assert.ok(error instanceof MillraceError, String(error))
    assert.equal(error.code, code, error.message)
    for (const word of words) assert.ok(error.message.includes(word), `"${error.message}" lacks "${word}"`)
    return true
  }
}

/** Looks until there is something: news travel from broker to broker. */
export async function eventually<T>(world: KafkaWorld, look: () => Promise<T | undefined>): Promise<T> {
  for (let i = 0; i < LOOKS; i++) {
    const found = await look()
    if (found !== undefined) return found
    await world.clock.after(LOOK_EVERY_MS)
  }
  throw new Error('it never came')
}

export interface FoundRecord {
  readonly offset: number
  readonly value: string
}

export function record(value: string, timestamp = 1_000): EncodableRecord {
  return { timestamp, key: null, value: Buffer.from(value), headers: [] }
}

export function numbered(from: number, count: number): readonly EncodableRecord[] {
  return Array.from({ length: count }, (_, i) => record(String(from + i)))
}

export interface ReadOf extends TopicPartition {
  readonly isolation?: Isolation
  readonly from?: number
  readonly maxWaitingBytes?: number
}

/** Everything from an offset to the end that is decided now, by a client of its own. */
export async function readAll(world: KafkaWorld, of: ReadOf): Promise<readonly FoundRecord[]> {
  await decided(world, of)
  const { isolation = 'read_committed', from = 0, maxWaitingBytes = 8_388_608 } = of
  const client = await world.client({ isolation, maxWaitingBytes })
  const [end] = await client.listOffsets([of], 'latest')
  const feed = client.feed(await startOf(world, of, from))
  const found = await takeTo(feed, { from, end: end! })
  feed.close()
  await client.close()
  return found
}

/** Where a feed of the partition begins. */
export async function startOf(world: KafkaWorld, { topic, partition }: TopicPartition, offset: number) {
  const client = await world.client()
  const [description] = await client.describeTopics([topic])
  await client.close()
  return { topic, partition, topicId: description!.id, offset, leaderEpoch: -1 }
}

/** Takes batches up to an offset; their offsets tile. */
export async function takeTo(
  feed: PartitionFeed,
  { from, end }: { readonly from: number; readonly end: number },
): Promise<readonly FoundRecord[]> {
  const found: FoundRecord[] = []
  for (let next = from; next < end; ) {
    const view = feed.take()
    if (view === undefined) {
      await feed.arrival()
      continue
    }
    assert.ok(view.nextOffset > next, `a batch up to ${view.nextOffset} came at ${next}`)
    assert.ok(next === from || view.baseOffset === next, `a batch from ${view.baseOffset} on came at ${next}`)
    if (!view.isControl) found.push(...recordsOf(view).filter(({ offset }) => offset >= from))
    next = view.nextOffset
  }
  return found
}

/** Takes from a feed until it throws. */
export async function failureOf(feed: PartitionFeed): Promise<never> {
  for (;;) {
    await feed.arrival()
    feed.take()
  }
}

export function valuesOf(found: readonly FoundRecord[]): readonly string[] {
  return found.map(({ value }) => value)
}

function recordsOf(view: RecordBatchView): readonly FoundRecord[] {
  return Array.from({ length: view.count }, (_, i) => {
    const start = view.valueStarts[i]!
    const value = Buffer.from(view.buffer.subarray(start, start + view.valueLengths[i]!)).toString()
    return { offset: view.offsets[i]!, value }
  })
}

/** A transaction is visible a moment after its commit: waits until none is undecided. */
export async function decided(world: KafkaWorld, place: TopicPartition): Promise<void> {
  const committed = await world.client()
  const all = await world.client({ isolation: 'read_uncommitted' })
  await eventually(world, async () => {
    const [stable] = await committed.listOffsets([place], 'latest')
    const [end] = await all.listOffsets([place], 'latest')
    return stable === end ? true : undefined
  })
  await committed.close()
  await all.close()
}
