import assert from 'node:assert/strict'
import type { KafkaClient, TopicPartition } from '../../../../connectors/kafka/index.ts'
import { encodeRecordBatch, type RecordBatchInput } from '../../../../formats/record-batch/encode.ts'
import { coded, readAll, record, startOf, valuesOf, worldTests } from './in-world.ts'
import type { KafkaSuiteSubject, KafkaWorld } from './kafka-world.ts'

function batchOf(values: readonly string[], of: Partial<RecordBatchInput> = {}): Uint8Array {
  return encodeRecordBatch({ baseOffset: 0, codec: 'lz4', records: values.map((value) => record(value)), ...of })
}

/** Appends without transactions. */
export function producerTests(subject: KafkaSuiteSubject): void {
  orderTests(subject)
  forgottenTests(subject)
}

function orderTests(subject: KafkaSuiteSubject): void {
  const test = worldTests(subject)

  test('appends without a transaction: whoever reads sees a batch as soon as it is acknowledged', async (world) => {
    const place = { topic: await world.topic(1), partition: 0 }
    const { producer } = await world.client()
    await producer.append(place, batchOf(['a', 'b']))
    assert.deepEqual(valuesOf(await readAll(world, place)), ['a', 'b'])
    await producer.append(place, batchOf(['c']))
    assert.deepEqual(valuesOf(await readAll(world, place)), ['a', 'b', 'c'])
  })

  test('keeps the order of the calls in each partition, however many wait', async (world) => {
    const topic = await world.topic(3)
    const { producer } = await world.client()
    const values = Array.from({ length: 30 }, (_, n) => String(n))
    const appended = values.map((value, n) => producer.append({ topic, partition: n % 3 }, batchOf([value])))
    await Promise.all(appended)
    for (const partition of [0, 1, 2]) {
      const expected = values.filter((_, n) => n % 3 === partition)
      assert.deepEqual(valuesOf(await readAll(world, { topic, partition })), expected)
    }
  })

  test('leaves others alone: two producers append to one partition', async (world) => {
    const place = { topic: await world.topic(1), partition: 0 }
    const clients = [await world.client(), await world.client()]
    for (const value of ['a', 'b', 'c'])
      for (const { producer } of clients) await producer.append(place, batchOf([value]))
    assert.deepEqual(valuesOf(await readAll(world, place)), ['a', 'a', 'b', 'b', 'c', 'c'])
  })

  test('appends to no topic that stays unknown', async (world) => {
    const { producer } = await world.client()
    const topic = world.name('absent')
    await assert.rejects(
      producer.append({ topic, partition: 0 }, batchOf(['a'])),
      coded('MR_KAFKA_TOPIC_UNKNOWN', topic),
    )
  })

  test('gives up what waits when the client is closed', async (world) => {
    const client = await world.client()
    const appending = client.producer.append({ topic: world.name('absent'), partition: 0 }, batchOf(['a']))
    const rejected = assert.rejects(appending)
    await client.close()
    await rejected
  })
}

/** A stranger writes as the producer of the client, so that the partition expects something else of it. */
function forgottenTests(subject: KafkaSuiteSubject): void {
  const test = worldTests(subject)

  test('goes on as somebody else where a partition expects another sequence', async (world) => {
    const { place, client, identity } = await begun(world)
    await world.appendBatch(place, batchOf(['stranger', 'stranger'], { ...identity, baseSequence: 1 }))
    for (const value of ['b', 'c']) await client.producer.append(place, batchOf([value]))
    assert.deepEqual(valuesOf(await readAll(world, place)), ['a', 'stranger', 'stranger', 'b', 'c'])
  })

  test('goes on as somebody else where its epoch has passed', async (world) => {
    const { place, client, identity } = await begun(world)
    const { producerId, producerEpoch } = identity
    const later = { producerId, producerEpoch: producerEpoch + 1, baseSequence: 0 }
    await world.appendBatch(place, batchOf(['stranger'], later))
    for (const value of ['b', 'c']) await client.producer.append(place, batchOf([value]))
    assert.deepEqual(valuesOf(await readAll(world, place)), ['a', 'stranger', 'b', 'c'])
  })
}

interface Begun {
  readonly place: TopicPartition
  readonly client: KafkaClient
  /** Whom the partition takes the producer for. */
  readonly identity: { readonly producerId: bigint; readonly producerEpoch: number }
}

async function begun(world: KafkaWorld): Promise<Begun> {
  const place = { topic: await world.topic(1), partition: 0 }
  const client = await world.client()
  await client.producer.append(place, batchOf(['a']))
  const feed = client.feed(await startOf(world, place, 0))
  await feed.arrival()
  const { producerId, producerEpoch } = feed.take()!
  feed.close()
  return { place, client, identity: { producerId, producerEpoch } }
}
