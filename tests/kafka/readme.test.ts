import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { previewTable } from '../../connectors/delta/index.ts'
import { systemPorts } from '../../platform/index.ts'
import { textRecord } from '../connectors/log/log-fixture.ts'
import { BROKERS, KafkaFixture, topicName } from './kafka-fixture.ts'
import { readCommitted } from './read-topic.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const directory = await mkdtemp(join(tmpdir(), 'millrace-readme-kafka-'))
const fixture = new KafkaFixture()
after(async () => {
  await fixture.close()
  await rm(directory, { recursive: true, force: true })
})

const ORDERS = `{"order_id":"a1","region":"eu","cents":1250,"at":"2026-01-05T10:00:00Z"}
{"order_id":"a2","region":"us","cents":700,"at":"2026-01-05T10:00:01Z","note":"gift"}
{"order_id":"a1","region":"eu","cents":1250,"at":"2026-01-05T10:00:00Z"}
{"order_id":"a3","region":"us","cents":5,"at":"2026-01-05T10:00:02Z"}
`

/** The command line, in a folder where `millrace` is installed. */
function millrace(args: readonly string[], input = ''): void {
  const command = ['-C', 'millrace-source', join(root, 'bin/millrace.js'), ...args]
  const ended = spawnSync(process.execPath, command, { cwd: directory, input, encoding: 'utf8' })
  assert.equal(ended.status, 0, ended.stderr)
}

/** The modules of the section on Kafka, from a topic and to it, with the broker and the topic of this test. */
async function modulesOf(topic: string): Promise<readonly string[]> {
  const readme = await readFile(join(root, 'README.md'), 'utf8')
  const section = readme.slice(readme.indexOf('## From and to Kafka'), readme.indexOf('## How it works'))
  const modules = [...section.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, source = '']) => source)
  return modules.map((source) => source.replaceAll('localhost:9092', BROKERS).replaceAll("'orders'", `'${topic}'`))
}

it('the README takes records from the log to Kafka and from Kafka to a table', async () => {
  const topic = topicName('readme').replaceAll('.', '-')
  const [fromKafka = '', toKafka = ''] = await modulesOf(topic)
  await mkdir(join(directory, 'node_modules'))
  await symlink(root, join(directory, 'node_modules', 'millrace'))
  await writeFile(join(directory, 'package.json'), '{"type":"module"}')
  await writeFile(join(directory, 'from-kafka.ts'), fromKafka)
  await writeFile(join(directory, 'to-kafka.ts'), toKafka)
  millrace(['log', 'create', topic, '--partitions', '2'])
  millrace(['log', 'append', topic], ORDERS)
  millrace(['run', 'to-kafka.ts', '--until-caught-up'])
  assert.equal((await readCommitted(fixture, topic, 2)).length, 4)
  await fixture.append({ topic, partition: 1 }, [textRecord('{"order_id":5}')])
  for (let run = 0; run < 2; run++) millrace(['run', 'from-kafka.ts', '--until-caught-up'])
  const table = await previewTable(systemPorts(), join(directory, 'warehouse', 'kafka_orders'), 10)
  assert.equal(table?.records, 3)
  const letters = await readCommitted(fixture, `${topic}.dlq`)
  assert.deepEqual(
    letters.map(({ value }) => value),
    ['{"order_id":5}'],
  )
  const client = await fixture.client('read_committed')
  const advised = await client.groupOffsets('orders-from-kafka')
  const ends = await client.listOffsets(
    [0, 1].map((partition) => ({ topic, partition })),
    'latest',
  )
  for (const { partition, offset } of advised.filter((one) => one.topic === topic))
    assert.equal(offset, ends[partition])
})
