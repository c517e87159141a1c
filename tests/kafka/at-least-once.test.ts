import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { CLIENTS } from '../../connectors/kafka/client/open-client.ts'
import { type KafkaTopicOptions, kafkaTopic } from '../../connectors/kafka/index.ts'
import { type SuiteRecord, suiteBatch, suiteContract, suiteRecords } from '../connectors/suite-records.ts'
import { eventually } from './eventually.ts'
import { BROKERS, KafkaFixture, topicName } from './kafka-fixture.ts'
import { readTopic } from './read-topic.ts'

const fixture = new KafkaFixture()
const folder = await mkdtemp(join(tmpdir(), 'millrace-kafka-at-least-once-'))
after(async () => {
  await fixture.close()
  await rm(folder, { recursive: true, force: true })
})

const { schema } = suiteContract
const PARTITIONS = 3
const EPOCH = { committed: -1, ranges: [], now: 0 }

/** One sink into a new topic; each call of it stands for a new process. */
async function sinkOf(options: Partial<KafkaTopicOptions>, topic = topicName('at-least-once')) {
  const spec = kafkaTopic<SuiteRecord>({ brokers: BROKERS, topic, key: 'id', delivery: 'at-least-once', ...options })
  const context = { ...fixture.ports(topic), sink: 'out', outbox: join(folder, topic) }
  const splitOf = (index: number) => `in-${index}`
  return {
    topic,
    writer: (generation: number) => {
      const reject = () => assert.fail('refused')
      const writer = spec.writer({ ...context, task: 0, generation, splitOf, reject }, schema)
      fixture.owns({ close: () => writer.abort() })
      return writer
    },
    committer: () => fixture.owns(spec.committer({ ...context, schema })),
    seen: () => seen(topic),
  }
}

async function seen(topic: string): Promise<readonly SuiteRecord[]> {
  const found = await readTopic(fixture, { topic, partitions: PARTITIONS, isolation: 'read_committed' })
  return found.map(({ value }): SuiteRecord => JSON.parse(value ?? 'null'))
}

function sorted(records: readonly SuiteRecord[]): readonly SuiteRecord[] {
  return [...records].sort((a, b) => a.amount - b.amount)
}

for (const client of CLIENTS)
  describe(`kafkaTopic at least once (${client})`, () => {
    it('makes its topic, and has records in it before any checkpoint', async () => {
      const sink = await sinkOf({ client, createPartitions: PARTITIONS })
      const committer = sink.committer()
      await committer.open()
      const writer = sink.writer(1)
      for (const n of [0, 1, 2]) {
        writer.write(suiteBatch(suiteRecords(n, 1)))
        writer.flush?.()
        await eventually('the record did not come', { looks: 500, everyMs: 10 }, async () =>
          (await sink.seen()).length === n + 1 ? true : undefined,
        )
      }
      const staged = await writer.stage(0)
      assert.deepEqual(staged, { records: 3, outbox: [], content: null })
      assert.equal(await committer.intend({ ...EPOCH, epoch: 0 }, [staged]), undefined)
      const identity = await committer.identity()
      assert.equal(await committer.inspect({ intent: undefined, committed: -1, identity }), 'at-end')
      assert.deepEqual(sorted(await sink.seen()), suiteRecords(0, 3))
    })

    it('has all of an epoch in the topic when it is staged, each key in one partition and in order', async () => {
      const sink = await sinkOf({ client, codec: 'zstd' })
      await fixture.createTopic(sink.topic, PARTITIONS)
      const writer = sink.writer(1)
      for (let n = 0; n < 20; n++) {
        writer.write(suiteBatch(suiteRecords(0, 500).map((record) => ({ ...record, at: record.at + n }))))
        writer.flush?.()
        if (writer.isBusy) await writer.ready()
      }
      await writer.stage(0)
      const found = await readTopic(fixture, {
        topic: sink.topic,
        partitions: PARTITIONS,
        isolation: 'read_committed',
      })
      assert.equal(found.length, 10_000)
      const byKey = Map.groupBy(found, ({ key }) => key)
      assert.equal(byKey.size, 500)
      for (const ofKey of byKey.values()) {
        assert.equal(new Set(ofKey.map(({ partition }) => partition)).size, 1)
        const times = ofKey.map(({ value }): number => JSON.parse(value ?? 'null').at)
        assert.deepEqual(times, [...times].sort())
      }
    })

    it('repeats an epoch that died and is done again, and loses nothing', async () => {
      const sink = await sinkOf({ client })
      await fixture.createTopic(sink.topic, PARTITIONS)
      const dying = sink.writer(1)
      dying.write(suiteBatch(suiteRecords(0, 100)))
      await dying.stage(0)
      dying.write(suiteBatch(suiteRecords(100, 100)))
      await dying.ready()
      // A part of it may have arrived.
      await dying.abort()
      const writer = sink.writer(2)
      writer.write(suiteBatch(suiteRecords(100, 100)))
      await writer.stage(1)
      const found = await sink.seen()
      const once = new Map(found.map((record) => [record.amount, record]))
      assert.deepEqual(sorted([...once.values()]), suiteRecords(0, 200))
      const repeated = found.length - once.size
      assert.ok(repeated >= 0 && repeated <= 100, `${repeated} repeats`)
      const early = found.filter(({ amount }) => amount < 100)
      assert.equal(early.length, 100)
    })

    it('stops at a topic that does not take its batches', async () => {
      const sink = await sinkOf({ client, codec: 'none' })
      const configs = [{ name: 'max.message.bytes', value: '500' }]
      await fixture.admin.createTopics({ topics: [sink.topic], partitions: PARTITIONS, replicas: 1, configs })
      const writer = sink.writer(1)
      writer.write(suiteBatch(suiteRecords(0, 100)))
      await assert.rejects(writer.stage(0), {
        code: 'MR_KAFKA_RECORD_TOO_LARGE',
        message: /raise its max.message.bytes/,
      })
    })

    it('finishes an epoch that was prepared for exactly-once before', async () => {
      const before = await sinkOf({ client, delivery: 'exactly-once' })
      await fixture.createTopic(before.topic, PARTITIONS)
      const outbox = before.writer(1)
      outbox.write(suiteBatch(suiteRecords(0, 10)))
      const intent = await before.committer().intend({ ...EPOCH, epoch: 0 }, [await outbox.stage(0)])
      assert.ok(intent !== undefined)
      const after = await sinkOf({ client }, before.topic)
      const committer = after.committer()
      await committer.open()
      const identity = await committer.identity()
      assert.equal(await committer.inspect({ intent, committed: -1, identity }), 'at-start')
      await committer.commit(intent)
      const writer = after.writer(2)
      writer.write(suiteBatch(suiteRecords(10, 10)))
      await writer.stage(1)
      assert.deepEqual(sorted(await after.seen()), suiteRecords(0, 20))
    })
  })
