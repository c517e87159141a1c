import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { Kafka, logLevel } from 'kafkajs'
import { CLIENTS } from '../../connectors/kafka/client/open-client.ts'
import { PartitionedLog, tailTopic } from '../../connectors/log/index.ts'
import { CODECS } from '../../formats/record-batch/compression.ts'
import type { EncodableRecord } from '../../formats/record-batch/encode.ts'
import { mirrorTopic } from '../../platform/mirror/mirror-topic.ts'
import { runCommand, spawnCommand } from '../cli/run-command.ts'
import { ManualClock } from '../connectors/test-ports.ts'
import { SeededRandom } from '../simulation/seeded-random.ts'
import { eventually } from './eventually.ts'
import { BROKERS, KafkaFixture, topicName } from './kafka-fixture.ts'

const fixture = new KafkaFixture()
const home = await mkdtemp(join(tmpdir(), 'millrace-mirror-'))
const directory = join(home, 'log')
const log = new PartitionedLog(fixture.ports(), directory)
after(async () => {
  await fixture.close()
  await rm(home, { recursive: true, force: true })
})

const text = (value: string) => new Uint8Array(Buffer.from(value))

function plain(values: readonly string[]): readonly EncodableRecord[] {
  return values.map((value) => ({ timestamp: 1_000, key: null, value: text(value), headers: [] }))
}

/** `log mirror` with this directory and broker; gives what it printed as JSON. */
async function mirror(topic: string, ...flags: readonly string[]) {
  const argv = ['log', 'mirror', topic, '--brokers', BROKERS, '--directory', directory, '--json', ...flags]
  const { code, stdout, stderr } = await runCommand(argv)
  assert.equal(code, 0, stderr)
  // Printed by a command of ours.
  return JSON.parse(stdout) as { readonly records: number; readonly sizeBytes: number; readonly partitions: unknown }
}

async function copyOf(topic: string, partition: number): Promise<readonly EncodableRecord[]> {
  const records: EncodableRecord[] = []
  for await (const { timestamp, key, value, headers } of tailTopic(log, topic, { partition }))
    records.push({ timestamp, key, value, headers })
  return records
}

async function valuesOf(topic: string, partition: number): Promise<readonly string[]> {
  return (await copyOf(topic, partition)).map(({ value }) => Buffer.from(value ?? []).toString())
}

