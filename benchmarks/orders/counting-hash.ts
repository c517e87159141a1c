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
const MINUS = 0x2d
const TWO_32 = 4294967296
const TEN_TO_4 = 10_000
const TEN_TO_8 = 100_000_000

/** The digits of 0 to 9999, four each, as the word that they are in memory. */
const FOUR_DIGITS = Int32Array.from({ length: TEN_TO_4 }, (_, number) => {
  return Buffer.from(number.toString().padStart(4, '0')).readInt32LE()
})

/**
 * Counts results and sums up the 64-bit hashes of their texts: the sink that all systems end in. A result is written
 * part by part, `end` counts it. Parts are joined by `|`. The Java class of the same name gives the same figures.
 */
export class CountingHash {
  readonly #text = new DataView(new ArrayBuffer(MOST_BYTES))
  /** The same memory as words, little-endian. */
  readonly #words = new Int32Array(this.#text.buffer)
  #length = 0
  #results = 0
  #high = 0
  #low = 0

  /** Bytes [from, to) as the next part. */
  addBytes({ buffer, byteOffset, byteLength }: Uint8Array, from: number, to: number): void {
    this.addFrom(new DataView(buffer, byteOffset, byteLength), from, to)
  }

  /** The same for who has a view of the bytes. */
  addFrom(bytes: DataView, from: number, to: number): void {
    this.#separate(to - from)
    const text = this.#text
    const shift = this.#length - from
    let at = from
    for (; at + 4 <= to; at += 4) text.setInt32(at + shift, bytes.getInt32(at, true), true)
    for (; at < to; at++) text.setUint8(at + shift, bytes.getUint8(at))
    this.#length = to + shift
  }

  /** A whole number within ±2^53, in decimal, as the next part. */
  addNumber(value: number): void {
    this.#separate(17)
    if (value < 0) this.#text.setUint8(this.#length++, MINUS)
    const whole = Math.abs(value)
    if (whole < TEN_TO_8) this.#addFirst(whole)
    else {
      const high = Math.floor(whole / TEN_TO_8)
      const low = (whole - TEN_TO_8 * high) | 0
      this.#addFirst(high)
      this.#addFour((low / TEN_TO_4) | 0)
      this.#addFour(low % TEN_TO_4)
    }
  }

  /** A whole number below 10^8, without zeros before it. */
  #addFirst(number: number): void {
    const high = (number / TEN_TO_4) | 0
    if (high === 0) this.#addFew(number)
    else {
      this.#addFew(high)
      this.#addFour(number % TEN_TO_4)
    }
  }

  /** Up to four digits without zeros before them. */
  #addFew(number: number): void {
    const digits = number < 10 ? 1 : number < 100 ? 2 : number < 1_000 ? 3 : 4
    this.#text.setInt32(this.#length, FOUR_DIGITS[number]! >>> (32 - 8 * digits), true)
    this.#length += digits
  }

  #addFour(number: number): void {
    this.#text.setInt32(this.#length, FOUR_DIGITS[number]!, true)
    this.#length += 4
  }

  /** The parts so far are one result. */
  end(): void {
    const length = this.#length
    const words = this.#words
    // Zeros fill the last word.
    this.#text.setInt32(length, 0, true)
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
    // Eight bytes for the separator and for words that end behind the text.
    if (this.#length + partBytes > MOST_BYTES - 8) throw new Error(`a result has more than ${MOST_BYTES - 8} bytes`)
    if (this.#length > 0) this.#text.setUint8(this.#length++, SEPARATOR)
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
