import assert from 'node:assert/strict'
import { after, it } from 'node:test'
import { CLIENTS } from '../../connectors/kafka/client/open-client.ts'
import { kafkaClient } from '../../connectors/kafka/index.ts'
import { encodeRecordBatch } from '../../formats/record-batch/encode.ts'
import { KafkaBroker } from '../../scripts/kafka/broker.ts'
import { textRecord } from '../connectors/log/log-fixture.ts'
import { Follower } from './follower.ts'
import { KafkaFixture, topicName } from './kafka-fixture.ts'

/** Kills of a broker per client; the full count is 50. */
const KILLS = Number(process.env.KAFKA_KILLS ?? 3)
const PARTITIONS = 3
const CHUNK = 40

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
