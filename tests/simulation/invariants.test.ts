import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generateEvents } from '../../examples/events-curated/generate-events.ts'
import {
  checkAccounting,
  checkDeadLetters,
  checkNoDuplicate,
  checkNoLoss,
  checkTiling,
  type FoundLetter,
  type LedgerCounts,
} from './invariants.ts'
import { type Expectation, expectationOf, rowOf } from './oracle.ts'
import type { EpochCommit, TableRow } from './table-reader.ts'

const records = generateEvents({ from: 0, to: 3000 }, { seed: 11, splits: 3 })
const expectation = expectationOf(records)

/** What a correct run leaves: the last candidate of every key. */
function rightRows({ candidates }: Expectation): TableRow[] {
  return [...candidates.values()].map((rows) => rows.at(-1)!)
}

function rightLetters(): FoundLetter[] {
  return expectation.letters.map((letter) => ({ ...letter }))
}

const epoch = (previousEpoch: number, number: number, range: readonly [number, number]): EpochCommit => ({
  appId: 'p/s/0',
  previousEpoch,
  epoch: number,
  ranges: [{ split: 'events-0', from: range[0], to: range[1] }],
})

test('a right table breaks nothing, whichever duplicate it kept', () => {
  const firsts = [...expectation.candidates.values()].map((rows) => rows[0]!)
  for (const rows of [rightRows(expectation), firsts]) {
    assert.deepEqual([...checkNoLoss(expectation, rows), ...checkNoDuplicate(expectation, rows)], [])
  }
})

test('a lost row, a repeated row, a foreign row and a changed row are each found', () => {
  const rows = rightRows(expectation)
  assert.match(checkNoLoss(expectation, rows.slice(1)).join(), /^I1: key .* is lost$/)
  assert.match(checkNoDuplicate(expectation, [...rows, rows[0]!]).join(), /^I2: key .* is there twice$/)
  const changed = rows.with(0, { ...rows[0]!, amount_cents: 0n })
  assert.match(checkNoDuplicate(expectation, changed).join(), /^I2: row .* has no record behind it$/)
  const filtered = records.find((record) => record.expected.class === 'filtered')!
  assert.ok(filtered.expected.class === 'filtered')
  assert.match(checkNoDuplicate(expectation, [...rows, rowOf(filtered.expected.event)]).join(), /no record behind it/)
})

test('the oracle of a prefix knows only the records before it', () => {
  const until = new Map([
    [0, 10],
    [2, 5],
  ])
  const prefix = expectationOf(records, until)
  assert.equal(prefix.counts.consumed, 15)
  assert.equal(prefix.bySplit.get(0)?.consumed, 10)
  assert.equal(prefix.bySplit.has(1), false)
  assert.ok(checkNoDuplicate(prefix, rightRows(expectation)).length > 0)
})

test('ranges that leave a gap, overlap, stop early or skip an epoch break the tiling', () => {
  const right = [epoch(-1, 1, [0, 5]), epoch(1, 2, [5, 5]), epoch(2, 7, [5, 9])]
  assert.deepEqual(checkTiling(right, { committed: new Map([['events-0', 9]]) }), [])
  assert.match(checkTiling(right, { committed: new Map([['events-0', 10]]) }).join(), /covered up to 9 instead of 10/)
  assert.match(checkTiling([epoch(-1, 1, [0, 5]), epoch(1, 2, [6, 9])]).join(), /\[6, 9\), but \[0, 5\) was covered/)
  assert.deepEqual(checkTiling([epoch(-1, 1, [0, 5]), epoch(1, 2, [6, 9])], { gaps: 'allowed' }), [])
  assert.match(checkTiling([epoch(-1, 1, [0, 5]), epoch(1, 2, [4, 9])], { gaps: 'allowed' }).join(), /\[4, 9\)/)
  assert.match(checkTiling([epoch(-1, 1, [0, 5]), epoch(2, 3, [5, 9])]).join(), /epoch 3 says that it follows 2/)
  assert.match(checkTiling([epoch(-1, 1, [0, 5]), epoch(1, 1, [5, 9])]).join(), /epoch 1 says/)
})

test('dead letters that are missing, repeated, unreasoned, misjudged or changed are each found', () => {
  const letters = rightLetters()
  const [first] = letters
  assert.ok(first !== undefined)
  assert.deepEqual(checkDeadLetters(expectation, letters), [])
  assert.match(checkDeadLetters(expectation, letters.slice(1)).join(), /is not among the dead letters/)
  assert.match(checkDeadLetters(expectation, [...letters, first]).join(), /is a dead letter twice/)
  assert.match(checkDeadLetters(expectation, [...letters, { ...first, offset: 1e6 }]).join(), /without a reason/)
  assert.match(checkDeadLetters(expectation, letters.with(0, { ...first, code: 'MR_X' })).join(), /has code MR_X/)
  assert.match(
    checkDeadLetters(expectation, letters.with(0, { ...first, value: null })).join(),
    /lost its original bytes/,
  )
})

test('a ledger that differs from the oracle or does not add up is found', () => {
  const { counts, candidates } = expectation
  const right: LedgerCounts = { ...counts, kept: candidates.size, duplicates: counts.valid - candidates.size }
  assert.deepEqual(checkAccounting(expectation, right), [])
  const wrong = checkAccounting(expectation, { ...right, kept: right.kept - 1 })
  assert.equal(wrong.length, 2)
})
