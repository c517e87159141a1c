import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { runPipeline } from '../../platform/index.ts'
import { textRecord } from '../connectors/log/log-fixture.ts'
import { eventually } from './eventually.ts'
import { BROKERS, KafkaFixture, topicName } from './kafka-fixture.ts'
import { readCommitted } from './read-topic.ts'

const fixture = new KafkaFixture()
const directory = await mkdtemp(join(tmpdir(), 'millrace-discovery-'))
after(async () => {
  await fixture.close()
  await rm(directory, { recursive: true, force: true })
})

const records = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => textRecord(`{"n":${from + i}}`))

/** Resolves when the output topic has so many records. */
function written(topic: string, count: number): Promise<readonly number[]> {
  return eventually(`${topic} did not get ${count} records`, { looks: 300, everyMs: 100 }, async () => {
    const found = await readCommitted(fixture, topic)
    return found.length < count ? undefined : found.map(({ value }): number => JSON.parse(value ?? '').n)
  })
}

it('fault 26: partitions and topics that appear while a job runs are read from their beginning', async (t) => {
  const prefix = topicName('discovery').replaceAll('.', '-')
  process.env.TEST_TOPICS = prefix
  process.env.KAFKA_BROKERS = BROKERS
  await fixture.createTopic(`${prefix}-in-1`)
  await fixture.append({ topic: `${prefix}-in-1`, partition: 0 }, records(-100, 100))
  const running = Promise.withResolvers<void>()
  const job = runPipeline(new URL('./pipelines/collect.ts', import.meta.url), {
    stateDirectory: join(directory, 'state'),
    epoch: '200ms',
    discoverSplits: '200ms',
    onRunning: () => running.resolve(),
  })
  job.done.catch((error: unknown) => running.reject(error))
  // Also where something fails before the end.
  t.after(async () => {
    job.drain()
    await job.done
  })
  await running.promise
  await fixture.append({ topic: `${prefix}-in-1`, partition: 0 }, records(0, 10))
  assert.equal((await written(`${prefix}-out`, 10)).length, 10)
  await fixture.admin.createPartitions({ topics: [{ name: `${prefix}-in-1`, count: 2, assignments: null }] })
  await fixture.createTopic(`${prefix}-in-2`)
  // Before anybody has noticed them, and although the source begins at the latest record.
  await fixture.append({ topic: `${prefix}-in-1`, partition: 1 }, records(10, 10))
  await fixture.append({ topic: `${prefix}-in-2`, partition: 0 }, records(20, 10))
  const found = await written(`${prefix}-out`, 30)
  job.drain()
  const { imbalances } = await job.done
  assert.deepEqual(imbalances, [])
  assert.deepEqual(
    found.toSorted((a, b) => a - b),
    Array.from({ length: 30 }, (_, i) => i),
  )
})
