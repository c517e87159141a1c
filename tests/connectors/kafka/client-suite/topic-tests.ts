import assert from 'node:assert/strict'
import { MillraceError } from '../../../../core/model/errors.ts'
import { coded, eventually, worldTests } from './in-world.ts'
import type { KafkaSuiteSubject } from './kafka-world.ts'

/** Names, descriptions and creation of topics. */
export function topicTests(subject: KafkaSuiteSubject): void {
  const test = worldTests(subject)

  test('says of itself what it can do', async (world) => {
    assert.deepEqual((await world.client()).capabilities, subject.capabilities)
  })

  test('creates a topic with as many partitions as it was asked for, and leaves one that is there as it is', async (world) => {
    const client = await world.client()
    const name = world.name('created')
    await client.createTopic(name, 3)
    await client.createTopic(name, 5)
    const [described] = await eventually(world, () => client.describeTopics([name]).catch(unknownYet))
    assert.deepEqual({ ...described, id: '' }, { name, id: '', partitions: 3 })
    assert.ok((await client.listTopics()).includes(name))
  })

  test('describes topics in the order of their names, and each with an id of its own', async (world) => {
    const client = await world.client()
    const names = [await world.topic(2), await world.topic(1)]
    const ids = new Set<string>()
    for (const order of [names, names.toReversed()]) {
      const described = await client.describeTopics(order)
      assert.deepEqual(
        described.map(({ name }) => name),
        order,
      )
      for (const { id } of described) ids.add(id)
    }
    assert.equal(ids.size, 2)
  })

  test('names a topic that does not exist', async (world) => {
    const client = await world.client()
    const absent = world.name('absent')
    await assert.rejects(client.describeTopics([await world.topic(1), absent]), coded('MR_KAFKA_TOPIC_UNKNOWN', absent))
    assert.ok(!(await client.listTopics()).includes(absent))
  })

  test('sees partitions that were added', async (world) => {
    const client = await world.client()
    const name = await world.topic(1)
    assert.equal((await client.describeTopics([name]))[0]?.partitions, 1)
    await world.addPartitions(name, 3)
    await eventually(world, async () => ((await client.describeTopics([name]))[0]?.partitions === 3 ? true : undefined))
  })
}

/** News of a topic travel from broker to broker. */
function unknownYet(error: unknown): undefined {
  if (!(error instanceof MillraceError) || error.code !== 'MR_KAFKA_TOPIC_UNKNOWN') throw error
}