describe('log mirror', () => {
  for (const client of CLIENTS) {
    it(`keeps keys, values, headers, timestamps and partitions, whatever the codec (${client})`, async () => {
      const topic = topicName('mirror')
      await fixture.createTopic(topic, 2)
      const records: readonly EncodableRecord[] = [
        { timestamp: 1_000, key: text('k'), value: text('v'), headers: [{ key: 'h', value: text('1') }] },
        { timestamp: 3_000, key: null, value: text('no key'), headers: [] },
        { timestamp: 2_000, key: text('tombstone'), value: null, headers: [{ key: 'none', value: null }] },
        {
          timestamp: 2_000,
          key: text(''),
          value: text(''),
          headers: ['a', 'a'].map((key) => ({ key, value: text('') })),
        },
        { timestamp: 5_000, key: text('large'), value: new Uint8Array(300_000).fill(7), headers: [] },
      ]
      for (const codec of CODECS) await fixture.append({ topic, partition: 0 }, records, codec)
      await fixture.append({ topic, partition: 1 }, plain(['other']))
      const { records: count, partitions } = await mirror(topic, '--client', client)
      assert.equal(count, 5 * CODECS.length + 1)
      assert.deepEqual(partitions, [
        { partition: 0, from: 0, to: 25, records: 25 },
        { partition: 1, from: 0, to: 1, records: 1 },
      ])
      assert.deepEqual(
        await copyOf(topic, 0),
        CODECS.flatMap(() => records),
      )
      assert.deepEqual(await copyOf(topic, 1), plain(['other']))
    })
  }

  it('leaves out aborted records, and goes on behind them and behind a batch that it took by half', async () => {
    const topic = topicName('mirror-transactions')
    await fixture.createTopic(topic)
    const kafka = new Kafka({ brokers: BROKERS.split(','), logLevel: logLevel.NOTHING })
    const producer = kafka.producer({ transactionalId: topic, idempotent: true, maxInFlightRequests: 1 })
    await producer.connect()
    fixture.owns({ close: () => producer.disconnect() })
    const send = async (end: 'commit' | 'abort', values: readonly string[]): Promise<void> => {
      const transaction = await producer.transaction()
      await transaction.send({ topic, messages: values.map((value) => ({ value, partition: 0 })) })
      await (end === 'commit' ? transaction.commit() : transaction.abort())
    }
    const decided = (offset: number) =>
      eventually('the last transaction is not decided', { looks: 500, everyMs: 10 }, async () => {
        const client = await fixture.client('read_committed')
        const [end] = await client.listOffsets([{ topic, partition: 0 }], 'latest')
        await client.close()
        return end === offset ? true : undefined
      })
    await send('commit', ['a', 'b', 'c'])
    await send('abort', ['lost', 'lost'])
    await decided(7)
    assert.equal((await mirror(topic, '--as', `${topic}-2`, '--max-records', '2')).records, 2)
    const { partitions } = await mirror(topic, '--as', `${topic}-2`)
    assert.deepEqual(partitions, [{ partition: 0, from: 2, to: 7, records: 1 }])
    await send('abort', ['lost'])
    await send('commit', ['d'])
    await decided(11)
    const second = await mirror(topic, '--as', `${topic}-2`)
    assert.deepEqual(second.partitions, [{ partition: 0, from: 3, to: 11, records: 1 }])
    assert.deepEqual(await valuesOf(`${topic}-2`, 0), ['a', 'b', 'c', 'd'])
    assert.equal((await mirror(topic, '--as', `${topic}-2`)).records, 0)
  })

  it('follows until SIGTERM, then says what it did', async () => {
    const topic = topicName('mirror-follow')
    await fixture.createTopic(topic)
    await fixture.append({ topic, partition: 0 }, plain(['a']))
    const running = spawnCommand(home, ['log', 'mirror', topic, '--brokers', BROKERS, '--directory', 'log', '--follow'])
    await running.says('a new topic: 1 partitions')
    for (const value of ['b', 'c']) {
      await fixture.append({ topic, partition: 0 }, plain([value]))
      await eventually(`${value} was not copied`, { looks: 500, everyMs: 20 }, async () =>
        (await valuesOf(topic, 0)).at(-1) === value ? true : undefined,
      )
    }
    running.child.kill('SIGTERM')
    const { code, stdout } = await running.finished
    assert.equal(code, 0)
    assert.match(stdout, /^3 records, [\d,]+ bytes copied from/)
    assert.deepEqual(await valuesOf(topic, 0), ['a', 'b', 'c'])
  })

  it('loses and doubles nothing when it is killed again and again', async (test) => {
    const seed = Date.now() % 1_000_000
    test.diagnostic(`seed ${seed}`)
    const random = new SeededRandom(seed)
    const topic = topicName('mirror-killed')
    await fixture.createTopic(topic, 2)
    const total = 20_000
    const expected = Array.from({ length: total }, (_, i) => `${i}`)
    for (let from = 0; from < total; from += 4_000) {
      const records = plain(expected.slice(from, from + 4_000))
      for (const partition of [0, 1]) await fixture.append({ topic, partition }, records, 'lz4')
    }
    const copied = async (): Promise<number> => {
      const found = await log.findTopic(topic)
      return found === undefined ? 0 : (await log.bounds(found, 0)).end + (await log.bounds(found, 1)).end
    }
    let kills = 0
    for (let limit = 0; limit < 2 * total; kills++) {
      const flags = ['--max-records', String(1 + random.below(20_000))]
      const running = spawnCommand(home, ['log', 'mirror', topic, '--brokers', BROKERS, '--directory', 'log', ...flags])
      await running.says('is copied to')
      limit = (await copied()) + 1 + random.below(10_000)
      // Ended by itself, it had as many records as it wanted.
      const ended = running.finished.then(() => true)
      await eventually('it copies nothing', { looks: 5_000, everyMs: 2 }, async () =>
        (await copied()) >= limit || (await Promise.race([ended, false])) ? true : undefined,
      )
      running.child.kill('SIGKILL')
      await running.finished
    }
    await mirror(topic)
    for (const partition of [0, 1]) assert.deepEqual(await valuesOf(topic, partition), expected)
    assert.ok(kills > 3, `${kills} kills`)
  })

  it('refuses a topic that was deleted and created anew', async () => {
    const topic = topicName('mirror-anew')
    await fixture.createTopic(topic)
    await mirror(topic)
    await fixture.admin.deleteTopics({ topics: [topic] })
    await fixture.createTopic(topic)
    const { code, stderr } = await runCommand(['log', 'mirror', topic, '--brokers', BROKERS, '--directory', directory])
    assert.equal(code, 2)
    assert.match(stderr, /^MR_LOG_TOPIC_EXISTS: .*created anew/)
  })

  it('refuses a topic that does not exist, and makes none', async () => {
    const flags = ['--brokers', BROKERS, '--directory', directory]
    const { code, stderr } = await runCommand(['log', 'mirror', 'no.such.topic', ...flags])
    assert.equal(code, 7)
    assert.match(stderr, /^MR_KAFKA_TOPIC_UNKNOWN: .*no\.such\.topic/)
    assert.equal(await log.findTopic('no.such.topic'), undefined)
  })

  it('says that no broker answers, after its patience', async () => {
    const source = { topic: 'orders', brokers: '127.0.0.1:1' }
    // Time passes only while somebody waits: patience costs none.
    const ports = { ...fixture.ports(), clock: new ManualClock() }
    const running = mirrorTopic(ports, { source, directory, as: 'orders', from: 'earliest' })
    await assert.rejects(running, { code: 'MR_KAFKA_UNREACHABLE', exitCode: 7 })
  })
})
