// hot path
import { corrupt } from './batch-errors.ts'

/** Four bytes of seven bits: as far as a varint can be put together with 32-bit shifts and no sign in the way. */
const SHIFTED_BITS = 28
const TWO_TO_28 = 268_435_456
const LARGEST_INT_BYTES = 5
const LARGEST_LONG_BYTES = 10

/** Reads zigzag varints up to `limit`, which its owner moves from record to record; never reads at or past it. */
export class VarintReader {
  readonly bytes: Uint8Array
  position: number
  limit: number

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.position = 0
    this.limit = bytes.length
  }

  /** A signed 32-bit varint. */
  readInt(): number {
    const position = this.position
    if (position >= this.limit) throw this.#cutOff()
    const byte = this.bytes[position]!
    if (byte > 127) return this.#readSecondByte(byte, position + 1)
    this.position = position + 1
    return (byte >>> 1) ^ -(byte & 1)
  }

  /** A signed 64-bit varint as a number: exact within ±2^52, rounded beyond. */
  readLong(): number {
    const position = this.position
    if (position >= this.limit) throw this.#cutOff()
    const byte = this.bytes[position]!
    if (byte > 127) return this.#readLongerLong()
    this.position = position + 1
    return (byte >>> 1) ^ -(byte & 1)
  }

  /** Reads a length and steps over that many bytes; −1 stands for null. Returns the length. */
  skipSized(): number {
    const length = this.readInt()
    if (length < -1) throw this.fail(`a length is ${length}`)
    if (length > this.limit - this.position) throw this.fail('a key or value is longer than its record')
    if (length > 0) this.position += length
    return length
  }

  /** The error for what was found at the present position. */
  fail(reason: string): Error {
    return corrupt(`${reason} (at byte ${this.position})`, { position: this.position })
  }

  #cutOff(): Error {
    return this.fail('a record ends inside a number')
  }

  /** Two bytes hold what most lengths and deltas need. */
  #readSecondByte(first: number, position: number): number {
    const second = position < this.limit ? this.bytes[position]! : 255
    if (second > 127) return this.#readLongerInt()
    this.position = position + 1
    const raw = (first & 127) | (second << 7)
    return (raw >>> 1) ^ -(raw & 1)
  }

  #readLongerInt(): number {
    const bytes = this.bytes
    const limit = this.limit
    let position = this.position
    let raw = 0
    for (let shift = 0; position < limit; shift += 7) {
      const byte = bytes[position++]!
      raw |= (byte & 127) << shift
      if (byte < 128) {
        if (shift === SHIFTED_BITS && byte > 15) break
        this.position = position
        return (raw >>> 1) ^ -(raw & 1)
      }
      if (position - this.position === LARGEST_INT_BYTES) break
    }
    throw position >= limit ? this.#cutOff() : this.fail('a number has more than 32 bits')
  }

  #readLongerLong(): number {
    const bytes = this.bytes
    const limit = this.limit
    let position = this.position
    let raw = 0
    for (let shift = 0; position < limit && shift < SHIFTED_BITS; shift += 7) {
      const byte = bytes[position++]!
      raw |= (byte & 127) << shift
      if (byte < 128) {
        this.position = position
        return (raw >>> 1) ^ -(raw & 1)
      }
    }
    return this.#readFarLong(position, raw)
  }

  /** Goes on after four bytes: the sign is the lowest bit, the rest no longer fits 32-bit arithmetic. */
  #readFarLong(start: number, low: number): number {
    const bytes = this.bytes
    const limit = this.limit
    const last = this.position + LARGEST_LONG_BYTES
    let position = start
    let raw = low
    for (let scale = TWO_TO_28; position < limit && position < last; scale *= 128) {
      const byte = bytes[position++]!
      raw += (byte & 127) * scale
      if (byte < 128) {
        if (position === last && byte > 1) break
        this.position = position
        return (low & 1) === 0 ? raw / 2 : -(raw + 1) / 2
      }
    }
    throw position >= limit ? this.#cutOff() : this.fail('a number has more than 64 bits')
  }
}
