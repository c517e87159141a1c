import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { encodeRecordBatch } from '../../formats/record-batch/encode.ts'
import { runPipeline, type Until } from '../../platform/index.ts'
import { BROKERS, KafkaFixture, topicName } from './kafka-fixture.ts'
import { readCommitted } from './read-topic.ts'

const fixture = new KafkaFixture()
const directory = await mkdtemp(join(tmpdir(), 'millrace-bounded-'))
after(async () => {
  await fixture.close()
  await rm(directory, { recursive: true, force: true })
})

const prefix = topicName('bounded').replaceAll('.', '-')
const topic = `${prefix}-in-1`
const split = `${topic}-0`

/** Appends five records in one transaction, whose marker takes a sixth offset. */
async function transaction(first: number, timestamp: number): Promise<void> {
  const records = Array.from({ length: 5 }, (_, i) => ({
    timestamp,
    key: null,
    value: Buffer.from(`{"n":${first + i}}`),
    headers: [],
  }))
  const client = await fixture.client('read_committed')
  const open = await client.transaction(`${prefix}-writer`)
  await open.append({ topic, partition: 0 }, encodeRecordBatch({ baseOffset: 0, records, codec: 'none' }))
  await open.commit()
}

/** Runs up to a bound and gives the offset that it reached. */
async function run(until: Until): Promise<number | undefined> {
  const job = runPipeline(new URL('./pipelines/collect.ts', import.meta.url), {
    stateDirectory: join(directory, 'state'),
    workers: 1,
    until,
  })
  return (await job.done).positions[split]?.offset
}

it('a bounded run stops at offsets and times of a topic of transactions, at their markers too', async () => {
  process.env.TEST_TOPICS = prefix
  process.env.KAFKA_BROKERS = BROKERS
  await fixture.createTopic(topic)
  assert.equal(await run('caught-up'), 0)
  const soon = Date.now() + 600_000
  await transaction(0, 1_000)
  await transaction(5, soon)
  await transaction(10, soon + 1_000)

  assert.equal(await run({ offsets: { [split]: 3 } }), 3)
  assert.equal(await run({ time: 2_000 }), 5, 'a marker has the time of the broker')
  assert.equal(await run({ offsets: { [split]: 6 } }), 6)
  assert.equal(await run({ time: soon }), 6)
  assert.equal(await run({ offsets: { [split]: 2 } }), 6)
  const found = async () =>
    (await readCommitted(fixture, `${prefix}-out`)).map(({ value }) => JSON.parse(value ?? '').n)
  assert.deepEqual(await found(), [0, 1, 2, 3, 4])

  assert.equal(await run({ time: soon + 1 }), 12)
  assert.equal(await run({ time: soon + 2_000 }), 18)
  assert.deepEqual(
    await found(),
    Array.from({ length: 15 }, (_, i) => i),
  )
})
