// hot path
import type { OrderStream } from './order-stream.ts'
import type { Results } from './results.ts'
import type { Schedule } from './schedule.ts'

const USERS = 5_000
const COLON = 0x3a
const ZERO = 0x30
const FIELDS = 4

/**
 * Results of `tumbling`: user, begin of the window, number of orders and sum of their amounts, in this order. A window of a second waits
 * for the first record of the next one. Its seconds are those in which it ends.
 */
export class TumblingResults implements Results {
  readonly #stream: OrderStream
  readonly #schedule: Schedule
  /** Per second and user: the orders of the result that came. */
  readonly #came: Uint16Array
  readonly #fields = new Float64Array(FIELDS)
  doubled = 0

  constructor(stream: OrderStream, schedule: Schedule, mostSeconds: number) {
    this.#stream = stream
    this.#schedule = schedule
    this.#came = new Uint16Array(mostSeconds * USERS)
  }

  take(bytes: Uint8Array, start: number, length: number): number {
    readNumbers(bytes, { start, end: start + length }, this.#fields)
    const [user, begin, orders] = this.#fields
    const second = (begin! - this.#schedule.epochMs) / 1_000
    const at = second * USERS + user!
    if (!(user! < USERS && Number.isInteger(second) && at >= 0 && at < this.#came.length && orders! > 0)) {
      throw new Error(`this is no result: ${Buffer.from(bytes.subarray(start, start + length)).toString()}`)
    }
    if (this.#came[at]! > 0) this.doubled++
    this.#came[at] = orders!
    const final = this.#schedule.firstOf(second + 1)
    return this.#schedule.isMeasured(final) ? final : -1
  }

  /** Results with another number of orders than were sent are missing, too. */
  missing(): number {
    const schedule = this.#schedule
    const sent = new Uint16Array(this.#came.length)
    const [from, to] = [schedule.fromSecond - 1, schedule.toSecond - 1]
    for (let second = from; second < to; second++) {
      for (let number = schedule.firstOf(second); number < schedule.firstOf(second + 1); number++) {
        const { isValid, user } = this.#stream.classOf(number)
        if (isValid) sent[second * USERS + user]!++
      }
    }
    let missing = 0
    for (let at = from * USERS; at < to * USERS; at++) if (sent[at] !== this.#came[at]) missing++
    return missing
  }
}

/** The whole numbers that stand behind colons, in their order. */
function readNumbers(
  bytes: Uint8Array,
  range: { readonly start: number; readonly end: number },
  out: Float64Array,
): void {
  let count = 0
  out.fill(-1)
  for (let at = range.start; at < range.end && count < out.length; at++) {
    if (bytes[at] !== COLON) continue
    let number = 0
    for (let digit = bytes[++at]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[++at]! - ZERO)
      number = 10 * number + digit
    out[count++] = number
  }
}
