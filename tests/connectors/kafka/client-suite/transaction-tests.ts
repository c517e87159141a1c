import assert from 'node:assert/strict'
import type { KafkaTransaction, TopicPartition } from '../../../../connectors/kafka/index.ts'
import { encodeRecordBatch } from '../../../../formats/record-batch/encode.ts'
import { coded, readAll, record, valuesOf, worldTests } from './in-world.ts'
import type { KafkaSuiteSubject } from './kafka-world.ts'

const appendTo = (transaction: KafkaTransaction, place: TopicPartition, ...values: readonly string[]): Promise<void> =>
  transaction.append(
    place,
    encodeRecordBatch({ baseOffset: 0, codec: 'lz4', records: values.map((value) => record(value)) }),
  )

/** Transactions of the client, and what becomes of two under one id. */
export function transactionTests(subject: KafkaSuiteSubject): void {
  visibilityTests(subject)
  fencingTests(subject)
}

function visibilityTests(subject: KafkaSuiteSubject): void {
  const test = worldTests(subject)

  test('makes all of a transaction visible by its commit, in every partition, and nothing before', async (world) => {
    const topic = await world.topic(2)
    const client = await world.client()
    const transaction = await client.transaction(world.name('id'))
    for (const partition of [0, 1, 0]) await appendTo(transaction, { topic, partition }, 'a', 'b')
    const places = [0, 1].map((partition) => ({ topic, partition }))
    assert.deepEqual(await client.listOffsets(places, 'latest'), [0, 0])
    const all = await world.client({ isolation: 'read_uncommitted' })
    assert.deepEqual(await all.listOffsets(places, 'latest'), [4, 2])
    await transaction.commit()
    assert.deepEqual(valuesOf(await readAll(world, places[0]!)), ['a', 'b', 'a', 'b'])
    assert.deepEqual(valuesOf(await readAll(world, places[1]!)), ['a', 'b'])
  })

  test('commits a transaction without records', async (world) => {
    const transaction = await (await world.client()).transaction(world.name('id'))
    await transaction.commit()
  })

  test('writes one transaction after the other under one id, each seen when the next one begins', async (world) => {
    const place = { topic: await world.topic(1), partition: 0 }
    const client = await world.client()
    const id = world.name('id')
    for (const value of ['a', 'b', 'c']) {
      const transaction = await client.transaction(id)
      const [stable] = await client.listOffsets([place], 'latest')
      assert.equal(stable, 2 * ['a', 'b', 'c'].indexOf(value))
      await appendTo(transaction, place, value)
      await transaction.commit()
    }
    assert.deepEqual(valuesOf(await readAll(world, place)), ['a', 'b', 'c'])
  })
}

function fencingTests(subject: KafkaSuiteSubject): void {
  const test = worldTests(subject)

  test('aborts what an earlier transaction under the id left open, before the next one begins', async (world) => {
    const place = { topic: await world.topic(1), partition: 0 }
    const id = world.name('id')
    await appendTo(await (await world.client()).transaction(id), place, 'left open')
    const client = await world.client()
    const transaction = await client.transaction(id)
    // The record and the marker that aborts it.
    assert.deepEqual(await client.listOffsets([place], 'latest'), [2])
    await appendTo(transaction, place, 'kept')
    await transaction.commit()
    assert.deepEqual(valuesOf(await readAll(world, place)), ['kept'])
  })

  test('lets a zombie write no more: not where it wrote before, not elsewhere, and not by a commit', async (world) => {
    const topic = await world.topic(2)
    const places = [0, 1].map((partition) => ({ topic, partition }))
    const id = world.name('id')
    const zombie = await (await world.client()).transaction(id)
    await appendTo(zombie, places[0]!, 'of the zombie')
    const successor = await (await world.client()).transaction(id)
    await assert.rejects(appendTo(zombie, places[0]!, 'late'), coded('MR_KAFKA_FENCED'))
    await assert.rejects(appendTo(zombie, places[1]!, 'late'), coded('MR_KAFKA_FENCED'))
    await assert.rejects(zombie.commit(), coded('MR_KAFKA_FENCED'))
    await appendTo(successor, places[1]!, 'of the successor')
    await successor.commit()
    assert.deepEqual(await readAll(world, places[0]!), [])
    assert.deepEqual(valuesOf(await readAll(world, places[1]!)), ['of the successor'])
  })

  test('leaves transactions under other ids alone', async (world) => {
    const place = { topic: await world.topic(1), partition: 0 }
    const client = await world.client()
    const first = await client.transaction(world.name('id'))
    await appendTo(first, place, 'a')
    const second = await client.transaction(world.name('id'))
    await appendTo(second, place, 'b')
    await second.commit()
    await first.commit()
    assert.deepEqual(valuesOf(await readAll(world, place)), ['a', 'b'])
  })
}
