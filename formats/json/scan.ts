// hot path
import type { ErrorCode } from '../../core/model/error-codes.ts'
import * as ascii from './ascii.ts'
import { escapedByte, escapedUnit, unescapeInto } from './escape.ts'
import { nextCodePoint } from './utf8.ts'

/** Containers within containers, the record itself being the first. */
export const NESTING_LIMIT = 64

const NO_BYTES = new Uint8Array(0)
/** The top bit of each byte of a word. */
const TOP_BITS = 0x80808080 | 0

/**
 * Walks the JSON text of one record (RFC 8259). Methods take a position and return the one after what they consumed, or
 * −1 after `refuse`. Results that are not a position stand in fields until the next call of the same method.
 */
export class Scanner {
  bytes: Uint8Array = NO_BYTES
  view = new DataView(this.bytes.buffer)
  end = 0
  /** Why and where the last method returned −1. */
  refusal: ErrorCode = 'MR_RECORD_JSON'
  refusedAt = 0
  /** Whether the string walked last has escapes. */
  hasEscapes = false
  /** Whether any string since `reset` names half a surrogate pair by an escape. */
  hasLoneSurrogate = false
  /** The simple number read last is `mantissa` / 10^`fractionDigits`, exactly. */
  mantissa = 0
  fractionDigits = 0
  /** The text read last, unescaped: `text[textStart, textEnd)`. */
  text: Uint8Array = this.bytes
  textStart = 0
  textEnd = 0
  #source = this.bytes
  #scratch = new Uint8Array(256)

  /** Starts a record that ends at `end`; its bytes are kept until the next record or `release`. */
  reset(bytes: Uint8Array, end: number): void {
    if (bytes !== this.#source) {
      this.#source = bytes
      // Not a subclass: `subarray` of a Node Buffer is slow, and one class keeps the loops monomorphic.
      this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    }
    this.end = end
    this.hasLoneSurrogate = false
  }

  /** Lets go of the bytes. */
  release(): void {
    this.reset(NO_BYTES, 0)
    this.text = NO_BYTES
  }

  refuse(code: ErrorCode, at: number): -1 {
    this.refusal = code
    this.refusedAt = at
    return -1
  }

  /** The byte at a position, 0 after the end: no JSON token starts with it. */
  peek(at: number): number {
    return at < this.end ? this.bytes[at]! : 0
  }

