import { CountingHash, type HashTotals } from './counting-hash.ts'
import type { Order, OrderRecord } from './generate-orders.ts'

/** The queries that all systems run; benchmarks/peers/README.md says in words what each computes. */
export const ORDER_QUERIES = ['stateless', 'tumbling', 'dedupe', 'seed'] as const
export type OrderQuery = (typeof ORDER_QUERIES)[number]

/** Parts of the text of an order in the curated table. */
export const CURATED_FIELDS = [
  'order_id',
  'source_system',
  'user_id',
  'ordered_at',
  'amount_cents',
  'currency',
  'status',
  'note',
] as const

const TTL_MS = 3_600_000
const WINDOW_MS = 60_000
/** Keys and windows above which those are taken out that nothing more can come for: millions of orders have millions. */
const MOST_KEPT = 2_000_000
/** More than an order is behind any before it. */
const DISORDER_MS = 60_000

/** What a query gives for these records, computed as plainly as possible: every system has to give the same. */
export function referenceResults(query: OrderQuery, records: Iterable<OrderRecord>): HashTotals {
  const hash = new CountingHash()
  for (const result of REFERENCES[query](validOrders(records))) addResult(hash, result)
  return hash.take()
}

/** What the two tables of orders hold: `seed` the results of that query, `curated` the orders that it counts. */
export interface TableTotals {
  readonly seed: HashTotals
  readonly curated: HashTotals
}

/** The same for both tables, in one pass over the records. */
export function referenceTables(records: Iterable<OrderRecord>): TableTotals {
  const curated = new CountingHash()
  const seed = new CountingHash()
  function* kept(): Generator<Order> {
    for (const order of firsts(paid(validOrders(records)))) {
      addResult(
        curated,
        CURATED_FIELDS.map((name) => order[name]),
      )
      yield order
    }
  }
  for (const result of minutes(kept())) addResult(seed, result)
  return { seed: seed.take(), curated: curated.take() }
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
    if (kept.size >= MOST_KEPT) forget(kept, order.ordered_at - TTL_MS - DISORDER_MS)
    const key = `${order.order_id}|${order.source_system}`
    const first = kept.get(key)
    if (first !== undefined && order.ordered_at <= first + TTL_MS) continue
    kept.set(key, order.ordered_at)
    yield order
  }
}

/** Takes out what no order to come can repeat. */
function forget(kept: Map<string, number>, before: number): void {
  for (const [key, first] of kept) if (first < before) kept.delete(key)
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
  const windows = new Map<string, Window>()
  for (const { user_id: user, ordered_at, amount_cents } of orders) {
    if (user < 0) continue
    if (windows.size >= MOST_KEPT) yield* ended(windows, ordered_at - WINDOW_MS - DISORDER_MS)
    const start = ordered_at - (ordered_at % WINDOW_MS)
    const key = `${user}|${start}`
    const window = windows.get(key) ?? { user, start, orders: 0, cents: 0 }
    window.orders++
    window.cents += amount_cents
    windows.set(key, window)
  }
  yield* ended(windows, Number.POSITIVE_INFINITY)
}

interface Window {
  readonly user: number
  readonly start: number
  orders: number
  cents: number
}

/** Takes out the windows that began before a moment. */
function* ended(windows: Map<string, Window>, before: number): Generator<Result> {
  for (const [key, { user, start, orders, cents }] of windows) {
    if (start >= before) continue
    windows.delete(key)
    yield [user, start, orders, cents]
  }
}

const encoder = new TextEncoder()

function addResult(hash: CountingHash, result: Result): void {
  for (const part of result) {
    if (typeof part === 'number') hash.addNumber(part)
    else addText(hash, part)
  }
  hash.end()
}

function addText(hash: CountingHash, text: string): void {
  const bytes = encoder.encode(text)
  hash.addBytes(bytes, 0, bytes.length)
}
