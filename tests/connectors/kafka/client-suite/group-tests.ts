import assert from 'node:assert/strict'
import { coded, worldTests } from './in-world.ts'
import type { KafkaSuiteSubject } from './kafka-world.ts'

/** Offsets of groups, which are advice for tools. */
export function groupTests(subject: KafkaSuiteSubject): void {
  const test = worldTests(subject)

  test('gives back the offsets of a group as they were committed last, with their metadata', async (world) => {
    const client = await world.client()
    const topic = await world.topic(2)
    const group = world.name('group')
    assert.deepEqual(await client.groupOffsets(group), [])
    const offset = (partition: number, at: number) => ({ topic, partition, offset: at, metadata: `metadata ${at}` })
    await client.commitOffsets(group, [offset(0, 5), offset(1, 7)])
    await client.commitOffsets(group, [offset(0, 6)])
    const found = (await client.groupOffsets(group)).toSorted((a, b) => a.partition - b.partition)
    assert.deepEqual(found, [offset(0, 6), offset(1, 7)])
  })

  test('refuses to commit for a group that has members', async (world) => {
    const client = await world.client()
    const topic = await world.topic(1)
    const group = world.name('group')
    await world.joinGroup(group, topic)
    const offsets = [{ topic, partition: 0, offset: 0, metadata: '' }]
    await assert.rejects(client.commitOffsets(group, offsets), coded('MR_KAFKA_GROUP_SHARED'))
  })
}
