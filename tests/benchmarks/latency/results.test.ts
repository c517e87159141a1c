import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { OrderStream } from '../../../benchmarks/latency/order-stream.ts'
import type { Results } from '../../../benchmarks/latency/results.ts'
import { Schedule } from '../../../benchmarks/latency/schedule.ts'
import { StatelessResults } from '../../../benchmarks/latency/stateless-results.ts'
import { TumblingResults } from '../../../benchmarks/latency/tumbling-results.ts'
import type { Order } from '../../../benchmarks/orders/generate-orders.ts'

const RATE = 500
const EPOCH_MS = 1_700_000_000_000
const MOST_SECONDS = 10

const stream = new OrderStream()
const encoder = new TextEncoder()

/** Seconds 2 and 3 are measured. */
function measured(): Schedule {
  const schedule = new Schedule({ ratePerSecond: RATE, seconds: 2, nowMs: 0, epochNowMs: EPOCH_MS - 500 })
  schedule.measureAfter(2, schedule.beginMs)
  return schedule
}

function take(results: Results, json: string): number {
  const value = encoder.encode(`xx${json}`)
  return results.take(value, 2, value.length - 2)
}

/** What the orders of the first five seconds say, as they are sent. */
function sentOrders(schedule: Schedule): (Order | undefined)[] {
  return Array.from({ length: 5 * RATE }, (_, number) => {
    const { value } = stream.order(number, schedule.eventTime(number))
    return stream.classOf(number).isValid ? (JSON.parse(new TextDecoder().decode(value)) as Order) : undefined
  })
}

describe('results of stateless', () => {
  const schedule = measured()
  const orders = sentOrders(schedule)
  const paid = orders.flatMap((order, number) => (order?.status === 'paid' ? [{ order, number }] : []))

  it('are known by the number of the order; those beside the measured seconds do not count', () => {
    const results = new StatelessResults(stream, schedule, MOST_SECONDS)
    for (const { order, number } of paid) {
      const isMeasured = number >= 2 * RATE && number < 4 * RATE
      assert.equal(take(results, JSON.stringify({ order_id: order.order_id, user_id: 1 })), isMeasured ? number : -1)
    }
    assert.equal(results.missing(), 0)
    assert.equal(results.doubled, 0)
  })

  it('are counted where they are missing or come twice', () => {
    const results = new StatelessResults(stream, schedule, MOST_SECONDS)
    for (const { order, number } of paid) {
      if (number < 3 * RATE) take(results, JSON.stringify({ order_id: order.order_id }))
    }
    take(results, JSON.stringify({ order_id: paid[0]!.order.order_id }))
    assert.equal(results.missing(), paid.filter(({ number }) => number >= 3 * RATE && number < 4 * RATE).length)
    assert.equal(results.doubled, 1)
  })

  it('that are none are refused', () => {
    const results = new StatelessResults(stream, schedule, MOST_SECONDS)
    const unpaid = orders.find((order) => order?.status === 'open')!
    assert.throws(() => take(results, JSON.stringify({ order_id: unpaid.order_id })), /no result/)
    assert.throws(() => take(results, '{"user_id":1}'), /no result/)
  })
})

describe('results of tumbling', () => {
  const schedule = measured()
  const windows = windowsOf(sentOrders(schedule))

  it('wait for the first record after their window', () => {
    const results = new TumblingResults(stream, schedule, MOST_SECONDS)
    for (const window of windows) {
      const final = RATE * ((window.window_start - EPOCH_MS) / 1_000 + 1)
      const isMeasured = final >= 2 * RATE && final < 4 * RATE
      assert.equal(take(results, JSON.stringify(window)), isMeasured ? final : -1)
    }
    assert.equal(results.missing(), 0)
    assert.equal(results.doubled, 0)
  })

  it('are missing where their number of orders is another one', () => {
    const results = new TumblingResults(stream, schedule, MOST_SECONDS)
    const wrong = windows.findIndex(({ window_start }) => window_start === EPOCH_MS + 2_000)
    for (const [i, window] of windows.entries())
      take(results, JSON.stringify(i === wrong ? { ...window, n: 999 } : window))
    assert.equal(results.missing(), 1)
    take(results, JSON.stringify(windows[wrong]))
    assert.equal(results.missing(), 0)
    assert.equal(results.doubled, 1)
  })
})

interface Window {
  readonly user_id: number
  readonly window_start: number
  readonly n: number
  readonly total: number
}

function windowsOf(orders: readonly (Order | undefined)[]): readonly Window[] {
  const windows = new Map<string, Window>()
  for (const order of orders) {
    if (order === undefined) continue
    const { user_id, ordered_at, amount_cents } = order
    const window_start = ordered_at - (ordered_at % 1_000)
    const { n, total } = windows.get(`${user_id}|${window_start}`) ?? { n: 0, total: 0 }
    windows.set(`${user_id}|${window_start}`, { user_id, window_start, n: n + 1, total: total + amount_cents })
  }
  return [...windows.values()]
}
