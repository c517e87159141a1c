import { CountingHash, type HashTotals } from './counting-hash.ts'
import type { Order, OrderRecord } from './generate-orders.ts'

/** The queries that all systems run; benchmarks/peers/README.md says in words what each computes. */
export const ORDER_QUERIES = ['stateless', 'tumbling', 'dedupe', 'seed'] as const
export type OrderQuery = (typeof ORDER_QUERIES)[number]

const TTL_MS = 3_600_000
const WINDOW_MS = 60_000

/** What a query gives for these records, computed as plainly as possible: every system has to give the same. */
export function referenceResults(query: OrderQuery, records: Iterable<OrderRecord>): HashTotals {
  const hash = new CountingHash()
  for (const result of REFERENCES[query](validOrders(records))) {
    for (const part of result) {
      if (typeof part === 'number') hash.addNumber(part)
      else addText(hash, part)
    }
    hash.end()
  }
  return hash.take()
}

type Result = readonly (string | number)[]

const REFERENCES: Readonly<Record<OrderQuery, (orders: Iterable<Order>) => Iterable<Result>>> = {
  stateless: (orders) => projected(paid(orders)),
  tumbling: (orders) => minutes(orders),
  dedupe: (orders) => identities(firsts(orders)),
  seed: (orders) => minutes(firsts(paid(orders))),
}

function* validOrders(records: Iterable<OrderRecord>): Generator<Order> {
  const decoder = new TextDecoder()
  for (const { value } of records) {
    const order = parsed(decoder.decode(value))
    if (order !== undefined) yield order
  }
}

function parsed(json: string): Order | undefined {
  try {
    const order = JSON.parse(json) as Order
    const { order_id, source_system, status, user_id, ordered_at, amount_cents } = order
    const isTyped =
      [order_id, source_system, status].every((text) => typeof text === 'string') &&
      [user_id, ordered_at, amount_cents].every(Number.isSafeInteger)
    return isTyped ? order : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function* paid(orders: Iterable<Order>): Generator<Order> {
  for (const order of orders) if (order.status === 'paid') yield order
}

function* firsts(orders: Iterable<Order>): Generator<Order> {
  const kept = new Map<string, number>()
  for (const order of orders) {
    const key = `${order.order_id}|${order.source_system}`
    const first = kept.get(key)
    if (first !== undefined && order.ordered_at <= first + TTL_MS) continue
    kept.set(key, order.ordered_at)
    yield order
  }
}

function* projected(orders: Iterable<Order>): Generator<Result> {
  for (const { order_id, user_id, ordered_at, amount_cents } of orders)
    yield [order_id, user_id, ordered_at, amount_cents]
}

function* identities(orders: Iterable<Order>): Generator<Result> {
  for (const { order_id, source_system, ordered_at } of orders) yield [order_id, source_system, ordered_at]
}

/** Per user and minute the number of orders and the sum of their amounts; closing orders are nobody's. */
function* minutes(orders: Iterable<Order>): Generator<Result> {
  const windows = new Map<string, { readonly user: number; readonly start: number; orders: number; cents: number }>()
  for (const { user_id: user, ordered_at, amount_cents } of orders) {
    if (user < 0) continue
    const start = ordered_at - (ordered_at % WINDOW_MS)
    const key = `${user}|${start}`
    const window = windows.get(key) ?? { user, start, orders: 0, cents: 0 }
    window.orders++
    window.cents += amount_cents
    windows.set(key, window)
  }
  for (const { user, start, orders: count, cents } of windows.values()) yield [user, start, count, cents]
}

const encoder = new TextEncoder()

function addText(hash: CountingHash, text: string): void {
  const bytes = encoder.encode(text)
  hash.addBytes(bytes, 0, bytes.length)
}
