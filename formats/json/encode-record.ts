// hot path
import type { Batch } from '../../core/model/batch.ts'
import {
  bigintAt,
  bytesAt,
  type Column,
  dateText,
  decimalAt,
  decimalText,
  isValid,
  wideNumberAt,
} from '../../core/model/column.ts'
import type { Schema } from '../../core/model/field-type.ts'
import { BACKSLASH, CLOSE_OBJECT, COMMA, DOT, LETTER_U, MINUS, OPEN_OBJECT, QUOTE, ZERO } from './ascii.ts'
import { base64Length, encodeBase64 } from './base64.ts'

/** Encodes rows of batches of one schema. Owned by one task. */
export interface JsonEncoder {
  /** The JSON text of a physical row, as bytes of its own. */
  encode(batch: Batch<unknown>, row: number): Uint8Array
  /** Puts the JSON text of a physical row at the beginning of `bytes`, where it stays until the next one; gives its length. */
  overwrite(batch: Batch<unknown>, row: number): number
  readonly bytes: Uint8Array
}

/**
 * The canonical JSON text of a physical row: compact, in the order of the schema, absent values left out. The decoder
 * reads it back to the same values, but for a float64 that is not finite: it becomes `null`, as in `JSON.stringify`.
 * For more than a few rows of a schema, {@link compileEncoder} is faster.
 */
export function encodeRecord(batch: Batch<unknown>, row: number): Uint8Array {
  return compileEncoder(batch.schema).encode(batch, row)
}

/** Compiles a schema into an encoder of its rows. */
export function compileEncoder(schema: Schema): JsonEncoder {
  return new RecordEncoder(schema)
}

const MAX_WHOLE_DIGITS = 16
const encoder = new TextEncoder()

class RecordEncoder implements JsonEncoder {
  /** `"name":` of every field. */
  readonly #keys: readonly Uint8Array[]
  #bytes = new Uint8Array(512)
  #length = 0

  constructor(schema: Schema) {
    this.#keys = schema.fields.map((field) => encoder.encode(`${JSON.stringify(field.name)}:`))
  }

  get bytes(): Uint8Array {
    return this.#bytes
  }

  encode(batch: Batch<unknown>, row: number): Uint8Array {
    const length = this.overwrite(batch, row)
    return this.#bytes.slice(0, length)
  }

  overwrite(batch: Batch<unknown>, row: number): number {
    this.#length = 0
    this.#reserve(1)
    this.#bytes[this.#length++] = OPEN_OBJECT
    for (let i = 0; i < this.#keys.length; i++) {
      const column = batch.columns[i]!
      if (!isValid(column, row)) continue
      this.#key(this.#keys[i]!)
      this.#value(column, row)
    }
    this.#byte(CLOSE_OBJECT)
    return this.#length
  }

  #key(key: Uint8Array): void {
    if (this.#length > 1) this.#byte(COMMA)
    this.#reserve(key.length)
    const bytes = this.#bytes
    const at = this.#length
    for (let i = 0; i < key.length; i++) bytes[at + i] = key[i]!
    this.#length = at + key.length
  }

