import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { CLIENTS } from '../../connectors/kafka/client/open-client.ts'
import type { Pipeline } from '../../core/index.ts'
import { loadPipeline, runPipeline } from '../../platform/index.ts'
import { freePort } from '../../scripts/kafka/broker.ts'
import { diagnosed, stateRoot, told } from './diagnosed.ts'
import { BROKERS, KafkaFixture, topicName } from './kafka-fixture.ts'

const fixture = new KafkaFixture()
before(() => fixture.groupsAreReady())
after(async () => {
  await fixture.close()
  await rm(stateRoot, { recursive: true, force: true })
})

async function filled(timestamps: readonly number[], settings: Readonly<Record<string, string>> = {}): Promise<string> {
  const topic = topicName('doctored')
  const configs = Object.entries(settings).map(([name, value]) => ({ name, value }))
  await fixture.admin.createTopics({ topics: [topic], partitions: 1, replicas: 1, configs })
  const records = timestamps.map((timestamp, n) => ({
    timestamp,
    key: null,
    value: Buffer.from(JSON.stringify({ n })),
    headers: [],
  }))
  await fixture.append({ topic, partition: 0 }, records)
  return topic
}

for (const client of CLIENTS)
  describe(`a diagnosis of a pipeline on Kafka (${client})`, () => {
    it('finds everything in order, and makes nothing', async () => {
      const topic = await filled([Date.now()])
      const target = topicName('doctored.out')
      const group = topicName('group')
      const { wrong, of } = await diagnosed({ source: { topics: topic, group }, sink: { topic: target }, client })
      assert.deepEqual(wrong, [])
      assert.match(of('in', `broker ${BROKERS}`).found, /^it answers: Kafka \d/)
      assert.match(of('in', 'advertised listeners').found, /^every broker is reached/)
      assert.match(of('in', `topic ${topic}`).found, /^partitions: 1, id [0-9a-f-]{36}; the user has READ$/)
      assert.match(of('in', 'newest of').found, /not ahead of this machine$/)
      assert.match(of('in', 'clock').found, /^the controller is \d+ ms (ahead of|behind) this machine, ± \d+ ms$/)
      assert.match(of('in-dead-letters', `topic ${topic}.dlq`).found, /^not there yet.*which the cluster allows$/)
      assert.match(of('out', `topic ${target}`).found, /^not there yet.*partitions: 2\), which the cluster allows$/)
      assert.match(of('out', 'transactional id').found, /WRITE/)
      const names = await fixture.admin.listTopics()
      assert.deepEqual(
        names.filter((name) => name === target || name === `${topic}.dlq`),
        [],
      )
      const groups = await fixture.admin.listGroups({ types: [] })
      assert.equal(groups.has(group), false)
    })

    it('asks about no transactional id where a sink begins none', async () => {
      const topic = await filled([Date.now()])
      const sink = { topic: topicName('doctored.out'), delivery: 'at-least-once' } as const
      const { checks, wrong } = await diagnosed({ source: { topics: topic, group: topicName('group') }, sink, client })
      assert.deepEqual(wrong, [])
      assert.ok(checks.some(({ part, subject }) => part === 'out' && subject.startsWith('topic')))
      assert.ok(!checks.some(({ part, subject }) => part === 'out' && subject.startsWith('transactional id')))
    })

    it('names each bootstrap broker that does not answer, and why', async () => {
      const one = await diagnosed({ source: {}, brokers: '127.0.0.1:1,no-such-host.invalid:9092', client })
      const of = (name: string) => told(one.of('in', `broker ${name}`)).join(' ')
      assert.match(of('127.0.0.1:1'), /^failed MR_KAFKA_UNREACHABLE .*ECONNREFUSED/)
      assert.match(of('no-such-host.invalid:9092'), /^failed MR_KAFKA_UNREACHABLE .*ENOTFOUND/)
      const topic = await filled([1])
      const two = await diagnosed({ source: { topics: topic }, brokers: `127.0.0.1:1,${BROKERS}`, client })
      assert.deepEqual(
        two.wrong.map(({ kind, subject }) => [kind, subject]),
        [['warning', 'broker 127.0.0.1:1']],
      )
      assert.match(two.of('in', 'broker 127.0.0.1:1').found, /others answer, so a job can start$/)
    })

    it('gives a broker up that takes connections and says nothing', async (t) => {
      const silent = createServer((socket) => t.after(() => socket.destroy()))
      const port = await freePort()
      await new Promise<void>((resolve) => silent.listen(port, '127.0.0.1', resolve))
      t.after(() => silent.close())
      const { of } = await diagnosed({ source: {}, brokers: `127.0.0.1:${port}`, client })
      assert.equal(told(of('in', 'broker'))[1], 'MR_KAFKA_UNREACHABLE')
    })

    it('says that a broker does not speak TLS, or asks for no credentials', async () => {
      const plain = await diagnosed({ source: { tls: true }, client })
      assert.match(told(plain.of('in', 'broker')).join(' '), /^failed MR_KAFKA_UNREACHABLE .*speak TLS/)
      const sasl = { mechanism: 'PLAIN', username: 'a', password: 'b' } as const
      const anonymous = await diagnosed({ source: { sasl }, client })
      assert.match(told(anonymous.of('in', 'broker')).join(' '), /^failed MR_KAFKA_REFUSED .*sasl/)
      const two = await diagnosed({ source: { sasl }, brokers: `127.0.0.1:1,${BROKERS}`, client })
      assert.doesNotMatch(two.of('in', `broker ${BROKERS}`).found, /127\.0\.0\.1:1[ ,:]/)
    })

    it('finds topics that do not exist, with what may have been meant', async () => {
      const topic = await filled([1])
      const { wrong } = await diagnosed({
        source: { topics: `${topic}x` },
        sink: { topic: 'no.such.topic', createPartitions: undefined as never },
        client,
      })
      assert.deepEqual(wrong.map(told), [
        ['failed', 'MR_KAFKA_TOPIC_UNKNOWN', `it does not exist; did you mean "${topic}"?`],
        ['failed', 'MR_KAFKA_TOPIC_UNKNOWN', 'it does not exist'],
      ])
      const none = await diagnosed({ source: { topics: /no\.such\..*/ }, client })
      assert.equal(told(none.of('in', 'topics'))[1], 'MR_KAFKA_TOPIC_UNKNOWN')
    })

    it('finds a group that belongs to another pipeline', async () => {
      const topic = await filled([1])
      const group = topicName('group')
      const offsets = [{ topic, partition: 0, offset: 1, metadata: 'millrace:first' }]
      await (await fixture.client('read_committed')).commitOffsets(group, offsets)
      const source = { topics: topic, group }
      assert.deepEqual((await diagnosed({ source, client, name: 'first' })).wrong, [])
      const { wrong } = await diagnosed({ source, client })
      assert.deepEqual(wrong.map(told), [['failed', 'MR_KAFKA_GROUP_SHARED', 'it has the offsets of pipeline "first"']])
    })
  })

