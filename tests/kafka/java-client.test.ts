import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { CLIENTS } from '../../connectors/kafka/client/open-client.ts'
import type { Isolation } from '../../connectors/kafka/index.ts'
import { CODECS } from '../../formats/record-batch/compression.ts'
import { eventually } from './eventually.ts'
import { JavaClient, javaLibrary, type WrittenRecord } from './java-client.ts'
import { BROKERS, KafkaFixture, topicName } from './kafka-fixture.ts'
import { LiveTopic } from './live-topic.ts'
import { assertReaders, assertSame, assertStarts } from './read-as-java.ts'
import { decided, viewsOf } from './read-topic.ts'
import type { SeenRecord } from './seen-record.ts'

const seed = Number(process.env.KAFKA_SEED ?? Date.now() % 1_000_000)
const ISOLATIONS = ['read_committed', 'read_uncommitted'] as const
/** A live reader or the cleaner may keep silent. */
const PATIENT = { timeout: 180_000 }
const library = await javaLibrary()

interface Place {
  readonly topic: string
  readonly partitions: number
}

/** A batch, whether it holds a marker and which offsets it has records at. */
interface Frame {
  readonly baseOffset: number
  readonly nextOffset: number
  readonly isControl: boolean
  readonly offsets: readonly number[]
}

