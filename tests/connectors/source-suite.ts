import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Batch } from '../../core/model/batch.ts'
import { MillraceError } from '../../core/model/errors.ts'
import type { Position, Split } from '../../core/model/position.ts'
import type { Polled, Source, SplitReader } from '../../core/ports/source.ts'
import { type SuiteRecord, suiteRecords } from './suite-records.ts'

/** `violation`: something that the suite's contract refuses. */
export type SuiteEntry = SuiteRecord | 'tombstone' | 'violation'

/** One empty topic of two partitions, read against the suite's contract from its beginning. */
export interface SourceFixture {
  open(): Source
  /** The timestamp of a record is its `at`. */
  append(partition: number, entries: readonly SuiteEntry[]): Promise<void>
  /** Deletes the topic and creates it anew, empty. `undefined` where the source declares that it cannot notice that. */
  readonly recreate: (() => Promise<void>) | undefined
}

interface Run {
  readonly polls: readonly Polled[]
  readonly amounts: readonly number[]
}

const SPLIT_INDEX = 7
const withCode = (code: string) => (error: unknown) => error instanceof MillraceError && error.code === code

/** What every replayable source must keep; any new connector passes it against the real system. */
export function sourceSuite(name: string, make: () => Promise<SourceFixture>): void {
  describe(`${name} keeps the promises of a source`, () => {
    readingTests(make)
    accountingTests(make)
    resumingTests(make)
    positionTests(make)
  })
}

function readingTests(make: () => Promise<SourceFixture>): void {
  it('lists its splits in a stable order', async () => {
    const source = (await make()).open()
    const splits = await source.splits()
    assert.deepEqual(
      splits.map((split) => split.partition),
      [0, 1],
    )
    assert.equal(new Set(splits.map((split) => split.id)).size, 2)
    assert.deepEqual(await source.splits(), splits)
  })

  it('gives every record once, with offset, event time and split', async () => {
    const fixture = await make()
    await fixture.append(1, suiteRecords(0, 9_000))
    const source = fixture.open()
    const { polls, amounts } = await readAll(source, await splitOf(source, 1))
    assert.deepEqual(
      amounts,
      Array.from({ length: 9_000 }, (_, i) => i),
    )
    assert.ok(polls.every((polled) => polled.consumed <= 4_096))
    const batch = polls.find((polled) => polled.batch !== undefined)!.batch!
    assert.equal(batch.system.offsets[0], 0)
    assert.equal(batch.system.eventTimes[2], 1_000_002)
    assert.equal(batch.system.splits[0], SPLIT_INDEX)
    assert.equal((await readAll(source, await splitOf(source, 0))).amounts.length, 0)
  })
}

function accountingTests(make: () => Promise<SourceFixture>): void {
  it('counts what it read: batch, rejected and tombstones make consumed, and offsets tile', async () => {
    const fixture = await make()
    const mixed = mixedEntries(50)
    await fixture.append(0, mixed)
    const source = fixture.open()
    const { polls, amounts } = await readAll(source, await splitOf(source, 0))
    const rejected = polls.flatMap((polled) => polled.rejected)
    const tombstones = polls.reduce((sum, polled) => sum + polled.tombstones, 0)
    assert.deepEqual(
      amounts,
      mixed.flatMap((entry) => (typeof entry === 'string' ? [] : [entry.amount])),
    )
    assert.deepEqual(
      rejected.map((letter) => letter.origin.offset),
      positionsOf(mixed, 'violation'),
    )
    assert.ok(rejected.every((letter) => letter.code.startsWith('MR_RECORD_') && letter.origin.partition === 0))
    assert.equal(tombstones, positionsOf(mixed, 'tombstone').length)
    assert.equal(
      polls.reduce((sum, polled) => sum + polled.consumed, 0),
      mixed.length,
    )
    assert.equal(polls.at(-1)?.next.offset, (await source.endPosition(await splitOf(source, 0))).offset)
  })

  it('is caught up at the end only, and goes on when more comes', async () => {
    const fixture = await make()
    const source = fixture.open()
    const split = await splitOf(source, 0)
    const reader = await source.reader(split, await source.startPosition(split), SPLIT_INDEX)
    assert.equal((await reader.poll(undefined)).caughtUp, true)
    await fixture.append(0, suiteRecords(0, 3))
    const polls = await pollTo(reader, 3)
    assert.deepEqual(amountsOf(polls), [0, 1, 2])
    assert.equal((await reader.poll(undefined)).caughtUp, true)
    await reader.close()
  })
}

function resumingTests(make: () => Promise<SourceFixture>): void {
  it('goes on at any position exactly where it stopped', async () => {
    const fixture = await make()
    await fixture.append(0, suiteRecords(0, 40))
    const source = fixture.open()
    const split = await splitOf(source, 0)
    const start = await source.startPosition(split)
    for (let offset = 0; offset <= 40; offset++) {
      const { amounts } = await readAll(source, split, { ...start, offset })
      assert.deepEqual(
        amounts,
        Array.from({ length: 40 - offset }, (_, i) => offset + i),
      )
    }
  })

  it('stops before a limit, wherever it is, and loses nothing after it', async () => {
    const fixture = await make()
    await fixture.append(0, mixedEntries(40))
    const source = fixture.open()
    const split = await splitOf(source, 0)
    const whole = (await readAll(source, split)).amounts
    for (let limit = 0; limit <= 40; limit++) {
      const reader = await source.reader(split, await source.startPosition(split), SPLIT_INDEX)
      const first = await pollTo(reader, limit, limit)
      const rest = await pollTo(reader, 40)
      await reader.close()
      assert.equal(first.at(-1)?.next.offset, limit)
      assert.ok(amountsOf(first).every((amount) => amount < limit))
      assert.deepEqual([...amountsOf(first), ...amountsOf(rest)], whole)
    }
  })
}

