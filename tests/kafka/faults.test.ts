import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { CLIENTS } from '../../connectors/kafka/client/open-client.ts'
import type { KafkaClientChoice } from '../../connectors/kafka/index.ts'
import { encodeRecordBatch } from '../../formats/record-batch/encode.ts'
import { freePort, KafkaBroker } from '../../scripts/kafka/broker.ts'
import { textRecord } from '../connectors/log/log-fixture.ts'
import { type Fault, FaultProxy } from './fault-proxy.ts'
import { Follower } from './follower.ts'
import { KafkaFixture, topicName } from './kafka-fixture.ts'
import { readCommitted } from './read-topic.ts'

// A broker of its own, as it is killed; clients reach it through a proxy, by the port that it tells them.
const advertisedPort = await freePort()
const broker = await KafkaBroker.start({ advertisedPort })
const proxy = await FaultProxy.open(advertisedPort, broker.port)
const fixture = new KafkaFixture(`127.0.0.1:${advertisedPort}`)
after(async () => {
  proxy.fault = { kind: 'none' }
  await fixture.close()
  await proxy.close()
  await broker.stop()
})

const CHUNK = 200

async function append(topic: string, from: number, count: number): Promise<void> {
  const records = Array.from({ length: count }, (_, i) => textRecord(String(from + i)))
  await fixture.append({ topic, partition: 0 }, records)
}

/** Follows a topic through a fault: everything arrives once and in order, before, during or after it. */
async function follows(client: KafkaClientChoice, breakThings: () => Promise<void>): Promise<void> {
  const topic = topicName('faults')
  await fixture.createTopic(topic)
  await append(topic, 0, CHUNK)
  const follower = new Follower(fixture.ports('follower'), { brokers: `127.0.0.1:${advertisedPort}`, client })
  await follower.start(topic)
  await follower.reached(CHUNK)
  await breakThings()
  await append(topic, CHUNK, CHUNK)
  await follower.reached(2 * CHUNK)
  await follower.stop()
  assert.deepEqual(
    follower.values,
    Array.from({ length: 2 * CHUNK }, (_, i) => i),
  )
}

async function during(fault: Fault, ms: number): Promise<void> {
  proxy.fault = fault
  await new Promise((resolve) => setTimeout(resolve, ms))
  proxy.fault = { kind: 'none' }
}

describe('fault 22: a broker is killed and comes back', () => {
  for (const client of CLIENTS) {
    it(`a reader stalls, then catches up (${client})`, () =>
      follows(client, async () => {
        for (let i = 0; i < 2; i++) {
          await broker.kill()
          await broker.run()
        }
      }))
  }

  it('a transaction that was open is never seen, the next one under its id is', async () => {
    const topic = topicName('killed-transaction')
    await fixture.createTopic(topic)
    const client = await fixture.client('read_committed')
    const batch = (text: string) => encodeRecordBatch({ baseOffset: 0, codec: 'none', records: [textRecord(text)] })
    const lost = await client.transaction(topic)
    await lost.append({ topic, partition: 0 }, batch('lost'))
    await broker.kill()
    await broker.run()
    const kept = await client.transaction(topic)
    await kept.append({ topic, partition: 0 }, batch('kept'))
    await kept.commit()
    await assert.rejects(lost.append({ topic, partition: 0 }, batch('late')), { code: 'MR_KAFKA_FENCED' })
    const values = (await readCommitted(fixture, topic)).map(({ value }) => value)
    assert.deepEqual(values, ['kept'])
  })
})

describe('fault 27: a request is taken and its answer is lost', () => {
  it('a batch of a transaction is in the topic once', async () => {
    const topic = topicName('cut')
    await fixture.createTopic(topic)
    const client = await fixture.client('read_committed')
    const transaction = await client.transaction(topic)
    const records = [textRecord('once')]
    await transaction.append({ topic, partition: 0 }, encodeRecordBatch({ baseOffset: 0, codec: 'none', records }))
    const second = transaction.append(
      { topic, partition: 0 },
      encodeRecordBatch({ baseOffset: 0, codec: 'none', records }),
    )
    await during({ kind: 'cut-after-request' }, 300)
    await second
    await transaction.commit()
    assert.equal((await readCommitted(fixture, topic)).length, 2)
  })
})

describe('fault 30: a network that is gone, slow or half open', () => {
  for (const client of CLIENTS) {
    it(`connections break again and again (${client})`, () =>
      follows(client, async () => {
        for (let i = 0; i < 5; i++) {
          proxy.breakAll()
          await during({ kind: 'refuse' }, 100)
        }
      }))

    it(`answers are cut off (${client})`, () => follows(client, () => during({ kind: 'cut-after-request' }, 1_000)))

    it(`nothing comes through and nothing breaks, longer than a request may take (${client})`, () =>
      follows(client, () => during({ kind: 'blackhole' }, 12_000)))

    it(`bytes drip (${client})`, () => follows(client, () => during({ kind: 'throttle', bytes: 7 }, 2_000)))
  }
})
