import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CountingHash, type HashTotals } from '../../../benchmarks/orders/counting-hash.ts'
import type { Order, OrderRecord } from '../../../benchmarks/orders/generate-orders.ts'
import { referenceResults } from '../../../benchmarks/orders/reference.ts'

const encoder = new TextEncoder()
const HOUR = 3_600_000

function record(order: Partial<Order> | string): OrderRecord {
  const value = typeof order === 'string' ? order : JSON.stringify({ ...BASE, ...order })
  return { partition: 0, timestamp: 0, key: encoder.encode('0'), value: encoder.encode(value) }
}

const BASE: Order = {
  order_id: 'a',
  source_system: 'web',
  user_id: 5,
  ordered_at: 0,
  amount_cents: 100,
  currency: 'EUR',
  status: 'paid',
  note: '',
}

function totals(...results: readonly string[]): HashTotals {
  const hash = new CountingHash()
  for (const result of results) {
    const bytes = encoder.encode(result)
    hash.addBytes(bytes, 0, bytes.length)
    hash.end()
  }
  return hash.take()
}

describe('the reference', () => {
  it('stateless: paid orders, what breaks the contract left out', () => {
    const records = [
      record({ order_id: 'a', ordered_at: 7 }),
      record({ order_id: 'b', status: 'open' }),
      record({ order_id: 'a', ordered_at: 7 }),
      record('{"order_id":"c","status":"paid","source_system":"web","ordered_at":1,"amount_cents":1}'),
      record(JSON.stringify({ ...BASE, amount_cents: 'many' })),
      record(JSON.stringify(BASE).slice(0, -3)),
    ]
    assert.deepEqual(referenceResults('stateless', records), totals('a|5|7|100', 'a|5|7|100'))
  })

  it('tumbling: all valid orders per user and minute, a window from its first to before its last millisecond', () => {
    const records = [
      record({ ordered_at: 60_000, amount_cents: 1 }),
      record({ ordered_at: 119_999, amount_cents: 2, status: 'open' }),
      record({ ordered_at: 120_000, amount_cents: 4 }),
      record({ ordered_at: 60_000, amount_cents: 8, user_id: 6 }),
      record({ ordered_at: 900_000, user_id: -1 }),
    ]
    assert.deepEqual(referenceResults('tumbling', records), totals('5|60000|2|3', '5|120000|1|4', '6|60000|1|8'))
  })

  it('dedupe: the first of both fields, also where a later one is older, until an hour has passed', () => {
    const records = [
      record({ ordered_at: 1_000 }),
      record({ ordered_at: 1_000 + HOUR }),
      record({ ordered_at: 500 }),
      record({ ordered_at: 1_001 + HOUR }),
      record({ ordered_at: 1_000, source_system: 'ios' }),
    ]
    assert.deepEqual(referenceResults('dedupe', records), totals('a|web|1000', 'a|web|3601001', 'a|ios|1000'))
  })

  it('seed: paid orders, each once, per user and minute', () => {
    const records = [
      record({ order_id: 'a', amount_cents: 1 }),
      record({ order_id: 'a', amount_cents: 1, ordered_at: 5 }),
      record({ order_id: 'b', amount_cents: 2, status: 'open' }),
      record({ order_id: 'c', amount_cents: 4, ordered_at: 59_999 }),
      record({ order_id: 'd', amount_cents: 8, ordered_at: 60_000 }),
    ]
    assert.deepEqual(referenceResults('seed', records), totals('5|0|2|5', '5|60000|1|8'))
  })
})
