import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { CLIENTS } from '../../connectors/kafka/client/open-client.ts'
import { type KafkaClientChoice, type KafkaSourceOptions, kafka } from '../../connectors/kafka/index.ts'
import type { ErrorCode } from '../../core/model/error-codes.ts'
import { coded } from '../connectors/kafka/client-suite/in-world.ts'
import { textRecord } from '../connectors/log/log-fixture.ts'
import { suiteContract } from '../connectors/suite-records.ts'
import { ManualClock } from '../connectors/test-ports.ts'
import { BROKERS, KafkaFixture, topicName } from './kafka-fixture.ts'

const fixture = new KafkaFixture()
after(() => fixture.close())
// A new cluster makes the topic of groups when it is first asked for one; these tests have a clock without patience.
before(() => fixture.groupsAreReady())

function openWith(client: KafkaClientChoice, options: Partial<KafkaSourceOptions<unknown>>, pipeline = 'tests') {
  const spec = kafka({
    brokers: BROKERS,
    topics: ['absent'],
    contract: suiteContract,
    maxWait: '10ms',
    client,
    ...options,
  })
  // Time passes only while somebody waits: patience costs none.
  return fixture.owns(spec.open({ ...fixture.ports(pipeline), clock: new ManualClock() }))
}

async function filled(count: number): Promise<string> {
  const topic = topicName('failures')
  await fixture.createTopic(topic)
  await fixture.append(
    { topic, partition: 0 },
    Array.from({ length: count }, () => textRecord('{}')),
  )
  return topic
}

for (const client of CLIENTS)
  describe(`a source of Kafka says what is wrong (${client})`, () => {
    const open = (options: Partial<KafkaSourceOptions<unknown>>, pipeline?: string) =>
      openWith(client, options, pipeline)

    it('where no broker answers, after its patience', async () => {
      await assert.rejects(open({ brokers: '127.0.0.1:1' }).splits(), coded('MR_KAFKA_UNREACHABLE', '127.0.0.1:1'))
    })

    it('where a host has no address', async () => {
      await assert.rejects(
        open({ brokers: 'no-such-host.invalid:9092' }).splits(),
        coded('MR_KAFKA_UNREACHABLE', 'no-such-host'),
      )
    })

    it('where a topic does not exist', async () => {
      await assert.rejects(
        open({ topics: ['no.such.topic'] }).splits(),
        coded('MR_KAFKA_TOPIC_UNKNOWN', 'no.such.topic'),
      )
      await assert.rejects(open({ topics: /no\.such\..*/ }).splits(), coded('MR_KAFKA_TOPIC_UNKNOWN', 'no\\.such'))
    })

    it('where the broker does not speak TLS', async () => {
      await assert.rejects(open({ tls: true }).splits(), coded('MR_KAFKA_UNREACHABLE', 'speak TLS'))
    })

    it('where the broker asks for no credentials, or for others', async () => {
      const sasl = { mechanism: 'PLAIN', username: 'a', password: 'b' } as const
      await assert.rejects(open({ sasl }).splits(), coded('MR_KAFKA_REFUSED', 'sasl'))
    })

    it('where another pipeline has its offsets in the group', async () => {
      const topic = await filled(1)
      const group = topicName('group')
      const first = open({ topics: [topic], group }, 'first')
      const [split] = await first.splits()
      await first.advise(new Map([[split!.id, await first.endPosition(split!)]]))
      await first.close()
      assert.equal((await open({ topics: [topic], group }, 'first').splits()).length, 1)
      await assert.rejects(
        open({ topics: [topic], group }, 'second').splits(),
        coded('MR_KAFKA_GROUP_SHARED', 'first', group),
      )
    })

    it('where retention has passed the position', async () => {
      const topic = await filled(10)
      const partitions = [{ partition: 0, offset: 5n }]
      await fixture.admin.deleteRecords({ topics: [{ name: topic, partitions }] })
      const source = open({ topics: [topic] })
      const [split] = await source.splits()
      const position = await source.startPosition(split!)
      assert.equal(position.offset, 5)
      await assert.rejects(source.reader(split!, { ...position, offset: 4 }, 0), coded('MR_POSITION_LOST', 'not 4'))
    })
  })

describe('options of kafka are checked', () => {
  const cases: readonly (readonly [Partial<KafkaSourceOptions<unknown>>, ErrorCode, string])[] = [
    [{ brokers: 'localhost' }, 'MR_OPTION_INVALID', 'host:port'],
    [{ brokers: [] }, 'MR_OPTION_INVALID', 'brokers is empty'],
    [{ topics: [] }, 'MR_OPTION_INVALID', 'topics'],
    [{ topics: ['a b'] }, 'MR_OPTION_INVALID', 'a b'],
    [{ topics: ['a', 'a'] }, 'MR_OPTION_INVALID', 'twice'],
    [{ start: { offset: -1 } }, 'MR_OPTION_INVALID', 'no offset'],
    [{ start: { timestamp: 'soon' } }, 'MR_OPTION_INVALID', 'no time'],
    [{ isolation: 'read_comitted' as never }, 'MR_OPTION_INVALID', 'did you mean "read_committed"'],
    [{ client: 'platform' as never }, 'MR_OPTION_INVALID', 'platformatic'],
    [{ sasl: { mechanism: 'PLAIN' } }, 'MR_OPTION_INVALID', 'username and password'],
    [{ sasl: { mechanism: 'SCRAM' as never } }, 'MR_OPTION_INVALID', 'SCRAM-SHA-256'],
    [{ tls: { cert: 'x' } }, 'MR_OPTION_INVALID', 'cert and key'],
    [{ maxWaitingBytes: 5 }, 'MR_OPTION_INVALID', 'maxWaitingBytes'],
    [{ topic: 'x' } as never, 'MR_OPTION_UNKNOWN', 'did you mean "topics"'],
  ]
  for (const [options, code, word] of cases) {
    it(`${JSON.stringify(options)}: ${word}`, () => {
      assert.throws(() => kafka({ topics: ['t'], contract: suiteContract, ...options }), coded(code, word))
    })
  }
})
