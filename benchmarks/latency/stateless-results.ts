// hot path
import { numberAt, type OrderStream } from './order-stream.ts'
import type { Results } from './results.ts'
import type { Schedule } from './schedule.ts'

/** Results of `stateless`: each valid order that is paid, which it also waits for. */
export class StatelessResults implements Results {
  readonly #stream: OrderStream
  readonly #schedule: Schedule
  readonly #seen: Uint8Array
  doubled = 0

  constructor(stream: OrderStream, schedule: Schedule, mostSeconds: number) {
    this.#stream = stream
    this.#schedule = schedule
    this.#seen = new Uint8Array(schedule.firstOf(mostSeconds))
  }

  take(bytes: Uint8Array, start: number, length: number): number {
    const number = numberAt(bytes, start)
    if (number < 0 || number >= this.#seen.length || !this.#stream.classOf(number).isPaid) {
      throw new Error(`this is no result: ${Buffer.from(bytes.subarray(start, start + length)).toString()}`)
    }
    if (this.#seen[number] === 1) this.doubled++
    this.#seen[number] = 1
    return this.#schedule.isMeasured(number) ? number : -1
  }

  missing(): number {
    const { fromSecond, toSecond } = this.#schedule
    const end = this.#schedule.firstOf(toSecond)
    let missing = 0
    for (let number = this.#schedule.firstOf(fromSecond); number < end; number++) {
      if (this.#seen[number] === 0 && this.#stream.classOf(number).isPaid) missing++
    }
    return missing
  }
}
