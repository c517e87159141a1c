import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Input, recordsFor, SPLITS, TTL_MS } from '../../../benchmarks/large-state/input.ts'
import { OrderBatches } from '../../../benchmarks/large-state/order-batch.ts'

const KEYS = 1_520
const RECORDS = recordsFor(KEYS)

/** All records of an input, by sequence number. */
function recordsOf(content: Input['content'], from: number, to: number): readonly { id: string; time: number }[] {
  const records: { id: string; time: number }[] = []
  for (let partition = 0; partition < SPLITS; partition++) {
    const input: Input = { keys: KEYS, from, to, rate: 0, content }
    const batches = new OrderBatches(input, { partition, index: partition, mostRows: to / SPLITS })
    const rows = (to - from) / SPLITS
    const batch = batches.make(from / SPLITS, rows, { first: 0, everyMs: 1 })
    for (let row = 0; row < rows; row++) {
      const { order_id, ordered_at } = batch.at(row)
      records[SPLITS * row + partition] = { id: String(order_id), time: Number(ordered_at) }
    }
  }
  return records
}

const filled = recordsOf('new', 0, RECORDS)

describe('OrderBatches', () => {
  it('makes as many keys as were asked for, and a time to live that covers half of them', () => {
    assert.equal(new Set(filled.map(({ id }) => id)).size, KEYS)
    const span = filled.at(-1)!.time - filled[0]!.time
    assert.ok(span < 2 * TTL_MS && span > 2 * TTL_MS * (1 - 2 / RECORDS), `${span} ms`)
  })

  it('goes on with new keys', () => {
    const known = new Set(filled.map(({ id }) => id))
    const fresh = recordsOf('new', RECORDS, RECORDS + 80).filter(({ id }) => !known.has(id))
    assert.deepEqual([fresh.length, new Set(fresh.map(({ id }) => id)).size], [80, 76])
  })

  it('repeats only keys of the newest tenth where all are to be known', () => {
    const newest = new Set(filled.slice(-RECORDS / 10).map(({ id }) => id))
    // A repeated record stands for the one that it repeats, 10 turns before.
    const before = new Set(filled.slice(-RECORDS / 10 - 10 * SPLITS).map(({ id }) => id))
    const repeated = recordsOf('known', RECORDS, RECORDS + 80).map(({ id }) => id)
    assert.ok(repeated.every((id) => before.has(id)))
    assert.ok(repeated.filter((id) => newest.has(id)).length > 60)
  })

  it('brings the oldest key first, in time to be known as a duplicate', () => {
    const [first, second] = recordsOf('oldest-first', RECORDS, RECORDS + 80)
    assert.equal(first!.id, filled[0]!.id)
    assert.equal(first!.time, filled[0]!.time + TTL_MS)
    assert.ok(filled.every(({ id }) => id !== second!.id))
  })

  it('repeats old keys in every second record where half of them are to be old, each in time to be known', () => {
    const count = KEYS / 4 - ((KEYS / 4) % 80)
    const mixed = recordsOf('half-old', RECORDS, RECORDS + count)
    const times = new Map(filled.map(({ id, time }) => [id, time]))
    const older = filled.slice(0, -KEYS / 8 + 10 * SPLITS)
    const known = new Set(older.map(({ id }) => id))
    const old = mixed.filter((_, sequence) => Math.floor(sequence / SPLITS) % 2 === 0)
    assert.equal(old.length, count / 2)
    assert.ok(old.every(({ id, time }) => known.has(id) && time - times.get(id)! <= TTL_MS))
    assert.ok(new Set(old.map(({ id }) => id)).size > old.length / 4)
    const others = mixed.filter((_, sequence) => Math.floor(sequence / SPLITS) % 2 === 1).map(({ id }) => id)
    assert.equal(new Set(others).size, others.length - count / 20)
    assert.ok(others.every((id) => !times.has(id)))
  })
})
