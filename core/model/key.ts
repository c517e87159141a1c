// hot path
import type { Batch } from './batch.ts'
import { bytesAt, type Column, dateText, decimalAt, decimalText, isValid, wideNumberAt } from './column.ts'
import { MillraceError } from './errors.ts'
import type { FieldValue } from './field-type.ts'
import { hashKey } from './key-hash.ts'
import { hashByKernel } from './key-kernel/key-kernel.ts'
import { functionFailure, type NamedOperator } from './operator-failure.ts'

/** What a keyed operator or `keyBy` hashes: names of fields, or a function that returns the key value(s). */
export type KeySelector =
  | { readonly kind: 'fields'; readonly names: readonly string[] }
  | { readonly kind: 'function'; readonly keyOf: (record: never) => FieldValue | readonly FieldValue[] }

const encoder = new TextEncoder()
const NAN_BITS = 0x7ff8_0000_0000_0000n

/**
 * Turns records into 128-bit key hashes. One per task: it owns scratch memory.
 *
 * Canonical key bytes, format version 1: per field one tag byte, then the value. Persistent: stored state depends on it.
 * 0 none · 1 text: u32 length, UTF-8 (string, date, decimal) · 2 number: 8 bytes of the IEEE double, −0 as 0 (int32,
 * integer, float64, timestamp in ms) · 3 bigint: 8 bytes, two's complement (int64) · 4 false · 5 true · 6 binary: u32
 * length, bytes. Little-endian. A field name and a lambda that returns the field's value give the same bytes.
 */
export class KeyHasher {
  readonly #selector: KeySelector
  readonly #operator: NamedOperator
  /** One for all rows: the hash function is not inlined, so one per row would be garbage. */
  readonly #target: { out: Int32Array; at: number; readonly seed: number }
  #bytes = new Uint8Array(256)
  #view = new DataView(this.#bytes.buffer)
  #length = 0

  /** `operator` is the one that wants the keys: errors of its function name it. */
  constructor(selector: KeySelector, seed: number, operator: NamedOperator) {
    this.#selector = selector
    this.#operator = operator
    this.#target = { out: new Int32Array(0), at: 0, seed }
  }

