import { after, before } from 'node:test'
import { type Consumer, Kafka, logLevel } from 'kafkajs'
import { CLIENTS } from '../../connectors/kafka/client/open-client.ts'
import { systemClock } from '../../platform/system/system-clock.ts'
import type { KafkaWorld, WorldProducer } from '../connectors/kafka/client-suite/kafka-world.ts'
import { kafkaClientSuite } from '../connectors/kafka/kafka-client-suite.ts'
import { BROKERS, KafkaFixture, topicName } from './kafka-fixture.ts'

const fixture = new KafkaFixture()
const kafka = new Kafka({ clientId: 'strangers', brokers: BROKERS.split(','), logLevel: logLevel.NOTHING })
before(() => fixture.groupsAreReady())
after(() => fixture.close())

/** A producer of kafkajs itself: its transactions are none of ours. */
async function producerOf(transactionalId: string): Promise<WorldProducer> {
  const producer = kafka.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 })
  await producer.connect()
  fixture.owns({ close: () => producer.disconnect() })
  return {
    send: async ({ topic, partition }, records) => {
      const transaction = await producer.transaction()
      const messages = records.map(({ key, value, timestamp }) => ({
        key: key === null ? null : Buffer.from(key),
        value: value === null ? null : Buffer.from(value),
        timestamp: String(timestamp),
        partition,
      }))
      await transaction.send({ topic, messages })
      return { finish: (end) => (end === 'commit' ? transaction.commit() : transaction.abort()) }
    },
  }
}

/** Resolves when the group has given it what it may read. */
function joined(consumer: Consumer): Promise<void> {
  return new Promise((resolve) => {
    consumer.on(consumer.events.GROUP_JOIN, () => resolve())
  })
}

function worldOf(client: (typeof CLIENTS)[number]): KafkaWorld {
  const topic = async (partitions: number): Promise<string> => {
    const name = topicName('client')
    await fixture.createTopic(name, partitions)
    return name
  }
  return {
    clock: systemClock(),
    run: (test) => test(),
    client: ({ isolation = 'read_committed', maxWaitingBytes } = {}) =>
      fixture.client(isolation, maxWaitingBytes, client),
    name: topicName,
    topic,
    append: (place, records) => fixture.append(place, records),
    appendBatch: (place, batch) => fixture.appendBatch(place, batch),
    producer: producerOf,
    deleteRecords: async ({ topic: name, partition }, before) => {
      await fixture.admin.deleteRecords({ topics: [{ name, partitions: [{ partition, offset: BigInt(before) }] }] })
    },
    addPartitions: async (name, count) => {
      await fixture.admin.createPartitions({ topics: [{ name, count, assignments: null }] })
    },
    recreate: async (name, partitions) => {
      await fixture.admin.deleteTopics({ topics: [name] })
      await fixture.createTopic(name, partitions)
    },
    joinGroup: async (groupId, name) => {
      const consumer = kafka.consumer({ groupId })
      fixture.owns({ close: () => consumer.disconnect() })
      await consumer.connect()
      await consumer.subscribe({ topic: name })
      const isMember = joined(consumer)
      await consumer.run({ eachBatch: async () => undefined })
      await isMember
    },
    truncate: undefined,
  }
}

for (const client of CLIENTS)
  kafkaClientSuite(`the client on ${client}`, {
    capabilities: { readCommitted: true, topicIdentity: client === 'platformatic' },
    truncates: false,
    make: async () => worldOf(client),
  })
