// hot path

/** How many results there were, and the sum of their hashes modulo 2^64 in two words: equal for equal results in any order. */
export interface HashTotals {
  readonly results: number
  readonly high: number
  readonly low: number
}

/** No results. */
export const NO_RESULTS: HashTotals = { results: 0, high: 0, low: 0 }

const MOST_BYTES = 1_024
const SEPARATOR = 0x7c
const ZERO = 0x30
const MINUS = 0x2d
const TWO_32 = 4294967296
const TEN_TO_7 = 10_000_000

/**
 * Counts results and sums up the 64-bit hashes of their texts: the sink that all systems end in. A result is written
 * part by part, `end` counts it. Parts are joined by `|`. The Java class of the same name gives the same figures.
 */
export class CountingHash {
  readonly #bytes = new Uint8Array(MOST_BYTES)
  /** The same memory as words, little-endian. */
  readonly #words = new Int32Array(this.#bytes.buffer)
  #length = 0
  #results = 0
  #high = 0
  #low = 0

  /** Bytes [from, to) as the next part. */
  addBytes(bytes: Uint8Array, from: number, to: number): void {
    this.#separate(to - from)
    const text = this.#bytes
    let end = this.#length
    for (let at = from; at < to; at++) text[end++] = bytes[at]!
    this.#length = end
  }

  /** A whole number within ±2^53, in decimal, as the next part. */
  addNumber(value: number): void {
    this.#separate(17)
    if (value < 0) this.#bytes[this.#length++] = MINUS
    const whole = Math.abs(value)
    let digits = 1
    for (let limit = 10; whole >= limit; limit *= 10) digits++
    const first = this.#length
    this.#length += digits
    // Each half fits 32 bits, whose division is cheap.
    const high = Math.floor(whole / TEN_TO_7)
    const middle = Math.max(first, this.#length - 7)
    this.#writeDigits(whole - TEN_TO_7 * high, middle, this.#length)
    this.#writeDigits(high, first, middle)
  }

  /** The last digits of a whole number of 32 bits, from right to left. */
  #writeDigits(number: number, from: number, to: number): void {
    const text = this.#bytes
    let left = number | 0
    for (let at = to - 1; at >= from; at--) {
      const rest = (left / 10) | 0
      text[at] = ZERO + left - 10 * rest
      left = rest
    }
  }

  /** The parts so far are one result. */
  end(): void {
    const length = this.#length
    const bytes = this.#bytes
    const words = this.#words
    for (let at = length; at < length + 3; at++) bytes[at] = 0
    let high = length ^ 0x3c6ef372
    let low = length ^ 0x1b873593
    for (let index = 0; 4 * index < length; index++) {
      const word = words[index]!
      high = Math.imul(high ^ word, 0x9e3779b1)
      high ^= high >>> 15
      low = Math.imul(low + word, 0x85ebca77)
      low ^= low >>> 13
    }
    const sum = this.#low + (spread(low) >>> 0)
    this.#low = sum >>> 0
    this.#high = (this.#high + spread(high) + (sum >= TWO_32 ? 1 : 0)) >>> 0
    this.#results++
    this.#length = 0
  }

  /** What was counted since the last call. */
  take(): HashTotals {
    const totals = { results: this.#results, high: this.#high, low: this.#low }
    this.#results = 0
    this.#high = 0
    this.#low = 0
    return totals
  }

  #separate(partBytes: number): void {
    // Four bytes for the separator and for the zeros that fill the last word.
    if (this.#length + partBytes > MOST_BYTES - 4) throw new Error(`a result has more than ${MOST_BYTES - 4} bytes`)
    if (this.#length > 0) this.#bytes[this.#length++] = SEPARATOR
  }
}

/** Both together. */
export function sumOf(a: HashTotals, b: HashTotals): HashTotals {
  const low = a.low + b.low
  const high = (a.high + b.high + (low >= TWO_32 ? 1 : 0)) >>> 0
  return { results: a.results + b.results, high, low: low >>> 0 }
}

/** The sum of the hashes as 16 hexadecimal digits. */
export function hashText({ high, low }: HashTotals): string {
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0')
}

/** Lets every bit of a word depend on every other one. */
function spread(word: number): number {
  let hash = Math.imul(word ^ (word >>> 16), 0x21f0aaad)
  hash = Math.imul(hash ^ (hash >>> 15), 0x735a2d97)
  return hash ^ (hash >>> 15)
}
