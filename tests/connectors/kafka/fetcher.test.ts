import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { BrokerAddress } from '../../../connectors/kafka/client/broker-address.ts'
import { EncodedBatches } from '../../../connectors/kafka/client/encoded-chunk.ts'
import type { FetchedPartition, FetchRequest } from '../../../connectors/kafka/client/fetch-link.ts'
import { Fetcher } from '../../../connectors/kafka/client/fetcher.ts'
import type { TopicLeaders } from '../../../connectors/kafka/client/topic-leaders.ts'
import { MillraceError } from '../../../core/model/errors.ts'
import { encodeRecordBatch } from '../../../formats/record-batch/encode.ts'
import { ManualClock, settle } from '../../manual-clock.ts'
import { textRecord } from '../log/log-fixture.ts'

const start = (topic: string, offset = 0) => ({ topic, topicId: topic, partition: 0, offset, leaderEpoch: -1 })
const gone = new MillraceError('MR_KAFKA_UNREACHABLE', 'gone')

/** A fetch that a broker has not answered yet. */
interface Pending {
  readonly broker: BrokerAddress
  readonly request: FetchRequest
  answer(partitions: readonly FetchedPartition[]): void
  fail(error: unknown): void
}

/** Tells how long it was asked to wait. */
class TellingClock extends ManualClock {
  readonly pausesMs: number[] = []

  override after(ms: number, signal?: AbortSignal): Promise<void> {
    this.pausesMs.push(ms)
    return super.after(ms, signal)
  }
}