  space(from: number): number {
    const bytes = this.bytes
    const end = this.end
    let at = from
    while (at < end) {
      const byte = bytes[at]!
      if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) return at
      at++
    }
    return at
  }

  /** Walks one value, whatever it is; `depth` is the number of containers around it. */
  value(from: number, depth: number): number {
    const at = this.space(from)
    switch (this.peek(at)) {
      case ascii.QUOTE:
        return this.afterString(at)
      case ascii.OPEN_OBJECT:
        return this.#object(at, depth + 1)
      case ascii.OPEN_ARRAY:
        return this.#array(at, depth + 1)
      case ascii.LETTER_T:
      case ascii.LETTER_F:
      case ascii.LETTER_N:
        return this.literal(at)
      default:
        return this.number(at)
    }
  }

  /** Walks a string from its opening quote. */
  afterString(at: number): number {
    const close = this.string(at + 1)
    return close < 0 ? -1 : close + 1
  }

  /** Walks a string from behind its opening quote; returns the position of the closing one. */
  string(from: number): number {
    const bytes = this.bytes
    const end = this.end
    this.hasEscapes = false
    let at = from
    while (at < end) {
      at = this.#plain(at)
      if (at >= end) break
      if (bytes[at] === ascii.QUOTE) return at
      at = this.#special(at)
      if (at < 0) return -1
    }
    return this.refuse('MR_RECORD_JSON', end)
  }

  /** Walks `true`, `false` or `null`. */
  literal(at: number): number {
    const bytes = this.bytes
    const first = bytes[at]!
    if (at + 4 <= this.end) {
      const word = (first << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
      if (word === 0x74727565 || word === 0x6e756c6c) return at + 4
      if (word === 0x66616c73 && this.peek(at + 4) === ascii.LETTER_E) return at + 5
    }
    return this.refuse('MR_RECORD_JSON', at)
  }

  /** Walks a number of any length. */
  number(from: number): number {
    const first = this.peek(from) === ascii.MINUS ? from + 1 : from
    let at = this.#digits(first)
    if (at < 0 || (this.bytes[first] === ascii.ZERO && at > first + 1)) return this.refuse('MR_RECORD_JSON', first)
    if (this.peek(at) === ascii.DOT) at = this.#digits(at + 1)
    if (at < 0) return -1
    if ((this.peek(at) | 0x20) !== ascii.LETTER_E) return at
    const sign = this.peek(at + 1)
    return this.#digits(sign === 0x2b || sign === ascii.MINUS ? at + 2 : at + 1)
  }

  /** Reads a number without exponent of up to 16 digits; −1, refusing nothing, where it is no such number. */
  simpleNumber(from: number): number {
    const bytes = this.bytes
    const isNegative = this.peek(from) === ascii.MINUS
    const first = isNegative ? from + 1 : from
    let at = this.#accumulate(first, 0)
    let digits = at - first
    if (digits === 0 || (bytes[first] === ascii.ZERO && digits > 1)) return -1
    this.fractionDigits = 0
    if (this.peek(at) === ascii.DOT) {
      const point = at
      at = this.#accumulate(point + 1, this.mantissa)
      this.fractionDigits = at - point - 1
      digits += this.fractionDigits
      if (this.fractionDigits === 0) return -1
    }
    if (digits > 16 || this.mantissa > Number.MAX_SAFE_INTEGER || (this.peek(at) | 0x20) === ascii.LETTER_E) return -1
    if (isNegative) this.mantissa = -this.mantissa
    return at
  }

  /** Position after a run of digits that neither point nor exponent follows; `from` where there is no such run. */
  wholeEnd(from: number): number {
    const at = this.#accumulate(from, 0)
    const byte = this.peek(at)
    return byte === ascii.DOT || (byte | 0x20) === ascii.LETTER_E ? from : at
  }

  /** The number that the digits of `bytes[start, end)` make. */
  wholeAt(start: number, end: number): number {
    const bytes = this.bytes
    let value = 0
    for (let i = start; i < end; i++) value = 10 * value + bytes[i]! - ascii.ZERO
    return value
  }

  /** Reads a string from its opening quote into `text`; refuses lone surrogates. */
  readText(at: number): number {
    const close = this.string(at + 1)
    return close < 0 ? -1 : this.takeText(at, close)
  }

  /** As {@link readText}, for a string that was walked last, from its opening to its closing quote. */
  takeText(at: number, close: number): number {
    if (this.hasLoneSurrogate) return this.refuse('MR_RECORD_UTF8', at)
    this.textStart = this.hasEscapes ? 0 : at + 1
    this.textEnd = this.hasEscapes ? this.#unescape(at + 1, close) : close
    this.text = this.hasEscapes ? this.#scratch : this.bytes
    return close + 1
  }

  #object(open: number, depth: number): number {
    if (depth > NESTING_LIMIT) return this.refuse('MR_RECORD_NESTING', open)
    let at = this.space(open + 1)
    if (this.peek(at) === ascii.CLOSE_OBJECT) return at + 1
    while (true) {
      if (this.peek(at) !== ascii.QUOTE) return this.refuse('MR_RECORD_JSON', at)
      at = this.afterString(at)
      if (at < 0) return -1
      at = this.space(at)
      if (this.peek(at) !== ascii.COLON) return this.refuse('MR_RECORD_JSON', at)
      at = this.value(at + 1, depth)
      if (at < 0) return -1
      at = this.space(at)
      if (this.peek(at) === ascii.CLOSE_OBJECT) return at + 1
      if (this.peek(at) !== ascii.COMMA) return this.refuse('MR_RECORD_JSON', at)
      at = this.space(at + 1)
    }
  }

  #array(open: number, depth: number): number {
    if (depth > NESTING_LIMIT) return this.refuse('MR_RECORD_NESTING', open)
    let at = this.space(open + 1)
    if (this.peek(at) === ascii.CLOSE_ARRAY) return at + 1
    while (true) {
      at = this.value(at, depth)
      if (at < 0) return -1
      at = this.space(at)
      if (this.peek(at) === ascii.CLOSE_ARRAY) return at + 1
      if (this.peek(at) !== ascii.COMMA) return this.refuse('MR_RECORD_JSON', at)
      at++
    }
  }

  /**
   * Walks bytes that stand for themselves within a string, four at a time: a top bit remains where a byte is not ASCII,
   * below 0x20, a quote or a backslash. Borrows set top bits only above such a byte, so the lowest one is right.
   */
  #plain(from: number): number {
    const view = this.view
    const end = this.end
    let at = from
    for (; at + 4 <= end; at += 4) {
      const word = view.getInt32(at, true)
      const notQuote = (word ^ 0x22222222) - 0x01010101
      const notBackslash = (word ^ 0x5c5c5c5c) - 0x01010101
      const special = (word | (word - 0x20202020) | notQuote | notBackslash) & TOP_BITS
      if (special !== 0) return at + ((31 - Math.clz32(special & -special)) >> 3)
    }
    while (at < end && isPlain(this.bytes[at]!)) at++
    return at
  }

  /** A byte within a string that does not stand for itself: of a longer code point, an escape, or forbidden. */
  #special(at: number): number {
    const byte = this.bytes[at]!
    if (byte === ascii.BACKSLASH) return this.#escape(at)
    if (byte < 0x80) return this.refuse('MR_RECORD_JSON', at)
    const next = nextCodePoint(this.bytes, at, this.end)
    return next < 0 ? this.refuse('MR_RECORD_UTF8', at) : next
  }

  #escape(at: number): number {
    this.hasEscapes = true
    const byte = this.peek(at + 1)
    if (byte !== ascii.LETTER_U) return escapedByte(byte) === 0 ? this.refuse('MR_RECORD_JSON', at + 1) : at + 2
    const unit = escapedUnit(this.bytes, at, this.end)
    if (unit < 0) return this.refuse('MR_RECORD_JSON', at)
    if (unit < 0xd800 || unit > 0xdfff) return at + 6
    const low = unit < 0xdc00 ? escapedUnit(this.bytes, at + 6, this.end) : -1
    if (low >= 0xdc00 && low <= 0xdfff) return at + 12
    this.hasLoneSurrogate = true
    return at + 6
  }

  #unescape(start: number, close: number): number {
    if (this.#scratch.length < close - start) this.#scratch = new Uint8Array(2 * (close - start))
    return unescapeInto(this.#scratch, this.bytes, { start, end: close })
  }

  /** Walks one digit or more. */
  #digits(from: number): number {
    const bytes = this.bytes
    let at = from
    while (at < this.end && bytes[at]! >= ascii.ZERO && bytes[at]! <= ascii.NINE) at++
    return at === from ? this.refuse('MR_RECORD_JSON', at) : at
  }

  /** Appends digits, if any, to a number and leaves it in `mantissa`; exact up to `Number.MAX_SAFE_INTEGER`. */
  #accumulate(from: number, start: number): number {
    const bytes = this.bytes
    const end = this.end
    let value = start
    let at = from
    while (at < end) {
      const digit = bytes[at]! - ascii.ZERO
      if (digit < 0 || digit > 9) break
      value = 10 * value + digit
      at++
    }
    this.mantissa = value
    return at
  }
}

function isPlain(byte: number): boolean {
  return byte >= 0x20 && byte < 0x80 && byte !== ascii.QUOTE && byte !== ascii.BACKSLASH
}
