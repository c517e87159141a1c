import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EncodedBatches } from '../../../connectors/kafka/client/encoded-chunk.ts'
import type { BrokerAddress, FetchedPartition, FetchRequest } from '../../../connectors/kafka/client/fetch-link.ts'
import { Fetcher } from '../../../connectors/kafka/client/fetcher.ts'
import type { TopicLeaders } from '../../../connectors/kafka/client/topic-leaders.ts'
import { MillraceError } from '../../../core/model/errors.ts'
import { encodeRecordBatch } from '../../../formats/record-batch/encode.ts'
import { ManualClock, settle } from '../../manual-clock.ts'

const record = { timestamp: 1, key: null, value: new Uint8Array(20), headers: [] }
const start = (topic: string, offset = 0) => ({ topic, topicId: topic, partition: 0, offset, leaderEpoch: -1 })

/** A fetch that a broker has not answered yet. */
interface Pending {
  readonly broker: BrokerAddress
  readonly request: FetchRequest
  answer(partitions: readonly FetchedPartition[]): void
  fail(error: unknown): void
}

/** A cluster that a test answers for. */
class TestCluster {
  readonly clock = new ManualClock()
  readonly pending: Pending[] = []
  readonly warnings: string[] = []
  searches = 0
  /** Port of the leader per topic; a topic that is absent is unknown. */
  readonly leaders = new Map<string, number | undefined>()
  readonly fetcher = new Fetcher({
    connection: { brokers: ['one:1'], tls: undefined, sasl: undefined },
    isolation: 'read_uncommitted',
    maxWaitingBytes: 1_000_000,
    maxWaitMs: 10,
    clock: this.clock,
    random: { uint32: () => 0, uuid: () => '' },
    logger: { info: () => undefined, warn: (message) => this.warnings.push(message), error: () => undefined },
    link: (broker) => ({ broker, fetch: (request) => this.#fetch(broker, request), close: async () => undefined }),
    leadersOf: async (topics) => this.#leadersOf(topics),
    listOffsets: async () => [0],
  })

  /** The only fetch that is under way. */
  async onlyFetch(): Promise<Pending> {
    await settle()
    assert.equal(this.pending.length, 1)
    return this.pending.shift()!
  }

  #fetch(broker: BrokerAddress, request: FetchRequest): Promise<readonly FetchedPartition[]> {
    return new Promise((resolve, reject) => {
      this.pending.push({ broker, request, answer: resolve, fail: reject })
    })
  }

  #leadersOf(topics: readonly string[]): ReadonlyMap<string, TopicLeaders> {
    this.searches++
    const unknown = topics.find((topic) => !this.leaders.has(topic))
    if (unknown !== undefined) throw new MillraceError('MR_KAFKA_TOPIC_UNKNOWN', `topic ${unknown}`)
    return new Map(
      topics.map((id) => {
        const port = this.leaders.get(id)
        return [id, { id, leaders: [port === undefined ? undefined : { broker: { host: 'h', port }, epoch: 1 }] }]
      }),
    )
  }
}

function fetched(topicId: string, of: { readonly offset?: number; readonly errorCode?: number }): FetchedPartition {
  const { offset, errorCode = 0 } = of
  const batches =
    offset === undefined
      ? undefined
      : new EncodedBatches(
          encodeRecordBatch({ baseOffset: offset, records: [record, record], codec: 'none' }),
          () => undefined,
        )
  return { topicId, partition: 0, errorCode, aborted: [], divergesAt: undefined, batches }
}

describe('Fetcher', () => {
  it('gives an answer to the feed that asked for it only, and not to a later one of the same partition', async () => {
    const cluster = new TestCluster()
    cluster.leaders.set('a', 1)
    const first = cluster.fetcher.feed(start('a', 10))
    const late = await cluster.onlyFetch()
    first.close()
    const second = cluster.fetcher.feed(start('a', 0))
    late.answer([fetched('a', { offset: 10 })])
    const fetch = await cluster.onlyFetch()
    assert.equal(second.take(), undefined)
    assert.equal(fetch.request.topics[0]?.partitions[0]?.offset, 0)
    fetch.answer([fetched('a', { offset: 0 })])
    await second.arrival()
    assert.equal(second.take()?.baseOffset, 0)
    await cluster.fetcher.close()
  })

  it('looks for the leader again after a pause, whatever a broker answers at once', async () => {
    const cluster = new TestCluster()
    cluster.leaders.set('a', 1)
    cluster.fetcher.feed(start('a'))
    for (let i = 0; i < 4; i++) {
      const fetch = await cluster.onlyFetch()
      const before = cluster.searches
      fetch.answer([fetched('a', { errorCode: 6 })])
      await settle()
      assert.equal(cluster.searches, before)
      assert.equal(cluster.pending.length, 0)
      await cluster.clock.advance(5_000)
      assert.equal(cluster.searches, before + 1)
    }
    await cluster.fetcher.close()
  })

  it('follows a partition to another broker when a link breaks, and says so once', async () => {
    const cluster = new TestCluster()
    cluster.leaders.set('a', 1)
    const feed = cluster.fetcher.feed(start('a'))
    ;(await cluster.onlyFetch()).fail(new MillraceError('MR_KAFKA_UNREACHABLE', 'gone'))
    cluster.leaders.set('a', 2)
    await cluster.clock.advance(5_000)
    const fetch = await cluster.onlyFetch()
    assert.equal(fetch.broker.port, 2)
    fetch.answer([fetched('a', { offset: 0 })])
    await feed.arrival()
    assert.equal(feed.take()?.count, 2)
    assert.equal(cluster.warnings.length, 1)
    await cluster.fetcher.close()
  })

  it('ends the partitions of a topic that stays unknown, and those of no other topic', async () => {
    const cluster = new TestCluster()
    cluster.leaders.set('a', 1)
    const known = cluster.fetcher.feed(start('a'))
    const deleted = cluster.fetcher.feed(start('b'))
    ;(await cluster.onlyFetch()).answer([fetched('a', { offset: 0 })])
    await known.arrival()
    assert.equal(known.take()?.count, 2)
    for (let passed = 0; passed < 8; passed++) await cluster.clock.advance(5_000)
    await deleted.arrival()
    assert.throws(() => deleted.take(), { code: 'MR_KAFKA_TOPIC_UNKNOWN' })
    assert.equal(known.take(), undefined)
    await cluster.fetcher.close()
  })

  it('goes on with the other partitions of a broker while one has no leader', async () => {
    const cluster = new TestCluster()
    cluster.leaders.set('a', 1).set('b', undefined)
    const led = cluster.fetcher.feed(start('a'))
    cluster.fetcher.feed(start('b'))
    ;(await cluster.onlyFetch()).answer([fetched('a', { offset: 0 })])
    await led.arrival()
    assert.equal(led.take()?.count, 2)
    await cluster.fetcher.close()
  })

  it('wakes whoever waits when it is closed', async () => {
    const cluster = new TestCluster()
    const feed = cluster.fetcher.feed(start('a'))
    const arrival = feed.arrival()
    await cluster.fetcher.close()
    await arrival
    assert.throws(() => feed.take(), { code: 'MR_KAFKA_UNREACHABLE' })
  })
})