/** A cluster that a test answers for. */
class TestCluster {
  readonly clock = new TellingClock()
  readonly pending: Pending[] = []
  readonly warnings: string[] = []
  /** What chance brings next. */
  readonly drawn: number[] = []
  isAway = false
  searches = 0
  /** Port of the leader per topic; a topic that is absent is unknown. */
  readonly leaders = new Map<string, number | undefined>()
  readonly fetcher = new Fetcher({
    connection: { brokers: ['one:1'], tls: undefined, sasl: undefined },
    isolation: 'read_uncommitted',
    maxWaitingBytes: 1_000_000,
    maxWaitMs: 10,
    clock: this.clock,
    random: { uint32: () => this.drawn.shift() ?? 0, uuid: () => '' },
    logger: {
      info: () => undefined,
      warn: (message, fields) => this.warnings.push(`${message}: ${fields?.reason}`),
      error: () => undefined,
    },
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
    if (this.isAway) throw gone
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

/** Two records of the leader epoch 4 from this offset on. */
function batch(baseOffset: number): Uint8Array {
  const records = [textRecord('first'), textRecord('second')]
  return encodeRecordBatch({ baseOffset, records, codec: 'none', partitionLeaderEpoch: 4 })
}

/** The same with this byte changed: the last ones are of the records, the 17th is the magic. */
function damagedBatch(baseOffset: number, at: number): Uint8Array {
  const damaged = batch(baseOffset)
  damaged.set([damaged.at(at)! ^ 1], at < 0 ? damaged.length + at : at)
  return damaged
}

function brought(topicId: string, ...batches: readonly Uint8Array[]): FetchedPartition {
  const encoded = new EncodedBatches(Buffer.concat(batches), () => undefined)
  return { topicId, partition: 0, errorCode: 0, aborted: [], divergesAt: undefined, batches: encoded }
}

function fetched(topicId: string, of: { readonly offset?: number; readonly errorCode?: number }): FetchedPartition {
  const { offset, errorCode = 0 } = of
  if (offset !== undefined) return brought(topicId, batch(offset))
  return { topicId, partition: 0, errorCode, aborted: [], divergesAt: undefined, batches: undefined }
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
    ;(await cluster.onlyFetch()).fail(gone)
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

  it('tries a broker that is away for a minute again and again, says so twice, and is silent once it has answered', async () => {
    const cluster = new TestCluster()
    const most = 2 ** 32 - 1
    cluster.drawn.push(...Array.from({ length: 100 }, (_, i) => (i % 3 === 0 ? 0 : i % 3 === 1 ? most : most / 2)))
    cluster.leaders.set('a', 1)
    const feed = cluster.fetcher.feed(start('a'))
    ;(await cluster.onlyFetch()).answer([fetched('a', { offset: 0 })])
    ;(await cluster.onlyFetch()).fail(gone)
    cluster.isAway = true
    const { pausesMs } = cluster.clock
    for (let passedMs = 0; passedMs < 60_000; passedMs += 50) await cluster.clock.advance(50)
    for (const [failures, pauseMs] of pausesMs.entries()) {
      const longest = Math.min(5_000, 100 * 2 ** failures)
      assert.ok(pauseMs >= longest / 2 && pauseMs <= longest, `pause ${failures} is ${pauseMs} ms`)
    }
    assert.ok(pausesMs.length >= 12 && pausesMs.length <= 30, `${pausesMs.length} pauses`)
    assert.equal(new Set(pausesMs.slice(-6)).size, 3)
    const said = 'a broker cannot be reached; it is tried again until it answers: gone'
    assert.deepEqual(cluster.warnings, [said, said])
    cluster.isAway = false
    await cluster.clock.advance(5_000)
    ;(await cluster.onlyFetch()).answer([fetched('a', { offset: 2 })])
    await settle()
    assert.deepEqual([feed.take()?.baseOffset, feed.take()?.baseOffset], [0, 2])
    const { searches } = cluster
    for (let passedMs = 0; passedMs < 60_000; passedMs += 5_000) await cluster.clock.advance(5_000)
    assert.deepEqual([cluster.searches, cluster.warnings.length, cluster.clock.sleepers], [searches, 2, 0])
    await cluster.fetcher.close()
  })

  for (const { what, at, isFetchedOn } of [
    { what: 'records', at: -1, isFetchedOn: true },
    { what: 'magic', at: 16, isFetchedOn: false },
  ]) {
    it(`fetches a batch whose ${what} came damaged once more, from its own offset on, and loses and repeats nothing`, async () => {
      const cluster = new TestCluster()
      cluster.leaders.set('a', 1)
      const feed = cluster.fetcher.feed(start('a'))
      ;(await cluster.onlyFetch()).answer([brought('a', batch(0), damagedBatch(2, at), batch(4))])
      await settle()
      assert.equal(feed.take()?.baseOffset, 0)
      assert.equal(feed.take(), undefined)
      assert.match(
        cluster.warnings.join(),
        /came damaged; it is fetched once more: .*a-0 at offset 2: .*(corrupt|magic)/,
      )
      await cluster.clock.advance(5_000)
      // What was asked for before the damage was found is for nobody.
      if (isFetchedOn) (await cluster.onlyFetch()).answer([brought('a', batch(6))])
      const fetch = await cluster.onlyFetch()
      const asked = fetch.request.topics[0]?.partitions[0]
      assert.deepEqual([asked?.offset, asked?.lastFetchedEpoch], [2, 4])
      fetch.answer([brought('a', batch(2), batch(4))])
      await feed.arrival()
      assert.deepEqual([feed.take()?.baseOffset, feed.take()?.baseOffset, feed.take()], [2, 4, undefined])
      await cluster.fetcher.close()
    })
  }

  it('ends a partition whose batch comes damaged twice, with its place, and fetches it no more', async () => {
    const cluster = new TestCluster()
    cluster.leaders.set('a', 1)
    const feed = cluster.fetcher.feed(start('a', 2))
    for (let time = 0; time < 2; time++) {
      const fetch = await cluster.onlyFetch()
      assert.equal(fetch.request.topics[0]?.partitions[0]?.offset, 2)
      fetch.answer([brought('a', damagedBatch(2, 16))])
      await settle()
      if (time === 0) assert.equal(feed.take(), undefined)
      await cluster.clock.advance(5_000)
    }
    await feed.arrival()
    for (let look = 0; look < 2; look++) {
      assert.throws(() => feed.take(), {
        code: 'MR_RECORD_BATCH_UNSUPPORTED',
        message: /a-0 at offset 2: .*nothing is skipped/,
      })
    }
    assert.equal(cluster.pending.length, 0)
    await cluster.fetcher.close()
  })

  it('takes a batch that is larger than what it asked for', async () => {
    const cluster = new TestCluster()
    cluster.leaders.set('a', 1)
    const feed = cluster.fetcher.feed(start('a'))
    const fetch = await cluster.onlyFetch()
    const large = encodeRecordBatch({ baseOffset: 0, records: [textRecord('x'.repeat(2_000_000))], codec: 'none' })
    assert.ok(large.length > fetch.request.maxBytes)
    fetch.answer([brought('a', large)])
    await feed.arrival()
    assert.equal(feed.take()?.valueLengths[0], 2_000_000)
    assert.equal(feed.take(), undefined)
    const { request } = await cluster.onlyFetch()
    assert.equal(request.topics[0]?.partitions[0]?.offset, 1)
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