  /**
   * Four words per physical row that is alive; the others mean nothing. Valid until the next call. Throws `MR_OPERATOR_FAILED`
   * where the function throws or what it returns is no key.
   */
  hash(batch: Batch<unknown>): Int32Array {
    const target = this.#target
    if (target.out.length < 4 * batch.rows) target.out = new Int32Array(4 * batch.rows)
    const columns = this.columnsOf(batch)
    const { out, seed } = target
    if (this.#selector.kind === 'fields' && hashByKernel({ batch, columns, out, seed })) return out
    for (let position = 0; position < batch.count; position++) {
      const row = batch.rowAt(position)
      this.encodeAt(batch, position, columns)
      target.at = 4 * row
      hashKey(this.#view, this.#length, target)
    }
    return target.out
  }

  /** Where {@link encode} leaves its bytes: from 0 on, until the next call. */
  get bytes(): Uint8Array {
    return this.#bytes
  }

  /** The columns that the key is made of; none where a function gives it. */
  columnsOf(batch: Batch<unknown>): readonly Column[] {
    return this.#selector.kind === 'fields' ? this.#selector.names.map((name) => batch.column(name)) : []
  }

  /**
   * Makes the canonical bytes of the key of the living record at `position`, whatever gives it; `columns` are those of the batch. Gives
   * their number. Throws as {@link hash}.
   */
  encodeAt(batch: Batch<unknown>, position: number, columns: readonly Column[]): number {
    if (this.#selector.kind === 'fields') return this.encode(columns, batch.rowAt(position))
    this.#encodeResult(this.#selector.keyOf, batch, position)
    return this.#length
  }

  /** Makes the canonical bytes of one row of the columns that the key is made of. Gives their number. */
  encode(columns: readonly Column[], row: number): number {
    this.#length = 0
    for (let i = 0; i < columns.length; i++) this.#appendColumn(columns[i]!, row)
    return this.#length
  }

  /** The canonical bytes of a list of values, for tests and tools. */
  canonical(values: readonly FieldValue[]): Uint8Array {
    this.#length = 0
    for (const value of values) this.#appendValue(value)
    return this.#bytes.slice(0, this.#length)
  }

  #encodeResult(keyOf: (record: never) => FieldValue | readonly FieldValue[], batch: Batch<unknown>, at: number): void {
    this.#length = 0
    try {
      this.#appendResult(keyOf(batch.at(at) as never))
    } catch (error) {
      throw functionFailure({ operator: this.#operator, batch, row: batch.rowAt(at) }, error)
    }
  }

  #appendResult(result: FieldValue | readonly FieldValue[]): void {
    if (Array.isArray(result)) for (const value of result) this.#appendValue(value)
    else this.#appendValue(result as FieldValue)
  }

  #appendColumn(column: Column, row: number): void {
    if (!isValid(column, row)) {
      this.#tag(0)
      return
    }
    switch (column.type.kind) {
      case 'string': {
        const offsets = column.offsets!
        this.#tag(1)
        this.#span(column.values as Uint8Array, offsets[row]!, offsets[row + 1]!)
        return
      }
      case 'binary': {
        this.#binary(bytesAt(column, row))
        return
      }
      case 'int32':
      case 'float64':
        this.#number(column.values[row]!)
        return
      case 'integer':
        this.#number(wideNumberAt(column, row))
        return
      case 'timestamp':
        this.#number(wideNumberAt(column, row) / 1000)
        return
      case 'int64':
        this.#words(column.values[2 * row]!, column.values[2 * row + 1]!)
        return
      case 'boolean':
        this.#tag(4 + ((column.values[row >> 3]! >> (row & 7)) & 1))
        return
      case 'date':
        this.#text(dateText(column.values[row]!))
        return
      case 'decimal':
        this.#text(decimalText(decimalAt(column, row), column.type.scale))
    }
  }

  #appendValue(value: FieldValue | null): void {
    if (value === undefined || value === null) this.#tag(0)
    else if (typeof value === 'string') this.#text(value)
    else if (typeof value === 'number') this.#number(value)
    else if (typeof value === 'bigint')
      this.#words(Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)))
    else if (typeof value === 'boolean') this.#tag(value ? 5 : 4)
    else if (value instanceof Uint8Array) this.#binary(value)
    else
      throw new MillraceError(
        'MR_OPERATOR_FAILED',
        `a key must be text, number, bigint, boolean or bytes, not ${typeof value}`,
      )
  }

  #text(text: string): void {
    const bytes = encoder.encode(text)
    this.#tag(1)
    this.#span(bytes, 0, bytes.length)
  }

  #binary(bytes: Uint8Array): void {
    this.#tag(6)
    this.#span(bytes, 0, bytes.length)
  }

  #tag(tag: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = tag
  }

  #number(value: number): void {
    this.#reserve(9)
    this.#bytes[this.#length] = 2
    // Zero has one form, and what is no number: which bits that has hangs on how it was calculated.
    if (Number.isNaN(value)) this.#view.setBigUint64(this.#length + 1, NAN_BITS, true)
    else this.#view.setFloat64(this.#length + 1, value === 0 ? 0 : value, true)
    this.#length += 9
  }

  #words(low: number, high: number): void {
    this.#reserve(9)
    this.#bytes[this.#length] = 3
    this.#view.setInt32(this.#length + 1, low, true)
    this.#view.setInt32(this.#length + 5, high, true)
    this.#length += 9
  }

  #span(source: Uint8Array, start: number, end: number): void {
    const size = end - start
    this.#reserve(4 + size)
    const bytes = this.#bytes
    let at = this.#length
    bytes[at] = size
    bytes[at + 1] = size >> 8
    bytes[at + 2] = size >> 16
    bytes[at + 3] = size >> 24
    at += 4
    for (let i = start; i < end; i++) bytes[at++] = source[i]!
    this.#length = at
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + more))
    grown.set(this.#bytes)
    this.#bytes = grown
    this.#view = new DataView(grown.buffer)
  }
}
