import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { describeTopic, type LogSourceOptions, log } from '../../../connectors/log/index.ts'
import { contract, string } from '../../../core/model/contract.ts'
import type { Source } from '../../../core/ports/source.ts'
import { CODECS } from '../../../formats/record-batch/compression.ts'
import { type SuiteEntry, sourceSuite } from '../source-suite.ts'
import { suiteContract, suiteRecords } from '../suite-records.ts'
import { appendRecords, DIRECTORY, logFixture, textOf, textRecord } from './log-fixture.ts'

const plain = contract('plain', { v: string() })

function recordOf(entry: SuiteEntry) {
  if (entry === 'tombstone') return textRecord(null)
  if (entry === 'violation') return textRecord('{"id":5}')
  return textRecord(JSON.stringify(entry), { timestamp: entry.at })
}

for (const codec of CODECS) {
  sourceSuite(`log (${codec})`, async () => {
    const { log: store, disk, ports } = logFixture()
    await store.createTopic('events', 2)
    return {
      open: () => log({ topic: 'events', contract: suiteContract, directory: DIRECTORY }).open(ports),
      append: (partition, entries) =>
        appendRecords(store, 'events', { partition, records: entries.map(recordOf), codec, segmentBytes: 20_000 }),
      recreate: async () => {
        disk.removeTree(`${DIRECTORY}/events`)
        await store.createTopic('events', 2)
      },
    }
  })
}

async function plainFixture(options: Partial<LogSourceOptions<{ readonly v: string }>> = {}) {
  const fixture = logFixture()
  await fixture.log.createTopic('events', 1)
  const spec = log({ topic: 'events', contract: plain, directory: DIRECTORY, ...options })
  const poll = async (source: Source, limit?: number) => {
    const [split] = await source.splits()
    const reader = await source.reader(split!, await source.startPosition(split!), 0)
    return reader.poll(limit)
  }
  return { ...fixture, spec, source: spec.open(fixture.ports), poll }
}

