import { draw } from '../../examples/events-curated/draw.ts'

/** An order as its JSON says it. */
export interface Order {
  readonly order_id: string
  readonly source_system: string
  readonly user_id: number
  /** Event time, epoch ms. */
  readonly ordered_at: number
  readonly amount_cents: number
  readonly currency: string
  readonly status: string
  readonly note: string
}

/** A record of the topic. Records of one user, and so those of one order, are in one partition, in order. */
export interface OrderRecord {
  readonly partition: number
  /** Event time, epoch ms. */
  readonly timestamp: number
  /** The user, as decimal text. */
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** Partitions of a topic with orders. */
export const ORDER_PARTITIONS = 4

const INVALID_SHARE = 0.01
const DUPLICATE_SHARE = 0.05
/** Orders that share their order_id with the one before and differ in source_system: both are to be kept. */
const SIBLING_SHARE = 0.005
/** How far back a duplicate looks for the order that it repeats. */
const DUPLICATE_REACH = 400
const USERS = 5_000
const START_MS = Date.UTC(2024, 2, 1)
/** Event time between two orders: an hour holds 900,000. */
const EVERY_MS = 4
/** How far an order may be behind those before it. */
const DISORDER_MS = 2_000
/** So far behind all others is a closing order in time: whatever windows they are in, it closes. */
const CLOSING_AFTER_MS = 600_000

const SOURCES = ['web', 'ios', 'android', 'store', 'partner']
const CURRENCIES = ['EUR', 'USD', 'JPY', 'BRL']
const STATUSES = ['paid', 'paid', 'paid', 'paid', 'paid', 'paid', 'paid', 'open', 'open', 'cancelled']
const NOTES = [
  'delivered to the neighbour on the second floor',
  'gift, please leave the invoice out of the box',
  'second attempt, the first one was not at home',
  'customer asked for a call an hour before that',
]

/** Which property of an order a drawn number decides. */
const FOR = {
  role: 1,
  reach: 2,
  id: 3,
  source: 4,
  user: 5,
  time: 6,
  amount: 7,
  currency: 8,
  status: 9,
  note: 10,
  invalid: 11,
  partition: 12,
} as const

const encoder = new TextEncoder()

/**
 * The records with sequence numbers [from, to), in order, each a function of seed and number alone. About 200 bytes of
 * JSON; 5 % repeat one of the 400 before them with a time of their own, 1 % are no valid order, times are up to 2 s out
 * of order.
 */
export function* generateOrders(
  range: { readonly from: number; readonly to: number },
  seed: number,
): Generator<OrderRecord> {
  for (let sequence = range.from; sequence < range.to; sequence++) {
    const order = orderAt(sequence, seed)
    const json = JSON.stringify(order)
    yield recordOf(
      order,
      roleAt(sequence, seed) === 'invalid' ? spoiled(json, draw(seed, sequence, FOR.invalid)) : json,
      seed,
    )
  }
}

/** All records of a topic with so many orders, the closing ones last. */
export function* allOrders(events: number, seed: number): Generator<OrderRecord> {
  yield* generateOrders({ from: 0, to: events }, seed)
  yield* closingOrders(events, seed)
}

/** The last record of each partition: an order of a user below 0, later than all others, so that their windows are complete. */
export function closingOrders(events: number, seed: number): OrderRecord[] {
  return Array.from({ length: ORDER_PARTITIONS }, (_, partition) => {
    const order: Order = {
      order_id: `closing-${partition}`,
      source_system: 'none',
      user_id: -1 - partition,
      ordered_at: START_MS + events * EVERY_MS + CLOSING_AFTER_MS,
      amount_cents: 0,
      currency: 'EUR',
      status: 'closing',
      note: 'nobody ordered this',
    }
    return { ...recordOf(order, JSON.stringify(order), seed), partition }
  })
}

function recordOf(order: Order, json: string, seed: number): OrderRecord {
  return {
    partition: Math.floor(draw(seed, order.user_id, FOR.partition) * ORDER_PARTITIONS),
    timestamp: order.ordered_at,
    key: encoder.encode(String(order.user_id)),
    value: encoder.encode(json),
  }
}

function roleAt(sequence: number, seed: number): 'invalid' | 'duplicate' | 'original' {
  const share = draw(seed, sequence, FOR.role)
  if (share < INVALID_SHARE) return 'invalid'
  return share < INVALID_SHARE + DUPLICATE_SHARE ? 'duplicate' : 'original'
}

function orderAt(sequence: number, seed: number): Order {
  const first = roleAt(sequence, seed) === 'duplicate' ? repeatedBy(sequence, seed) : sequence
  const user = draw(seed, first, FOR.user)
  return {
    ...identityAt(first, seed),
    // Few users order much: the square makes low numbers likelier.
    user_id: Math.floor(user * user * USERS),
    // A repetition with the old time would be late or not, depending on how partitions interleave.
    ordered_at: START_MS + sequence * EVERY_MS - Math.floor(draw(seed, sequence, FOR.time) * DISORDER_MS),
    amount_cents: 1 + Math.floor(draw(seed, first, FOR.amount) * 50_000),
    currency: chosen(CURRENCIES, draw(seed, first, FOR.currency)),
    status: chosen(STATUSES, draw(seed, first, FOR.status)),
    note: chosen(NOTES, draw(seed, first, FOR.note)),
  }
}

/** The order that a duplicate repeats; itself where it finds none. */
function repeatedBy(sequence: number, seed: number): number {
  const first = sequence - 1 - Math.floor(draw(seed, sequence, FOR.reach) * DUPLICATE_REACH)
  return first >= 0 && roleAt(first, seed) === 'original' ? first : sequence
}

function identityAt(sequence: number, seed: number): Pick<Order, 'order_id' | 'source_system'> {
  const isSibling =
    sequence > 0 && draw(seed, sequence, FOR.id) < SIBLING_SHARE && roleAt(sequence - 1, seed) === 'original'
  const owner = isSibling ? sequence - 1 : sequence
  const word = Math.floor(draw(seed, owner, FOR.id) * 4294967296)
  const source = Math.floor(draw(seed, owner, FOR.source) * SOURCES.length) + (isSibling ? 1 : 0)
  return {
    order_id: `${word.toString(16).padStart(8, '0')}-${owner.toString().padStart(9, '0')}`,
    source_system: SOURCES[source % SOURCES.length]!,
  }
}

function chosen(from: readonly string[], share: number): string {
  return from[Math.floor(share * from.length)]!
}

/** No user, an amount that is text, or cut off. */
function spoiled(json: string, share: number): string {
  if (share < 0.8) return json.replace(/"user_id":\d+,/, '')
  if (share < 0.9) return json.replace(/"amount_cents":\d+/, '"amount_cents":"many"')
  return json.slice(0, -10)
}
