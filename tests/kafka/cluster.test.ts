import assert from 'node:assert/strict'
import { after, it } from 'node:test'
import { CLIENTS } from '../../connectors/kafka/client/open-client.ts'
import { kafkaClient } from '../../connectors/kafka/index.ts'
import { encodeRecordBatch } from '../../formats/record-batch/encode.ts'
import { KafkaBroker } from '../../scripts/kafka/broker.ts'
import { textRecord } from '../connectors/log/log-fixture.ts'
import { enterNewDirectory } from '../sabotage/scene.ts'
import { copied, numbered, numbersFrom, runCopy } from './copy-job.ts'
import { eventually } from './eventually.ts'
import { Follower } from './follower.ts'
import { HeldClock } from './held-clock.ts'
import { KafkaFixture, topicName } from './kafka-fixture.ts'
import { Reading } from './reading.ts'

/** Kills of a broker per client; the full count is 50. */
const KILLS = Number(process.env.KAFKA_KILLS ?? 3)
const PARTITIONS = 3
const CHUNK = 40
/** Node ids, in the order of the cluster. */
const [LEADER, FOLLOWER] = [2, 3]
const LOST = { code: 'MR_POSITION_LOST' }

const cluster = await KafkaBroker.startCluster()
const brokers = cluster.map(({ bootstrap }) => bootstrap).join(',')
const fixture = new KafkaFixture(brokers)
after(async () => {
  await fixture.close()
  for (const broker of cluster) await broker.stop()
})

function batchOf(from: number): Uint8Array {
  const records = Array.from({ length: CHUNK }, (_, i) => textRecord(String(from + i)))
  return encodeRecordBatch({ baseOffset: 0, records, codec: 'lz4' })
}

for (const name of CLIENTS) {
  it(`faults 22 and 23: brokers of a cluster are killed in turn, and leaders and coordinators move (${name})`, async () => {
    const topic = topicName('cluster')
    const client = fixture.owns(await kafkaClient(fixture.ports('cluster'), { brokers, client: name }))
    await client.createTopic(topic, PARTITIONS)
    const followers = Array.from(
      { length: PARTITIONS },
      () => new Follower(fixture.ports('follower'), { brokers, client: name }),
    )
    const write = async (chunk: number): Promise<void> => {
      const transaction = await client.transaction(topic)
      for (let partition = 0; partition < PARTITIONS; partition++)
        await transaction.append({ topic, partition }, batchOf(chunk * CHUNK))
      await transaction.commit()
    }
    await write(0)
    for (const [partition, follower] of followers.entries()) await follower.start(topic, partition)
    for (let kill = 0; kill < KILLS; kill++) {
      const victim = cluster[kill % cluster.length]!
      await victim.kill()
      await write(2 * kill + 1)
      await victim.run()
      await write(2 * kill + 2)
      for (const follower of followers) await follower.reached((2 * kill + 3) * CHUNK)
    }
    const expected = Array.from({ length: (2 * KILLS + 1) * CHUNK }, (_, i) => i)
    for (const follower of followers) {
      await follower.stop()
      assert.deepEqual(follower.values, expected)
    }
  })
}

for (const name of CLIENTS) {
  it(`a producer appends each batch once and in order while leaders move (${name})`, async () => {
    const topic = topicName('cluster-producer')
    const client = fixture.owns(await kafkaClient(fixture.ports('cluster'), { brokers, client: name }))
    await client.createTopic(topic, PARTITIONS)
    const followers = Array.from(
      { length: PARTITIONS },
      () => new Follower(fixture.ports('follower'), { brokers, client: name }),
    )
    let chunks = 0
    let isOver = false
    const write = async (): Promise<void> => {
      for (; !isOver; chunks++) {
        const places = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition }))
        await Promise.all(places.map((place) => client.producer.append(place, batchOf(chunks * CHUNK))))
      }
    }
    const writing = write()
    await eventually('nothing is written', { looks: 600, everyMs: 50 }, async () => (chunks > 0 ? true : undefined))
    for (const [partition, follower] of followers.entries()) await follower.start(topic, partition)
    for (let kill = 0; kill < KILLS; kill++) {
      const victim = cluster[kill % cluster.length]!
      const before = chunks
      await victim.kill()
      await eventually('nothing is written', { looks: 1_200, everyMs: 50 }, async () =>
        chunks > before + 2 ? true : undefined,
      )
      await victim.run()
    }
    isOver = true
    await writing
    const expected = Array.from({ length: chunks * CHUNK }, (_, i) => i)
    for (const follower of followers) {
      await follower.reached(expected.length)
      await follower.stop()
      assert.deepEqual(follower.values, expected)
    }
  })
}

function leaderOf(topic: string, expected: number): Promise<true> {
  return eventually(`${topic} is not led by ${expected}`, { looks: 300, everyMs: 100 }, async () => {
    const { topics } = await fixture.admin.metadata({ topics: [topic], forceUpdate: true })
    return topics.get(topic)?.partitions[0]?.leader === expected ? true : undefined
  })
}

it('fault 25: a leader that lacks records which were read stops everyone who read them, also when others have their offsets', async () => {
  const topic = topicName('truncated')
  const [, leader, follower] = cluster as [KafkaBroker, KafkaBroker, KafkaBroker]
  enterNewDirectory()
  await fixture.groupsAreReady()
  await fixture.admin.createTopics({
    topics: [topic],
    partitions: -1,
    replicas: -1,
    assignments: [{ partition: 0, brokers: [LEADER, FOLLOWER] }],
    configs: [
      { name: 'unclean.leader.election.enable', value: 'true' },
      { name: 'min.insync.replicas', value: '1' },
    ],
  })
  await leaderOf(topic, LEADER)
  const place = { topic, partition: 0 }
  await fixture.append(place, numbered(0, 40))
  await follower.kill()
  await fixture.append(place, numbered(40, 40))
  const clock = new HeldClock()
  const live = await Reading.open(fixture, { topic, client: 'platformatic', clock })
  const byName = await Reading.open(fixture, { topic, client: 'kafkajs' })
  await live.reached(80)
  await byName.reached(80)
  const checkpoint = live.position
  await runCopy({ brokers, topic })
  // This reader looks for another leader when all has happened.
  clock.hold()
  await leader.kill()
  await follower.run()
  await leaderOf(topic, FOLLOWER)
  // kafkajs knows no leader epochs, but that the log ends before its position.
  await assert.rejects(byName.reached(81), LOST)
  await fixture.append(place, numbered(1_000, 60))
  clock.release()
  await assert.rejects(live.reached(81), { ...LOST, message: /truncated to offset 40 under the reader at 80/ })
  const restarted = await Reading.open(fixture, { topic, client: 'platformatic', from: checkpoint })
  await assert.rejects(restarted.reached(81), LOST)
  await assert.rejects(runCopy({ brokers, topic }), LOST)
  for (const seen of [live.values, byName.values, await copied()]) assert.deepEqual(seen, numbersFrom(0, 80))
  assert.deepEqual(restarted.values, [])
})
