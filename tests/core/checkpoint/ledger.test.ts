import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  addLedgers,
  EMPTY_LEDGER,
  imbalances,
  type Ledger,
  type LedgerWiring,
} from '../../../core/checkpoint/ledger.ts'

/** raw → keep → [exchange] → unique → table; what is refused anywhere goes to letters. */
const WIRING: LedgerWiring = {
  flows: [
    { from: { kind: 'source', id: 'raw' }, to: { kind: 'operator', id: 'keep' } },
    { from: { kind: 'operator', id: 'keep' }, to: { kind: 'exchange', id: 'unique' } },
    { from: { kind: 'exchange', id: 'unique' }, to: { kind: 'operator', id: 'unique' } },
    { from: { kind: 'operator', id: 'unique' }, to: { kind: 'sink', id: 'table' } },
  ],
  deadLetters: [{ sink: 'letters', source: 'raw', operators: ['keep', 'unique'], sinks: ['table'] }],
}

const BALANCED: Ledger = {
  splits: {
    'raw-0': { source: 'raw', consumed: 10, emitted: 7, rejected: 2, tombstones: 1 },
    'raw-1': { source: 'raw', consumed: 5, emitted: 5, rejected: 0, tombstones: 0 },
  },
  operators: {
    keep: { in: 12, out: 9, dropped: { filtered: 3 } },
    unique: { in: 9, out: 6, dropped: { duplicate: 2, MR_RECORD_LATE: 1 } },
  },
  exchanges: { unique: { sent: 9, received: 9 } },
  sinks: { table: { in: 6, staged: 5, rejected: 1 }, letters: { in: 4, staged: 4, rejected: 0 } },
}

interface Planted {
  readonly title: string
  readonly ledger: Ledger
  readonly expected: readonly RegExp[]
}

const split = (change: object): Ledger => ({
  ...BALANCED,
  splits: { ...BALANCED.splits, 'raw-0': { ...BALANCED.splits['raw-0']!, ...change } },
})
const operator = (id: string, change: object): Ledger => ({
  ...BALANCED,
  operators: { ...BALANCED.operators, [id]: { ...BALANCED.operators[id]!, ...change } },
})
const sink = (id: string, change: object): Ledger => ({
  ...BALANCED,
  sinks: { ...BALANCED.sinks, [id]: { ...BALANCED.sinks[id]!, ...change } },
})

const PLANTED: readonly Planted[] = [
  {
    title: 'a record that a split consumed and nobody saw',
    ledger: split({ consumed: 11 }),
    expected: [/^split "raw-0" consumed 11 records but accounts for 10$/],
  },
  {
    title: 'a record that an operator swallowed',
    ledger: operator('keep', { dropped: { filtered: 2 } }),
    expected: [/^operator "keep" took 12 records but accounts for 11$/],
  },
  {
    title: 'a record lost between two workers',
    ledger: { ...BALANCED, exchanges: { unique: { sent: 9, received: 8 } } },
    expected: [
      /^exchange "unique" sent 9 records but 8 arrived$/,
      /^exchange "unique" handed on 8 records but operator "unique" took 9$/,
    ],
  },
  {
    title: 'a record that a sink took and did not stage',
    ledger: sink('table', { staged: 4 }),
    expected: [/^sink "table" took 6 records but accounts for 5$/],
  },
  {
    title: 'a record lost between a source and its operator',
    ledger: operator('keep', { in: 11, dropped: { filtered: 2 } }),
    expected: [/^source "raw" handed on 12 records but operator "keep" took 11$/],
  },
  {
    title: 'a record that came out of nowhere before an exchange',
    ledger: { ...BALANCED, exchanges: { unique: { sent: 10, received: 10 } } },
    expected: [
      /^operator "keep" handed on 9 records but exchange "unique" took 10$/,
      /^exchange "unique" handed on 10 records but operator "unique" took 9$/,
    ],
  },
  {
    title: 'a record lost before a sink',
    ledger: sink('table', { in: 5, staged: 4 }),
    expected: [/^operator "unique" handed on 6 records but sink "table" took 5$/],
  },
  {
    title: 'a refused record that is no dead letter',
    ledger: sink('letters', { in: 3, staged: 3 }),
    expected: [/^4 records were refused but the dead letters "letters" took 3$/],
  },
]

const counts = fc.nat(1000)
const ledgers: fc.Arbitrary<Ledger> = fc.record({
  splits: fc.dictionary(
    fc.constantFrom('a', 'b'),
    fc.record({ source: fc.constant('raw'), consumed: counts, emitted: counts, rejected: counts, tombstones: counts }),
  ),
  operators: fc.dictionary(
    fc.constantFrom('a', 'b'),
    fc.record({ in: counts, out: counts, dropped: fc.dictionary(fc.constantFrom('filtered', 'late'), counts) }),
  ),
  exchanges: fc.dictionary(fc.constantFrom('a', 'b'), fc.record({ sent: counts, received: counts })),
  sinks: fc.dictionary(fc.constantFrom('a', 'b'), fc.record({ in: counts, staged: counts, rejected: counts })),
})

describe('the ledger', () => {
  it('has no complaint where every record is accounted for', () => {
    assert.deepEqual(imbalances(BALANCED, WIRING), [])
    assert.deepEqual(imbalances(EMPTY_LEDGER, WIRING), [])
  })

  for (const { title, ledger, expected } of PLANTED) {
    it(`names ${title}`, () => {
      const found = imbalances(ledger, WIRING)
      assert.equal(found.length, expected.length, found.join('; '))
      for (const [index, pattern] of expected.entries()) assert.match(found[index]!, pattern)
    })
  }

  it('stays balanced when balanced epochs are added', () => {
    const twice = addLedgers(BALANCED, BALANCED)
    assert.deepEqual(imbalances(twice, WIRING), [])
    assert.equal(twice.splits['raw-0']!.consumed, 20)
    assert.deepEqual(twice.operators.unique!.dropped, { duplicate: 4, MR_RECORD_LATE: 2 })
  })

  it('adds in any order and grouping, and takes nothing from nothing', () => {
    fc.assert(
      fc.property(ledgers, ledgers, ledgers, (a, b, c) => {
        const plain = (ledger: Ledger) => JSON.parse(JSON.stringify(ledger))
        assert.deepEqual(plain(addLedgers(addLedgers(a, b), c)), plain(addLedgers(a, addLedgers(b, c))))
        assert.deepEqual(plain(addLedgers(a, b)), plain(addLedgers(b, a)))
        assert.deepEqual(plain(addLedgers(a, EMPTY_LEDGER)), plain(a))
      }),
    )
  })
})
