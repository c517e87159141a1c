import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CLIENTS } from '../../../connectors/kafka/client/open-client.ts'
import { type KafkaClient, kafkaClient } from '../../../connectors/kafka/index.ts'
import { MillraceError } from '../../../core/model/errors.ts'
import { type KafkaFixture, topicName } from '../kafka-fixture.ts'
import { type Right, Rights } from './rights.ts'
import { suiteBatchOf } from './round-trip.ts'
import { LIMITED_USER, type SecureBroker } from './secure-broker.ts'

/** Something for which a right is missing. All resources of a case have the name of its topic. */
interface Case {
  /** What the error says must be granted, `…` being the name. */
  readonly missing: string
  readonly granted: readonly Omit<Right, 'name'>[]
  attempt(client: KafkaClient, name: string): Promise<unknown>
}

const CASES: readonly Case[] = [
  {
    missing: 'DESCRIBE on topic "…"',
    granted: [],
    attempt: (client, name) => client.describeTopics([name]),
  },
  {
    missing: 'DESCRIBE on topic "…"',
    granted: [],
    attempt: (client, topic) => client.listOffsets([{ topic, partition: 0 }], 'latest'),
  },
  {
    missing: 'READ on topic "…"',
    granted: [{ operation: 'DESCRIBE', on: 'topic' }],
    attempt: async (client, topic) => {
      const [description] = await client.describeTopics([topic])
      const feed = client.feed({ topic, partition: 0, topicId: description!.id, offset: 0, leaderEpoch: -1 })
      await feed.arrival()
      feed.take()
    },
  },
  {
    missing: 'DESCRIBE on group "…"',
    granted: [{ operation: 'READ', on: 'topic' }],
    attempt: (client, group) => client.groupOffsets(group),
  },
  {
    missing: 'READ on group "…"',
    granted: [
      { operation: 'READ', on: 'topic' },
      { operation: 'DESCRIBE', on: 'group' },
    ],
    attempt: (client, name) => client.commitOffsets(name, [{ topic: name, partition: 0, offset: 0, metadata: '' }]),
  },
  {
    missing: 'WRITE on transactional id "…"',
    granted: [{ operation: 'WRITE', on: 'topic' }],
    attempt: (client, name) => client.transaction(name),
  },
  {
    missing: 'WRITE on topic "…"',
    granted: [
      { operation: 'WRITE', on: 'transactional-id' },
      { operation: 'READ', on: 'topic' },
    ],
    attempt: async (client, topic) => {
      const transaction = await client.transaction(topic)
      await transaction.append({ topic, partition: 0 }, suiteBatchOf(1))
    },
  },
  {
    missing: 'WRITE on topic "…"',
    granted: [{ operation: 'READ', on: 'topic' }],
    attempt: ({ producer }, topic) => producer.append({ topic, partition: 0 }, suiteBatchOf(1)),
  },
  {
    missing: 'CREATE on topic "….new"',
    granted: [],
    attempt: (client, name) => client.createTopic(`${name}.new`, 1),
  },
]

/** Every right that may be missing: the error names it, its resource and the user. */
export function forbiddenTests(secure: SecureBroker, fixture: KafkaFixture): void {
  const rights = new Rights(fixture, LIMITED_USER.username)
  const sasl = { mechanism: 'PLAIN', ...LIMITED_USER } as const
  for (const client of CLIENTS) {
    const opened = async (): Promise<KafkaClient> =>
      fixture.owns(await kafkaClient(fixture.ports(), { ...secure.to('sasl', { sasl }), client }))

    describe(`who lacks a right is told which (${client})`, () => {
      for (const { missing, granted, attempt } of CASES) {
        it(missing, async () => {
          const name = topicName('rights')
          await fixture.createTopic(name)
          await rights.grant(...granted.map((right) => ({ ...right, name })))
          await assert.rejects(attempt(await opened(), name), lacks(missing.replace('…', name)))
        })
      }

      it('the one topic of several', async () => {
        const [mine, other] = [topicName('mine'), topicName('other')]
        for (const topic of [mine, other]) await fixture.createTopic(topic)
        await rights.grant({ operation: 'DESCRIBE', on: 'topic', name: mine })
        await assert.rejects((await opened()).describeTopics([mine, other]), lacks(`DESCRIBE on topic "${other}"`))
      })

      it('and nobody who writes without a transaction needs more than WRITE on the topic', async () => {
        const topic = topicName('written')
        await fixture.createTopic(topic)
        await rights.grant({ operation: 'WRITE', on: 'topic', name: topic })
        const { producer } = await opened()
        for (const count of [1, 2]) await producer.append({ topic, partition: 0 }, suiteBatchOf(count))
      })

      it('one that is taken away while records are read and written', async () => {
        const topic = topicName('taken')
        await fixture.createTopic(topic)
        const [read, write]: readonly Right[] = [
          { operation: 'READ', on: 'topic', name: topic },
          { operation: 'WRITE', on: 'topic', name: topic },
        ]
        await rights.grant(read!, write!, { operation: 'WRITE', on: 'transactional-id', name: topic })
        const ours = await opened()
        const transaction = await ours.transaction(topic)
        await transaction.append({ topic, partition: 0 }, suiteBatchOf(1))
        await transaction.commit()
        const [description] = await ours.describeTopics([topic])
        const feed = ours.feed({ topic, partition: 0, topicId: description!.id, offset: 0, leaderEpoch: -1 })
        await feed.arrival()
        assert.equal(feed.take()?.count, 1)
        const next = await ours.transaction(topic)
        await next.append({ topic, partition: 0 }, suiteBatchOf(1))
        await rights.revoke(write!)
        await assert.rejects(next.append({ topic, partition: 0 }, suiteBatchOf(1)), lacks(`WRITE on topic "${topic}"`))
        await rights.revoke(read!)
        const reading = (async () => {
          for (;;) {
            await feed.arrival()
            feed.take()
          }
        })()
        await assert.rejects(reading, lacks(`READ on topic "${topic}"`))
      })
    })
  }
}

/** An error that says that the limited user must be granted this. */
function lacks(right: string): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof MillraceError, String(error))
    assert.equal(error.code, 'MR_KAFKA_FORBIDDEN', error.message)
    for (const word of [`user "${LIMITED_USER.username}"`, `grant ${right}`])
      assert.ok(error.message.includes(word), `"${error.message}" lacks "${word}"`)
    return true
  }
}
