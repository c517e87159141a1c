// hot path
import { generateOrders, type OrderRecord } from '../orders/generate-orders.ts'

/** A record on its way to the topic; its value is only lent. */
export interface StreamedOrder {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** What an order is to lead to. */
export interface OrderClass {
  readonly partition: number
  readonly user: number
  readonly isValid: boolean
  readonly isPaid: boolean
}

interface Template extends StreamedOrder, OrderClass {
  readonly timeAt: number
}

const SEED = 20261127
/** So many different orders follow each other; then they come again with other numbers and times. */
const ORDERS = 20_000
const ID = '"order_id":"'
const ID_HEX_DIGITS = 8
const NUMBER_DIGITS = 9
const TIME = '"ordered_at":'
const TIME_DIGITS = 13
const ZERO = 0x30

/** Where the number begins in the JSON of an order, which begins with its id, and in what is projected from it. */
const NUMBER_AT = 1 + ID.length + ID_HEX_DIGITS + 1

/**
 * The orders of the other queries as an endless stream: each has its number in `order_id` and a time of its own, which nobody
 * else has before it. Making one costs the writing of two numbers.
 */
export class OrderStream {
  readonly #templates: readonly Template[] = [...generateOrders({ from: 0, to: ORDERS }, SEED)].map(templateOf)

  classOf(number: number): OrderClass {
    return this.#templates[number % ORDERS]!
  }

  /** The order with a number and an event time in epoch ms; lent until the next one that is `ORDERS` further. */
  order(number: number, orderedAt: number): StreamedOrder {
    const template = this.#templates[number % ORDERS]!
    writeDigits(template.value, NUMBER_AT, { number, digits: NUMBER_DIGITS })
    writeDigits(template.value, template.timeAt, { number: orderedAt, digits: TIME_DIGITS })
    return template
  }
}

/** The number of an order by what it became, −1 where it has none in its place. */
export function numberAt(bytes: Uint8Array, valueStart: number): number {
  return readDigits(bytes, valueStart + NUMBER_AT, NUMBER_DIGITS)
}

function templateOf({ partition, key, value }: OrderRecord): Template {
  const text = Buffer.from(value).toString('latin1')
  if (!text.startsWith(`{${ID}`)) throw new Error(`an order does not begin with its id: ${text}`)
  const user = /"user_id":(\d+)/.exec(text)
  const isValid = user !== null && /"amount_cents":\d/.test(text) && text.endsWith('}')
  const isPaid = isValid && text.includes('"status":"paid"')
  const timeAt = text.indexOf(TIME) + TIME.length
  return { partition, key, value, timeAt, user: Number(user?.[1] ?? -1), isValid, isPaid }
}

function writeDigits(bytes: Uint8Array, at: number, of: { readonly number: number; readonly digits: number }): void {
  // What does not fit into 32 bits is divided the slow way only once.
  const high = Math.floor(of.number / 1e6)
  writeSmall(bytes, at, { number: high, digits: of.digits - 6 })
  writeSmall(bytes, at + of.digits - 6, { number: of.number - high * 1e6, digits: 6 })
}

function writeSmall(bytes: Uint8Array, at: number, of: { readonly number: number; readonly digits: number }): void {
  let rest = of.number | 0
  for (let place = at + of.digits - 1; place >= at; place--) {
    const tenth = (rest / 10) | 0
    bytes[place] = ZERO + rest - 10 * tenth
    rest = tenth
  }
}

function readDigits(bytes: Uint8Array, at: number, digits: number): number {
  let number = 0
  for (let place = at; place < at + digits; place++) {
    const digit = bytes[place]! - ZERO
    if (!(digit >= 0 && digit <= 9)) return -1
    number = 10 * number + digit
  }
  return number
}
