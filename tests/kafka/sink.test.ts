import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { CLIENTS } from '../../connectors/kafka/client/open-client.ts'
import { type KafkaTopicOptions, kafkaTopic } from '../../connectors/kafka/index.ts'
import { sinkSuite } from '../connectors/sink-suite.ts'
import { type SuiteRecord, suiteContract } from '../connectors/suite-records.ts'
import { BROKERS, KafkaFixture, topicName } from './kafka-fixture.ts'
import { readCommitted } from './read-topic.ts'

const fixture = new KafkaFixture()
const folder = await mkdtemp(join(tmpdir(), 'millrace-kafka-sink-'))
after(async () => {
  await fixture.close()
  await rm(folder, { recursive: true, force: true })
})

const { schema } = suiteContract

async function sinkOf(options: Partial<KafkaTopicOptions>, partitions: number) {
  const topic = topicName('sink')
  await fixture.createTopic(topic, partitions)
  const spec = kafkaTopic<SuiteRecord>({ brokers: BROKERS, topic, ...options })
  const context = { ...fixture.ports(topic), sink: 'out', outbox: join(folder, topic) }
  return {
    writer: (task: number, generation: number) => {
      const splitOf = (index: number) => `in-${index}`
      return spec.writer({ ...context, task, generation, splitOf, reject: () => assert.fail('refused') }, schema)
    },
    committer: () => fixture.owns(spec.committer({ ...context, schema })),
    visible: async () => {
      const records = await readCommitted(fixture, topic, partitions)
      return records.map(({ value }): SuiteRecord => JSON.parse(value ?? 'null'))
    },
  }
}

for (const client of CLIENTS) {
  sinkSuite(`kafkaTopic (${client})`, () => sinkOf({ client }, 1))
  sinkSuite(`kafkaTopic (${client}) with partitions, key and codec`, () =>
    sinkOf({ client, key: 'id', codec: 'zstd' }, 3),
  )
}
