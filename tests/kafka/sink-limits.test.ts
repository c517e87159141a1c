import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { kafkaDeadLetters, kafkaTopic } from '../../connectors/kafka/index.ts'
import type { DeadLetter } from '../../core/model/dead-letter.ts'
import type { Committer, Intent, Staged } from '../../core/ports/sink.ts'
import { type SuiteRecord, suiteBatch, suiteContract, suiteRecords } from '../connectors/suite-records.ts'
import { BROKERS, KafkaFixture, topicName } from './kafka-fixture.ts'
import { committedViews, readCommitted } from './read-topic.ts'

const fixture = new KafkaFixture()
const folder = await mkdtemp(join(tmpdir(), 'millrace-kafka-sink-limits-'))
after(async () => {
  await fixture.close()
  await rm(folder, { recursive: true, force: true })
})

const { schema } = suiteContract
const EPOCH = { epoch: 0, committed: -1, ranges: [], now: 0 }

function contextOf(topic: string) {
  const splitOf = (index: number) => `in-${index}`
  const ports = { ...fixture.ports(topic), sink: 'out', outbox: join(folder, topic) }
  return { ...ports, schema, task: 0, generation: 1, splitOf, reject: () => assert.fail('refused') }
}

/** Records that are staged for a topic. */
async function stagedFor(
  topic: string,
  records: readonly SuiteRecord[] = suiteRecords(0, 10),
): Promise<{ readonly staged: Staged; readonly committer: Committer }> {
  const spec = kafkaTopic<SuiteRecord>({ brokers: BROKERS, topic, codec: 'none' })
  const writer = spec.writer(contextOf(topic), schema)
  const committer = fixture.owns(spec.committer(contextOf(topic)))
  await committer.open()
  writer.write(suiteBatch(records))
  return { staged: await writer.stage(0), committer }
}

async function intend(committer: Committer, staged: Staged): Promise<Intent> {
  const intent = await committer.intend(EPOCH, [staged])
  assert.ok(intent !== undefined)
  return intent
}

async function setMaxMessageBytes(topic: string, value: string): Promise<void> {
  // 2: a topic; 0: set.
  const configs = [{ name: 'max.message.bytes', configOperation: 0, value }] as const
  await fixture.admin.incrementalAlterConfigs({
    resources: [{ resourceType: 2, resourceName: topic, configs: [...configs] }],
  })
}

/** A letter of a value of `sizeBytes`. */
function letterOf(sizeBytes: number, timestamp = 1_000): DeadLetter {
  return {
    origin: { topic: 'in', partition: 0, offset: 7, timestamp },
    key: Buffer.from('key'),
    value: Buffer.alloc(sizeBytes, 'x'),
    headers: [{ key: 'trace', value: Buffer.from('abc') }],
    code: 'MR_RECORD_JSON',
    message: 'the value is not valid JSON',
    stage: 'source',
  }
}

async function commitLetter(topic: string, letter: DeadLetter): Promise<void> {
  const spec = kafkaDeadLetters({ brokers: BROKERS, topic })
  const writer = spec.writer(contextOf(topic))
  const committer = fixture.owns(spec.committer(contextOf(topic)))
  await committer.open()
  writer.writeLetters([letter])
  await committer.commit(await intend(committer, await writer.stage(0)))
}

it('a dead letter that brokers would not take as it is keeps the beginning of its value', async () => {
  const topic = topicName('large-letter')
  await fixture.createTopic(topic)
  const letter = letterOf(1_048_576)
  await commitLetter(topic, letter)
  const [found] = await readCommitted(fixture, topic)
  assert.equal(found?.key, 'key')
  assert.equal(found?.value, 'x'.repeat(65_536))
  assert.equal(found?.headers.trace, 'abc')
  assert.equal(found?.headers['__millrace.errors.size'], '1048576')
  assert.equal(found?.headers['__millrace.errors.sha256'], createHash('sha256').update(letter.value!).digest('hex'))
})

it('a batch that its topic does not take stops the sink, and is committed when the topic takes it', async () => {
  const topic = topicName('small-batches')
  await fixture.createTopic(topic)
  await setMaxMessageBytes(topic, '500')
  const { staged, committer } = await stagedFor(topic)
  const intent = await intend(committer, staged)
  await assert.rejects(committer.commit(intent), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'MR_KAFKA_RECORD_TOO_LARGE')
    assert.match(error.message, new RegExp(`${topic}-0.*raise its max.message.bytes`))
    return true
  })
  await setMaxMessageBytes(topic, '1048588')
  await committer.commit(intent)
  assert.equal((await readCommitted(fixture, topic)).length, 10)
})

it('a topic that grew after records were staged for it has them staged anew by a restart', async () => {
  const topic = topicName('grown')
  await fixture.createTopic(topic)
  const { staged, committer } = await stagedFor(topic)
  await fixture.admin.createPartitions({
    topics: [{ name: topic, count: 3, assignments: null }],
  })
  await assert.rejects(committer.intend(EPOCH, [staged]), {
    code: 'MR_TASK_FAILED',
    message: `topic "${topic}" has 3 partitions now, records were staged for 1`,
  })
})

it('times that brokers refuse, ahead of their clocks or before 1970, hold no record up', async () => {
  const topic = topicName('times')
  await fixture.createTopic(topic)
  const now = Date.now()
  const [record] = suiteRecords(0, 1)
  const times = [now + 86_400_000, -86_400_000, now - 5_000]
  const records = times.map((at, amount) => ({ ...record!, at, amount }))
  const { staged, committer } = await stagedFor(topic, records)
  await committer.commit(await intend(committer, staged))
  await commitLetter(topic, letterOf(1, 2 ** 52))
  const found: number[] = []
  for await (const { view } of committedViews(fixture, topic, 1)) found.push(...view.timestamps.subarray(0, view.count))
  const [ahead, before, past, letter] = found
  assert.deepEqual([before, past], [0, now - 5_000])
  for (const time of [ahead!, letter!])
    assert.ok(time >= now && time <= Date.now(), `${time} is not the time of writing`)
})