  #value(column: Column, row: number): void {
    const kind = column.type.kind
    if (kind === 'string') this.#string(column, row)
    else if (kind === 'binary') this.#base64(bytesAt(column, row))
    else if (kind === 'int32') this.#whole(column.values[row]!)
    else if (kind === 'integer') this.#whole(wideNumberAt(column, row))
    else if (kind === 'timestamp') this.#millis(wideNumberAt(column, row))
    else this.#ascii(tokenText(column, row))
  }

  /** Microseconds as milliseconds with a fraction, exactly: the quotient as a double is not exact for far times. */
  #millis(micros: number): void {
    const fraction = Math.abs(micros) % 1000
    const whole = (Math.abs(micros) - fraction) / 1000
    if (micros < 0) this.#byte(MINUS)
    this.#whole(whole)
    if (fraction === 0) return
    const digits = String(1000 + fraction)
    this.#byte(DOT)
    this.#ascii(digits.slice(1, fraction % 100 === 0 ? 2 : fraction % 10 === 0 ? 3 : 4))
  }

  /** A whole number within ±2^53, digits from the end. */
  #whole(value: number): void {
    this.#reserve(MAX_WHOLE_DIGITS + 1)
    let rest = value
    if (value < 0) {
      this.#bytes[this.#length++] = MINUS
      rest = -value
    }
    const end = this.#length + digitsOf(rest)
    const bytes = this.#bytes
    for (let at = end - 1; at >= this.#length; at--) {
      const quotient = Math.floor(rest / 10)
      bytes[at] = ZERO + (rest - 10 * quotient)
      rest = quotient
    }
    this.#length = end
  }

  #string(column: Column, row: number): void {
    const source = column.values
    const start = column.offsets![row]!
    const end = column.offsets![row + 1]!
    // An escape of one byte takes six at most.
    this.#reserve(6 * (end - start) + 2)
    const bytes = this.#bytes
    let at = this.#length
    bytes[at++] = QUOTE
    for (let i = start; i < end; i++) {
      const byte = source[i]!
      if (byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH) bytes[at++] = byte
      else at = putEscape(bytes, at, byte)
    }
    bytes[at++] = QUOTE
    this.#length = at
  }

  #base64(source: Uint8Array): void {
    const size = base64Length(source.length)
    this.#byte(QUOTE)
    this.#reserve(size)
    encodeBase64(source, this.#bytes, this.#length)
    this.#length += size
    this.#byte(QUOTE)
  }

  #ascii(text: string): void {
    this.#reserve(text.length)
    const bytes = this.#bytes
    const at = this.#length
    for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i)
    this.#length = at + text.length
  }

  #byte(byte: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = byte
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + more))
    grown.set(this.#bytes)
    this.#bytes = grown
  }
}

/** The token for a value that needs no escapes. */
function tokenText(column: Column, row: number): string {
  switch (column.type.kind) {
    case 'boolean':
      return ((column.values[row >> 3]! >> (row & 7)) & 1) === 1 ? 'true' : 'false'
    case 'float64':
      return floatText(column.values[row]!)
    case 'int64':
      return String(bigintAt(column, row))
    case 'date':
      return `"${dateText(column.values[row]!)}"`
    case 'decimal':
      return `"${decimalText(decimalAt(column, row), column.type.scale)}"`
    default:
      return String(column.values[row]!)
  }
}

/** As `JSON.stringify` writes it, but −0 keeps its sign. */
function floatText(value: number): string {
  if (Object.is(value, -0)) return '-0'
  return Number.isFinite(value) ? String(value) : 'null'
}

function digitsOf(value: number): number {
  let digits = 1
  for (let limit = 10; value >= limit; limit *= 10) digits++
  return digits
}

/** Writes the escape of a byte as `JSON.stringify` does; returns the position after it. */
function putEscape(bytes: Uint8Array, at: number, byte: number): number {
  const short = shortEscape(byte)
  bytes[at] = BACKSLASH
  bytes[at + 1] = short === 0 ? LETTER_U : short
  if (short !== 0) return at + 2
  bytes[at + 2] = ZERO
  bytes[at + 3] = ZERO
  bytes[at + 4] = ZERO + (byte >> 4)
  const low = byte & 15
  bytes[at + 5] = low < 10 ? ZERO + low : 0x57 + low
  return at + 6
}

/** The letter that names a byte in an escape, 0 where none does. */
function shortEscape(byte: number): number {
  switch (byte) {
    case QUOTE:
    case BACKSLASH:
      return byte
    case 0x08:
      return 0x62
    case 0x09:
      return 0x74
    case 0x0a:
      return 0x6e
    case 0x0c:
      return 0x66
    case 0x0d:
      return 0x72
    default:
      return 0
  }
}
