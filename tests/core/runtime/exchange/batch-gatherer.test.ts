import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Batch } from '../../../../core/model/batch.ts'
import type { FieldValue, Schema } from '../../../../core/model/field-type.ts'
import { BatchGatherer, buffersOf } from '../../../../core/runtime/exchange/batch-gatherer.ts'
import { batchOf, ORDER, orders, recordsOf } from '../batches.ts'

const ALL_TYPES: Schema = {
  fields: [
    { name: 'string', type: { kind: 'string' }, optional: true },
    { name: 'boolean', type: { kind: 'boolean' }, optional: true },
    { name: 'int32', type: { kind: 'int32' }, optional: true },
    { name: 'int64', type: { kind: 'int64' }, optional: true },
    { name: 'integer', type: { kind: 'integer' }, optional: true },
    { name: 'float64', type: { kind: 'float64' }, optional: true },
    { name: 'decimal', type: { kind: 'decimal', precision: 20, scale: 2 }, optional: true },
    { name: 'timestamp', type: { kind: 'timestamp' }, optional: true },
    { name: 'date', type: { kind: 'date' }, optional: true },
    { name: 'binary', type: { kind: 'binary' }, optional: true },
  ],
}

const maybe = <T extends FieldValue>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const row: fc.Arbitrary<Readonly<Record<string, FieldValue>>> = fc.record({
  string: maybe(fc.string({ unit: 'binary' })),
  boolean: maybe(fc.boolean()),
  int32: maybe(fc.integer()),
  int64: maybe(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  integer: maybe(fc.maxSafeInteger()),
  float64: maybe(fc.double({ noNaN: true })),
  decimal: maybe(
    fc.integer().map((cents) => `${Math.trunc(cents / 100)}.${String(Math.abs(cents) % 100).padStart(2, '0')}`),
  ),
  timestamp: maybe(fc.integer({ min: 0, max: 4_000_000_000_000 })),
  date: maybe(fc.constantFrom('1970-01-01', '1969-12-31', '2026-02-28', '2400-02-29')),
  binary: maybe(fc.uint8Array({ maxLength: 80 }).map((bytes) => Uint8Array.from(bytes))),
})
const chosen = fc.tuple(fc.array(row, { minLength: 1, maxLength: 20 }), fc.array(fc.nat(), { maxLength: 40 }))

function finished(gatherer: BatchGatherer, schema: Schema): Batch {
  return new Batch({ schema, ...gatherer.finish(), selection: null })
}

describe('BatchGatherer', () => {
  it('holds exactly the chosen rows of all batches, in order, for every type of field', () => {
    fc.assert(
      fc.property(fc.array(chosen, { maxLength: 4 }), (parts) => {
        const gatherer = new BatchGatherer(ALL_TYPES)
        const expected: object[] = []
        for (const [index, [rows, picks]] of parts.entries()) {
          const batch = batchOf(ALL_TYPES, rows, { split: index, offset: 100 * index })
          const all = recordsOf(batch)
          const choice = Int32Array.from(picks, (pick) => pick % rows.length)
          gatherer.append(batch, choice, choice.length)
          for (const pick of choice) expected.push(all[pick]!)
        }
        assert.deepEqual(recordsOf(finished(gatherer, ALL_TYPES)), expected)
      }),
    )
  })

  it('takes the key hash of each row along', () => {
    const keys = Int32Array.from({ length: 12 }, (_, index) => index)
    const gatherer = new BatchGatherer(ORDER)
    gatherer.append(orders(['a', 'b', 'c']).withKeys(keys), Int32Array.of(2, 0), 2)
    assert.deepEqual([...(gatherer.finish().system.keys ?? [])], [8, 9, 10, 11, 0, 1, 2, 3])
  })

  it('begins anew after it handed everything over, and leaves alone what it gave away', () => {
    const gatherer = new BatchGatherer(ORDER)
    gatherer.append(orders(['a', 'b']), Int32Array.of(0, 1), 2)
    const first = finished(gatherer, ORDER)
    assert.equal(gatherer.rows, 0)
    gatherer.append(orders(['z', 'z', 'z']), Int32Array.of(0, 1, 2), 3)
    assert.deepEqual(recordsOf(first), recordsOf(orders(['a', 'b'])))
    assert.equal(finished(gatherer, ORDER).count, 3)
  })

  it('grows beyond its first capacity', () => {
    const batch = orders(Array.from({ length: 1500 }, (_, index) => `order-${index}`))
    const gatherer = new BatchGatherer(ORDER)
    gatherer.append(batch, batch.selectedRows(), 700)
    gatherer.append(batch, batch.selectedRows().slice(700), 800)
    assert.deepEqual(recordsOf(finished(gatherer, ORDER)), recordsOf(batch))
  })

  it('gives buffers that a thread can hand over', () => {
    const batch = orders(['a', 'b', 'c'])
    const gatherer = new BatchGatherer(ORDER)
    gatherer.append(batch, batch.selectedRows(), 3)
    const { columns, rows, system } = gatherer.finish()
    const moved = structuredClone({ columns, system }, { transfer: [...buffersOf(columns, system)] })
    assert.equal(system.eventTimes.length, 0)
    assert.deepEqual(recordsOf(new Batch({ schema: ORDER, ...moved, rows, selection: null })), recordsOf(batch))
  })
  it('shares nothing with what it handed over, not even where there are no rows', () => {
    const gatherer = new BatchGatherer(ALL_TYPES)
    for (let time = 0; time < 3; time++) {
      const { columns, rows, system } = gatherer.finish()
      assert.equal(rows, 0)
      structuredClone({ columns, system }, { transfer: [...buffersOf(columns, system)] })
    }
    const batch = batchOf(ALL_TYPES, [{ string: 'a', int32: 7 }])
    gatherer.append(batch, Int32Array.of(0), 1)
    assert.deepEqual(recordsOf(finished(gatherer, ALL_TYPES)), recordsOf(batch))
  })
})
