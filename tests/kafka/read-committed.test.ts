import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { Kafka, logLevel } from 'kafkajs'
import { CLIENTS } from '../../connectors/kafka/client/open-client.ts'
import { kafka } from '../../connectors/kafka/index.ts'
import { suiteContract } from '../connectors/suite-records.ts'
import { eventually } from './eventually.ts'
import { BROKERS, KafkaFixture, topicName } from './kafka-fixture.ts'

const fixture = new KafkaFixture()
const cluster = new Kafka({ clientId: 'transactions', brokers: BROKERS.split(','), logLevel: logLevel.NOTHING })
after(() => fixture.close())

/** Sends ten records to a topic in a transaction that is open until it is committed. */
async function openTransaction(topic: string): Promise<{ commit(): Promise<void> }> {
  const producer = cluster.producer({ transactionalId: topic, idempotent: true, maxInFlightRequests: 1 })
  await producer.connect()
  fixture.owns({ close: () => producer.disconnect() })
  const transaction = await producer.transaction()
  const messages = Array.from({ length: 10 }, (_, i) => ({ value: `commit ${i}`, partition: 0 }))
  await transaction.send({ topic, messages })
  return transaction
}

// What the client itself keeps is in tests/connectors/kafka/client-suite/read-committed-tests.ts.
describe('a source that reads committed records', () => {
  for (const client of CLIENTS) {
    it(`waits at a position beyond the last stable offset, where a reader of uncommitted records left it (${client})`, async () => {
      const topic = topicName('undecided')
      await fixture.createTopic(topic)
      const open = await openTransaction(topic)
      const options = { brokers: BROKERS, topics: [topic], contract: suiteContract, maxWait: '10ms', client } as const
      const source = fixture.owns(kafka(options).open(fixture.ports()))
      const [split] = await source.splits()
      const { incarnation } = await source.startPosition(split!)
      const reader = await source.reader(split!, { offset: 5, incarnation }, 0)
      assert.equal((await reader.poll(undefined)).consumed, 0)
      await open.commit()
      const { consumed } = await eventually('nothing was read', { looks: 500, everyMs: 10 }, async () => {
        const polled = await reader.poll(undefined)
        return polled.consumed > 0 ? polled : undefined
      })
      assert.equal(consumed, 5)
      await reader.close()
    })
  }
})