describe(`what Java’s client wrote (KAFKA_SEED=${seed})`, { skip: 'missing' in library && library.missing }, () => {
  const fixture = new KafkaFixture()
  let java: JavaClient
  before(async () => {
    assert.ok('folder' in library)
    java = fixture.owns(await JavaClient.start({ brokers: BROKERS, library: library.folder, seed }))
  })
  after(() => fixture.close())

  /** Writes a topic and compares what every reader sees of it with what was written. */
  async function check(partitions: number, command: string, ...more: readonly string[]): Promise<void> {
    const topic = topicName(command)
    await assertSeen({ topic, partitions }, await java.write(command, topic, ...more))
  }

  async function assertSeen(of: Place, written: readonly WrittenRecord[]): Promise<void> {
    await decided(fixture, of)
    for (const isolation of ISOLATIONS) {
      const expected = visible(written, isolation)
      assertSame(inOrder(await java.read(of.topic, isolation)), expected, `Java, ${isolation}`)
      await assertReaders(fixture, { ...of, isolation }, expected)
    }
  }

  it('is read as it is: every codec, null and empty keys and values, headers, records as large as a producer takes', async () => {
    await check(CODECS.length, 'codecs')
  })

  it('is read after its producer split batches that were too large', async () => {
    await check(CODECS.length, 'split')
  })

  it('is read where a record is larger than what is fetched at once', async () => {
    await check(2, 'large')
  })

  for (const type of ['CreateTime', 'LogAppendTime']) {
    it(`has its timestamps: ${type}`, async () => {
      await check(1, 'timestamps', type)
    })
  }

  it('is read with transactions at random: every committed record, no aborted one', async () => {
    await check(3, 'transactions')
  })

  for (const end of ['commit', 'abort']) {
    it(`ends at an open transaction for readers of committed records, until that ends: ${end}`, PATIENT, async () => {
      const of = { topic: topicName('hold'), partitions: 3 }
      const written = await java.write('hold', of.topic)
      const seen = visible(written, 'read_committed').filter((record) => record.offset < firstOpen(written, record))
      const live = await Promise.all(CLIENTS.map((client) => liveTopic(of.topic, client)))
      for (const topic of live) assertSame(await topic.reached(seen.length), seen, 'live')
      assertSame(inOrder(await java.read(of.topic, 'read_committed')), seen, 'Java')
      await assertReaders(fixture, { ...of, isolation: 'read_committed' }, seen)
      await assertReaders(fixture, { ...of, isolation: 'read_uncommitted' }, visible(written, 'read_uncommitted'))
      for (const topic of live) assertSame(topic.records(), seen, 'live, before the end')
      const settled = [
        ...written.filter((record) => record.end !== 'open'),
        ...(await java.write('end', of.topic, end)),
      ]
      await assertSeen(of, settled)
      const committed = visible(settled, 'read_committed')
      for (const topic of live) assertSame(await topic.reached(committed.length), committed, 'live, after the end')
    })
  }

  it('is read from where the log begins after records were deleted, also inside of a batch', async () => {
    const of = { topic: topicName('trimmed'), partitions: 2 }
    const written = await java.write('trimmed', of.topic)
    for (const start of [0, 37, 75, 120]) {
      await java.write('trim', of.topic, String(start))
      await assertSeen(
        of,
        written.filter(({ offset }) => offset >= start),
      )
    }
    assert.ok((await framesOf(of)).some(({ baseOffset, nextOffset }) => baseOffset < 120 && nextOffset > 120))
  })

  it('is read after compaction: gaps, batches without records, no trace of what was aborted', PATIENT, async () => {
    const of = { topic: topicName('compacted'), partitions: 1 }
    const written = [...(await java.write('compacted', of.topic))]
    const aborted = offsetsWhere(written, ({ end }) => end === 'aborted')
    const tombstones = offsetsWhere(written, ({ value }) => value === null)
    const markers = offsetsIn((await framesOf(of)).filter(({ isControl }) => isControl))
    // The brokers take them away in this order, one with each pass.
    for (const goes of [aborted, tombstones, markers]) {
      written.push(...(await java.write('roll', of.topic)))
      await compacted(of, goes)
      await assertCompacted(of, written)
    }
    assert.ok((await framesOf(of)).some(({ isControl, offsets }) => !isControl && offsets.length === 0))
  })

  /** Java’s consumer is the judge of what is left; but nothing is new, and the last value of each key is there. */
  async function assertCompacted(of: Place, written: readonly WrittenRecord[]): Promise<void> {
    for (const isolation of ISOLATIONS) {
      const seen = await java.read(of.topic, isolation)
      const offsets = new Set(seen.map(({ offset }) => offset))
      const before = visible(written, isolation)
      assertSame(
        seen,
        before.filter(({ offset }) => offsets.has(offset)),
        'Java',
      )
      const last = new Map(visible(written, 'read_committed').map((record) => [record.key, record]))
      for (const { value, offset } of last.values()) assert.ok(value === null || offsets.has(offset))
      assert.ok(seen.length < before.length)
      await assertReaders(fixture, { ...of, isolation }, seen)
      await assertStarts(fixture, { ...of, isolation, offsets: [1, 5, 10, 25, 40, 60, 80, written.length] }, seen)
    }
  }

  /** Resolves when the first of these records is gone; the cleaner of a broker sleeps up to 15 s by default. */
  async function compacted(of: Place, goes: readonly number[]): Promise<void> {
    await eventually(`${of.topic} was not compacted`, { looks: 600, everyMs: 100 }, async () => {
      const left = new Set(offsetsIn(await framesOf(of)))
      return goes.some((offset) => !left.has(offset)) ? true : undefined
    })
  }

  /** What the batches of a topic are like now. */
  async function framesOf(of: Place): Promise<readonly Frame[]> {
    const frames: Frame[] = []
    for await (const { view } of viewsOf(fixture, { ...of, isolation: 'read_uncommitted' }))
      frames.push({ ...view, offsets: [...view.offsets] })
    return frames
  }

  async function liveTopic(topic: string, client: (typeof CLIENTS)[number]): Promise<LiveTopic> {
    return LiveTopic.open(await fixture.client('read_committed', undefined, client), topic)
  }
})

function offsetsWhere(written: readonly WrittenRecord[], holds: (record: WrittenRecord) => boolean): readonly number[] {
  return written.filter(holds).map(({ offset }) => offset)
}

function offsetsIn(frames: readonly Frame[]): readonly number[] {
  return frames.flatMap(({ offsets }) => offsets)
}

/** What a reader sees, in order. */
function visible(written: readonly WrittenRecord[], isolation: Isolation): readonly SeenRecord[] {
  const seen = written.filter(({ end }) => isolation === 'read_uncommitted' || end === 'committed')
  return inOrder(seen).map(({ end, ...record }) => record)
}

function inOrder<T extends SeenRecord>(records: readonly T[]): readonly T[] {
  return records.toSorted((a, b) => a.partition - b.partition || a.offset - b.offset)
}

/** Offset of the first undecided record of a partition. */
function firstOpen(written: readonly WrittenRecord[], { partition }: SeenRecord): number {
  return Math.min(
    ...written.filter((one) => one.end === 'open' && one.partition === partition).map((one) => one.offset),
  )
}