describe('log source', () => {
  it('starts where the option says: earliest, latest, offset, time', async () => {
    const starts = [
      ['earliest', 0],
      ['latest', 4],
      [{ offset: 2 }, 2],
      [{ timestamp: 1_500 }, 2],
      [{ timestamp: '1970-01-01T00:00:03Z' }, 3],
      [{ timestamp: 99_999 }, 4],
    ] as const
    for (const [start, expected] of starts) {
      const { log: store, source } = await plainFixture({ start })
      const records = [0, 1_000, 2_000, 3_000].map((timestamp) => textRecord('{"v":"x"}', { timestamp }))
      await appendRecords(store, 'events', { records })
      const [split] = await source.splits()
      assert.equal((await source.startPosition(split!)).offset, expected)
    }
  })

  it('refuses to start at an offset that is not there', async () => {
    const { source } = await plainFixture({ start: { offset: 1 } })
    const [split] = await source.splits()
    await assert.rejects(source.startPosition(split!), { code: 'MR_POSITION_LOST' })
  })

  it('refuses options that do not exist or make no sense, with a hint', () => {
    const base = { topic: 'events', contract: plain }
    assert.throws(() => log({ ...base, topik: 'x' } as typeof base), {
      code: 'MR_OPTION_UNKNOWN',
      message: /did you mean "topic"/,
    })
    const wrong: object[] = [
      { topic: 'a/b' },
      { start: 'latst' },
      { start: { timestamp: 'yesterday' } },
      { start: { offset: -1 } },
      { maxValueBytes: 0 },
      { directory: '/' },
      { outOfOrderness: '5 parsecs' },
      { contract: undefined },
      { deadLetters: '..' },
    ]
    for (const option of wrong)
      assert.throws(() => log({ ...base, ...option }), { code: 'MR_OPTION_INVALID' }, JSON.stringify(option))
  })

  it('takes the time of the record where the contract names no event time', async () => {
    const { log: store, source, poll } = await plainFixture()
    await appendRecords(store, 'events', { records: [textRecord('{"v":"x"}', { timestamp: 77 })] })
    assert.deepEqual([...(await poll(source)).batch!.system.eventTimes], [77])
  })

  it('keeps original bytes, key and headers of a refused record', async () => {
    const { log: store, source, poll } = await plainFixture()
    const headers = [{ key: 'trace', value: new Uint8Array([1, 2]) }]
    await appendRecords(store, 'events', { records: [textRecord('{"v":', { key: 'k', headers, timestamp: 5 })] })
    const [letter] = (await poll(source)).rejected
    assert.equal(textOf(letter?.value), '{"v":')
    assert.equal(textOf(letter?.key), 'k')
    assert.deepEqual(letter?.headers, headers)
    assert.deepEqual(letter?.origin, { topic: 'events', partition: 0, offset: 0, timestamp: 5 })
    assert.equal(letter?.code, 'MR_RECORD_JSON')
  })

  it('refuses a value above the limit, a 50 MB one too, and keeps its beginning, size and SHA-256', async () => {
    const { log: store, source, poll } = await plainFixture()
    const value = new TextEncoder().encode(JSON.stringify({ v: 'x'.repeat(50_000_000) }))
    await appendRecords(store, 'events', { records: [{ ...textRecord(''), value }, textRecord('{"v":"after"}')] })
    const first = await poll(source)
    assert.equal(first.rejected[0]?.code, 'MR_RECORD_TOO_LARGE')
    assert.deepEqual(first.rejected[0]?.value, value.slice(0, 65_536))
    const sha256 = createHash('sha256').update(value).digest('hex')
    assert.deepEqual(first.rejected[0]?.truncated, { sizeBytes: value.length, sha256 })
    assert.equal(first.next.offset, 1)
  })

  it('takes a value of exactly the limit', async () => {
    const { log: store, source, poll } = await plainFixture({ maxValueBytes: 9 })
    await appendRecords(store, 'events', { records: [textRecord('{"v":"x"}'), textRecord('{"v":"xy"}')] })
    const polled = await poll(source)
    assert.equal(polled.batch?.count, 1)
    assert.equal(polled.rejected[0]?.truncated, undefined)
    assert.equal(textOf(polled.rejected[0]?.value), '{"v":"xy"}')
  })

  it('ends a poll at 1 MiB of values, inside a batch, and goes on there', async () => {
    const { log: store, source } = await plainFixture()
    const records = Array.from({ length: 10 }, (_, i) =>
      textRecord(JSON.stringify({ v: `${i}${'x'.repeat(400_000)}` })),
    )
    await appendRecords(store, 'events', { records, codec: 'zstd' })
    const [split] = await source.splits()
    const reader = await source.reader(split!, await source.startPosition(split!), 0)
    const ends = []
    for (let polled = await reader.poll(undefined); polled.consumed > 0; polled = await reader.poll(undefined)) {
      ends.push(polled.next.offset)
    }
    assert.deepEqual(ends, [3, 6, 9, 10])
  })

  it('stops at damage without skipping a record', async () => {
    const { log: store, disk, source } = await plainFixture()
    const segment = `${DIRECTORY}/events/0/${'0'.repeat(20)}.log`
    await appendRecords(store, 'events', { records: [textRecord('{"v":"a"}')] })
    const half = disk.bytes(segment).length
    await appendRecords(store, 'events', { records: [textRecord('{"v":"b"}')] })
    const damaged = disk.bytes(segment).slice()
    damaged[half + 70]! ^= 1
    disk.plant(segment, damaged)
    const [split] = await source.splits()
    const reader = await source.reader(split!, await source.startPosition(split!), 0)
    await assert.rejects(reader.poll(undefined), { code: 'MR_LOG_CORRUPT' })
  })

  it('tells lag tools how far the checkpoint is', async () => {
    const { log: store, source } = await plainFixture()
    await appendRecords(store, 'events', { records: suiteRecords(0, 5).map((record) => recordOf(record)) })
    const [split] = await source.splits()
    const position = await source.startPosition(split!)
    await source.advise(new Map([['events-0', { ...position, offset: 2 }]]))
    const { consumers } = await describeTopic(store, 'events')
    assert.deepEqual(consumers, [{ pipeline: 'test', offsets: { 0: 2 }, lag: 3, at: 1_700_000_000_000 }])
  })

  it('names a topic that is not there', async () => {
    const { ports } = logFixture()
    const source = log({ topic: 'absent', contract: plain, directory: DIRECTORY }).open(ports)
    await assert.rejects(source.splits(), { code: 'MR_LOG_TOPIC_UNKNOWN', message: /millrace log create absent/ })
  })
})