describe('a diagnosis warns', () => {
  it('of a topic that forgets soon, and of one that takes small batches only', async () => {
    const topic = await filled([Date.now()], { 'retention.ms': '3600000' })
    const target = await filled([], { 'max.message.bytes': '100000' })
    const { wrong } = await diagnosed({ source: { topics: topic }, sink: { topic: target } })
    assert.deepEqual(
      wrong.map(({ kind, part, subject }) => [kind, part, subject]),
      [
        ['warning', 'in', `topic ${topic}`],
        ['warning', 'out', `topic ${target}`],
      ],
    )
    assert.match(wrong[0]!.found, /1\.0 h only/)
    assert.match(wrong[1]!.found, /max\.message\.bytes is 100000/)
  })

  it('of records of a time that has not come', async () => {
    const topic = await filled([Date.now() + 3_600_000])
    const { wrong } = await diagnosed({ source: { topics: topic } })
    assert.deepEqual(
      wrong.map(({ kind, subject }) => [kind, subject]),
      [['warning', `newest of ${topic}`]],
    )
    assert.match(wrong[0]!.found, /from the clock of its producer, which is 3[56]\d\d s ahead/)
  })

  it('and fails where no write would ever be taken', async () => {
    const target = await filled([], { 'min.insync.replicas': '2' })
    const topic = await filled([1])
    const { wrong } = await diagnosed({ source: { topics: topic }, sink: { topic: target } })
    assert.deepEqual(
      wrong.map((finding) => told(finding).slice(0, 2)),
      [['failed', 'MR_KAFKA_UNREACHABLE']],
    )
    assert.match(wrong[0]!.found, /min\.insync\.replicas is 2/)
  })
})

describe('after a run', () => {
  let topic = ''
  let examined: Pipeline

  before(async () => {
    topic = await filled(Array.from({ length: 20 }, () => Date.now()))
    process.env.TEST_TOPIC = topic
    process.env.KAFKA_BROKERS = BROKERS
    const module = new URL('./pipelines/doctored.ts', import.meta.url)
    examined = await loadPipeline(module)
    const stateDirectory = join(stateRoot, examined.name)
    await runPipeline(module, { until: 'caught-up', stateDirectory, logger: fixture.ports().logger }).done
  })

  it('what follows the last epoch is there, until retention comes near, until it has passed', async () => {
    const calm = await diagnosed(examined)
    assert.deepEqual(calm.wrong, [])
    assert.match(calm.of('in', 'positions in').found, /is there \(partitions: 1\)$/)
    assert.match(calm.of('out', 'topic').found, /the user has READ and WRITE$/)
    const records = Array.from({ length: 40 }, () => ({
      timestamp: 1,
      key: null,
      value: Buffer.from('{}'),
      headers: [],
    }))
    await fixture.append({ topic, partition: 0 }, records)
    const forget = (offset: bigint): Promise<unknown> =>
      fixture.admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 0, offset }] }] })
    await forget(19n)
    const near = await diagnosed(examined)
    assert.match(
      told(near.of('in', 'positions in')).join(' '),
      /^warning .*goes on at 20, retention has left 19 to 60$/,
    )
    await forget(30n)
    const lost = await diagnosed(examined)
    assert.match(
      told(lost.of('in', 'positions in')).join(' '),
      /^failed MR_POSITION_LOST .*30 to 60, not 20: retention/,
    )
  })

  it('a topic that was created anew is found', async () => {
    await fixture.admin.deleteTopics({ topics: [topic] })
    await fixture.createTopic(topic)
    const { wrong } = await diagnosed(examined)
    assert.deepEqual(
      wrong.map((finding) => told(finding)[1]),
      ['MR_SOURCE_REPLACED'],
    )
  })
})
