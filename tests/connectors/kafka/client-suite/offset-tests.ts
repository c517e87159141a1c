import assert from 'node:assert/strict'
import { numbered, record, worldTests } from './in-world.ts'
import type { KafkaSuiteSubject } from './kafka-world.ts'

/** First offsets, ends and offsets of times. */
export function offsetTests(subject: KafkaSuiteSubject): void {
  const test = worldTests(subject)

  test('lists first offsets and ends in the order of the places', async (world) => {
    const client = await world.client()
    const topic = await world.topic(2)
    const places = [1, 0].map((partition) => ({ topic, partition }))
    await world.append({ topic, partition: 1 }, numbered(0, 10))
    assert.deepEqual(await client.listOffsets(places, 'earliest'), [0, 0])
    assert.deepEqual(await client.listOffsets(places, 'latest'), [10, 0])
    await world.deleteRecords({ topic, partition: 1 }, 5)
    assert.deepEqual(await client.listOffsets(places, 'earliest'), [5, 0])
  })

  test('finds the first record that is not older than a time, or the end', async (world) => {
    const client = await world.client()
    const place = { topic: await world.topic(1), partition: 0 }
    for (const time of [1_000, 2_000, 3_000]) await world.append(place, [record('a', time), record('b', time)])
    for (const [time, offset] of [
      [0, 0],
      [1_001, 2],
      [2_000, 2],
      [2_000.5, 2],
      [2_500, 4],
      [3_001, 6],
    ] as const)
      assert.deepEqual(await client.listOffsets([place], time), [offset], `at ${time}`)
  })

  test('ends at the last stable offset for a reader of committed records, else at the high watermark', async (world) => {
    const place = { topic: await world.topic(1), partition: 0 }
    await world.append(place, numbered(0, 3))
    const open = await (await world.producer(world.name('open'))).send(place, numbered(3, 4))
    await world.append(place, numbered(7, 2))
    assert.deepEqual(await (await world.client()).listOffsets([place], 'latest'), [3])
    assert.deepEqual(await (await world.client({ isolation: 'read_uncommitted' })).listOffsets([place], 'latest'), [9])
    await open.finish('abort')
  })
}