function positionTests(make: () => Promise<SourceFixture>): void {
  it('finds the first record of a time or of a later one, and the end where there is none', async () => {
    const fixture = await make()
    const times = [1_000, 3_000, 2_000, 5_000, 4_000]
    const records = suiteRecords(0, times.length).map((record, i) => ({ ...record, at: times[i]! }))
    await fixture.append(0, records.slice(0, 2))
    await fixture.append(0, records.slice(2))
    const source = fixture.open()
    const [split, empty] = await source.splits()
    const { incarnation } = await source.startPosition(split!)
    const expected = { 0: 0, 1000: 0, 1001: 1, 2000: 1, 3000: 1, 3001: 3, 5000: 3, 5001: 5 }
    for (const [time, offset] of Object.entries(expected)) {
      assert.deepEqual(await source.positionAt(split!, Number(time)), { offset, incarnation }, `at ${time} ms`)
    }
    assert.equal((await source.positionAt(empty!, 0)).offset, 0)
  })

  it('refuses a position that is not there and one of another topic', async () => {
    const fixture = await make()
    await fixture.append(0, suiteRecords(0, 3))
    const source = fixture.open()
    const split = await splitOf(source, 0)
    const position = await source.startPosition(split)
    await assert.rejects(firstPoll(source, split, { ...position, offset: 4 }), withCode('MR_POSITION_LOST'))
    if (fixture.recreate === undefined) return
    await fixture.recreate()
    await assert.rejects(fixture.open().reader(split, position, 0), withCode('MR_SOURCE_REPLACED'))
  })

  it('takes advice without touching positions', async () => {
    const fixture = await make()
    await fixture.append(0, suiteRecords(0, 3))
    const source = fixture.open()
    const split = await splitOf(source, 0)
    await source.advise(new Map([[split.id, await source.endPosition(split)]]))
    assert.equal((await fixture.open().startPosition(split)).offset, 0)
    await source.close()
  })
}

/** Opens a reader and polls until something comes: where it ends only its broker may know. */
async function firstPoll(source: Source, split: Split, position: Position): Promise<Polled> {
  const reader = await source.reader(split, position, SPLIT_INDEX)
  try {
    for (;;) {
      const polled = await reader.poll(undefined)
      if (polled.consumed > 0) return polled
      assert.ok(reader.arrival, 'nothing came')
      await reader.arrival()
    }
  } finally {
    await reader.close()
  }
}

function mixedEntries(count: number): readonly SuiteEntry[] {
  return suiteRecords(0, count).map((record, i) => (i % 7 === 3 ? 'tombstone' : i % 5 === 1 ? 'violation' : record))
}

function positionsOf(entries: readonly SuiteEntry[], kind: SuiteEntry): readonly number[] {
  return entries.flatMap((entry, i) => (entry === kind ? [i] : []))
}

async function splitOf(source: Source, partition: number): Promise<Split> {
  return (await source.splits())[partition]!
}

async function readAll(source: Source, split: Split, from?: Position): Promise<Run> {
  const start = from ?? (await source.startPosition(split))
  const reader = await source.reader(split, start, SPLIT_INDEX)
  const { offset: end } = await source.endPosition(split)
  const polls = await pollTo(reader, end)
  let next = start.offset
  for (const polled of polls) {
    assert.equal(polled.next.offset, next + polled.consumed)
    assert.equal(polled.consumed, (polled.batch?.count ?? 0) + polled.rejected.length + polled.tombstones)
    next = polled.next.offset
  }
  await reader.close()
  return { polls, amounts: amountsOf(polls) }
}

/** A batch is lent until the next poll: whoever wants to look at it later needs a copy. */
function kept(polled: Polled): Polled {
  const { batch } = polled
  if (batch === undefined) return polled
  const { schema, rows, selection } = batch
  const { columns, system } = structuredClone({ columns: batch.columns, system: batch.system })
  return { ...polled, batch: new Batch({ schema, columns, rows, selection, system }) }
}

/** Polls until offset `end` is reached, and waits whenever nothing is at hand before. */
async function pollTo(reader: SplitReader, end: number, limit?: number): Promise<readonly Polled[]> {
  const polls: Polled[] = []
  for (;;) {
    const polled = kept(await reader.poll(limit))
    polls.push(polled)
    if (polled.next.offset >= end) return polls
    if (!polled.caughtUp) continue
    assert.ok(reader.arrival !== undefined, 'there must be more, and nothing tells when')
    await reader.arrival()
  }
}

function amountsOf(polls: readonly Polled[]): readonly number[] {
  return polls.flatMap(({ batch }) =>
    batch === undefined ? [] : Array.from({ length: batch.count }, (_, i) => Number(batch.at(i).amount)),
  )
}
