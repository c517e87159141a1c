import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { Kafka, logLevel, type Producer } from 'kafkajs'
import { CLIENTS } from '../../connectors/kafka/client/open-client.ts'
import { kafka } from '../../connectors/kafka/index.ts'
import { suiteContract } from '../connectors/suite-records.ts'
import { SeededRandom } from '../simulation/seeded-random.ts'
import { eventually } from './eventually.ts'
import { BROKERS, KafkaFixture, topicName } from './kafka-fixture.ts'
import { readTopic } from './read-topic.ts'

const fixture = new KafkaFixture()
const cluster = new Kafka({ clientId: 'transactions', brokers: BROKERS.split(','), logLevel: logLevel.NOTHING })
after(() => fixture.close())

/** What is to become of a transaction. */
type End = 'commit' | 'abort'

const KEY_ZERO = Buffer.alloc(4)
const SEED = Date.now() % 1_000_000

/** Counts of what was sent, by its end. */
interface Sent {
  readonly commit: number
  readonly abort: number
}

async function producers(topic: string, count: number): Promise<readonly Producer[]> {
  const made = Array.from({ length: count }, (_, i) =>
    cluster.producer({ transactionalId: `${topic}-${i}`, idempotent: true, maxInFlightRequests: 1 }),
  )
  for (const producer of made) {
    await producer.connect()
    fixture.owns({ close: () => producer.disconnect() })
  }
  return made
}

async function send(
  producer: Producer,
  topic: string,
  of: { readonly end: End; readonly records: number; readonly key?: Buffer },
): Promise<{ finish(): Promise<void> }> {
  const transaction = await producer.transaction()
  const messages = Array.from({ length: of.records }, (_, i) => ({
    key: of.key ?? null,
    value: `${of.end} ${i}`,
    partition: 0,
  }))
  await transaction.send({ topic, messages })
  return { finish: () => (of.end === 'commit' ? transaction.commit() : transaction.abort()) }
}

const cases: Readonly<Record<string, (topic: string) => Promise<Sent>>> = {
  'one producer that alternates': async (topic) => {
    const [producer] = await producers(topic, 1)
    for (let i = 0; i < 6; i++)
      await (await send(producer!, topic, { end: i % 2 === 0 ? 'commit' : 'abort', records: 10 })).finish()
    return { commit: 30, abort: 30 }
  },
  'aborted transactions that overlap': async (topic) => {
    const [first, second, third] = await producers(topic, 3)
    const a = await send(first!, topic, { end: 'abort', records: 20 })
    const b = await send(second!, topic, { end: 'abort', records: 30 })
    await (await send(third!, topic, { end: 'commit', records: 10 })).finish()
    await b.finish()
    await a.finish()
    return { commit: 10, abort: 50 }
  },
  'keys of four zero bytes': async (topic) => {
    const [first, second] = await producers(topic, 2)
    const aborted = await send(first!, topic, { end: 'abort', records: 15, key: KEY_ZERO })
    await (await send(second!, topic, { end: 'commit', records: 5, key: KEY_ZERO })).finish()
    await aborted.finish()
    return { commit: 5, abort: 15 }
  },
  'eight producers at random': async (topic) => {
    const random = new SeededRandom(SEED)
    const idle = [...(await producers(topic, 8))]
    const open: { readonly producer: Producer; finish(): Promise<void> }[] = []
    const sent = { commit: 0, abort: 0 }
    for (let step = 0; step < 200 || open.length > 0; step++) {
      if (idle.length > 0 && step < 200 && random.chance(0.6)) {
        const producer = idle.splice(random.below(idle.length), 1)[0]!
        const end = random.chance(0.5) ? 'commit' : 'abort'
        const records = 1 + random.below(20)
        sent[end] += records
        open.push({ producer, ...(await send(producer, topic, { end, records })) })
      } else if (open.length > 0) {
        const { producer, finish } = open.splice(random.below(open.length), 1)[0]!
        await finish()
        idle.push(producer)
      }
    }
    return sent
  },
}

describe(`read_committed (seed ${SEED})`, () => {
  for (const [name, produce] of Object.entries(cases)) {
    it(`delivers every committed record and no aborted one: ${name}`, async () => {
      const topic = topicName('transactions')
      await fixture.createTopic(topic)
      const sent = await produce(topic)
      for (const client of CLIENTS) {
        for (const maxWaitingBytes of [8_192, 100_000_000]) {
          const of = { topic, partitions: 1, client, maxWaitingBytes }
          const seen = await readTopic(fixture, { ...of, isolation: 'read_committed' })
          assert.equal(seen.filter(({ value }) => value?.startsWith('abort')).length, 0)
          assert.equal(seen.filter(({ value }) => value?.startsWith('commit')).length, sent.commit)
          const all = await readTopic(fixture, { ...of, isolation: 'read_uncommitted' })
          assert.equal(all.length, sent.commit + sent.abort)
        }
      }
    })
  }

  for (const client of CLIENTS) {
    it(`waits at a position beyond the last stable offset, where a reader of uncommitted records left it (${client})`, async () => {
      const topic = topicName('undecided')
      await fixture.createTopic(topic)
      const [producer] = await producers(topic, 1)
      const open = await send(producer!, topic, { end: 'commit', records: 10 })
      const options = { brokers: BROKERS, topics: [topic], contract: suiteContract, maxWait: '10ms', client } as const
      const source = fixture.owns(kafka(options).open(fixture.ports()))
      const [split] = await source.splits()
      const { incarnation } = await source.startPosition(split!)
      const reader = await source.reader(split!, { offset: 5, incarnation }, 0)
      assert.equal((await reader.poll(undefined)).consumed, 0)
      await open.finish()
      const { consumed } = await eventually('nothing was read', { looks: 500, everyMs: 10 }, async () => {
        const polled = await reader.poll(undefined)
        return polled.consumed > 0 ? polled : undefined
      })
      assert.equal(consumed, 5)
      await reader.close()
    })
  }
})
