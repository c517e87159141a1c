import assert from 'node:assert/strict'
import { test } from 'node:test'
import { blockKey } from '../../core/checkpoint/block-table.ts'
import type { OperatorCounts } from '../../core/checkpoint/ledger.ts'
import { sealBlock } from '../../core/state/block.ts'
import { paneBlockBytes, writePaneBlock } from '../../core/state/pane-block.ts'
import { generateEvents } from '../../examples/events-curated/generate-events.ts'
import { markerOf } from '../core/checkpoint/epochs.ts'
import {
  checkWindows,
  type ExpectedWindow,
  horizonOf,
  resultOf,
  type WindowEvidence,
  windowsOf,
} from './check-windows.ts'
import type { WindowTiming } from './kept-windows.ts'
import { expectationOf, rowOf } from './oracle.ts'
import { keyWords } from './stored-blocks.ts'

const HASH_SEED = 7
const timing: WindowTiming = { sizeMs: 10_000, latenessMs: 1_000, outOfOrdernessMs: 2_000 }
const records = generateEvents({ from: 0, to: 3000 }, { seed: 11, splits: 3 })
const kept = [...expectationOf(records).candidates.values()].map((rows) => rows[0]!)
const marker = markerOf(9, { splits: ['raw-0', 'raw-1', 'raw-2'], hashSeed: HASH_SEED })
const windows = windowsOf(kept, timing)
const horizon = horizonOf({ records, timing, last: marker })
const final = windows.filter(({ start }) => start < horizon)
const open = windows.filter(({ start }) => start >= horizon)
const block = { operator: 'raw-window-2', keyGroup: 0, from: 9, to: 9, sizeBytes: 1, crc: 0, latest: 0 }

const COUNTS: OperatorCounts = {
  in: kept.length,
  out: final.length,
  absorbed: kept.length,
  created: final.length,
  dropped: {},
}

/** What a run leaves that was right but for the changes. */
function evidence(changes: Partial<WindowEvidence> = {}, counts: Partial<OperatorCounts> = {}): WindowEvidence {
  const sink = { in: final.length, staged: final.length, rejected: 0 }
  const operators = { 'raw-window-2': { ...COUNTS, ...counts } }
  return {
    timing,
    records,
    kept,
    results: final.map((window) => resultOf(window, timing)),
    letters: [],
    last: { ...marker, blocks: [block], ledger: { ...marker.ledger, operators, sinks: { windows: sink } } },
    state: stateOf(open),
    ...changes,
  }
}

function stateOf(stored: readonly ExpectedWindow[]): WindowEvidence['state'] {
  const count = stored.length
  const wordsOf = keyWords(marker)
  const target = new Uint8Array(paneBlockBytes({ count, slots: 1, keyBytes: 0 }))
  writePaneBlock(target, {
    count,
    slots: 1,
    words: Int32Array.from(stored.flatMap(({ region }) => wordsOf(region).split(',').map(Number))),
    times: Float64Array.from(stored.map(({ start }) => start)),
    values: Float64Array.from(stored.map(({ rows }) => rows.length)),
    keyEnds: new Uint32Array(count),
    keys: new Uint8Array(),
  })
  sealBlock(target)
  return { get: (key) => (key === blockKey(block) ? target : undefined) }
}

function foundIn(changes: Partial<WindowEvidence>, counts: Partial<OperatorCounts> = {}): string {
  return checkWindows(evidence(changes, counts)).join('\n')
}

/** A dead letter for the record behind a row. */
function lateLetter(row: (typeof kept)[number]): WindowEvidence['letters'][number] {
  const text = (of: object): string => Object.values(of).join()
  const record = records.find(
    ({ expected }) => expected.class === 'valid' && text(rowOf(expected.event)) === text(row),
  )!
  return { split: record.split, offset: record.offset, code: 'MR_RECORD_LATE', value: record.value }
}

test('right windows break nothing', () => {
  assert.ok(final.length > 10 && open.length > 3)
  assert.deepEqual(checkWindows(evidence()), [])
})

test('a result that is lost, repeated, wrong or too early is found', () => {
  const { results } = evidence()
  assert.match(foundIn({ results: results.slice(1) }), /^I1: the result .* of a window is lost/)
  assert.match(foundIn({ results: [...results, results[0]!] }), /^I2: 1 results of windows are there twice/)
  assert.match(foundIn({ results: results.with(0, { ...results[0]!, total: 1n }) }), /I2: no window has the result/)
  assert.match(foundIn({ results: [...results, resultOf(open[0]!, timing)] }), /I2: no window has the result/)
})

test('state that lacks a window, has one too many or another number of records is found', () => {
  assert.match(foundIn({ state: stateOf(open.slice(1)) }), /^I4: the state holds/)
  assert.match(foundIn({ state: stateOf([...open, { ...open[0]!, region: 'nowhere' }]) }), /^I4: the state holds/)
  assert.match(
    foundIn({ state: stateOf(open.with(0, { ...open[0]!, rows: [...open[0]!.rows, kept[0]!] })) }),
    /1 of those are wrong/,
  )
  assert.match(foundIn({ state: { get: () => undefined } }), /^I4: block .* is missing/)
})

test('a record that is refused as late belongs in no window, and only one of a final window may be', () => {
  const late = kept.at(0)!
  const without = windowsOf(kept.slice(1), timing).filter(({ start }) => start < horizon)
  const right = { results: without.map((window) => resultOf(window, timing)), letters: [lateLetter(late)] }
  const counts = { absorbed: kept.length - 1, dropped: { MR_RECORD_LATE: 1 } }
  assert.equal(foundIn(right, counts), '')
  assert.match(foundIn({ letters: right.letters }, counts), /^I1: .*\n?.*I2: no window/)
  assert.match(foundIn({ letters: [lateLetter(open[0]!.rows[0]!)] }), /^I13: .* its window is not final/)
  assert.match(foundIn({ ...right, letters: [lateLetter(late), lateLetter(late)] }, counts), /a late letter twice/)
})

test('a ledger that says something else is found', () => {
  assert.match(foundIn({}, { absorbed: 1 }), /^I11: absorbed of the windows is 1 instead of/)
  assert.match(foundIn({}, { created: 0 }), /^I11: created of the windows is 0 instead of/)
})
