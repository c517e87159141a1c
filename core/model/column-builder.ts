// hot path
import type { Column, ColumnValues } from './column.ts'
import { type ColumnMemory, NEW_MEMORY } from './column-memory.ts'
import { bytesOfValues, fillBits, hasBytes, rowsIn, usedValues, valuesOn, wordsPerRow } from './column-values.ts'
import type { FieldType } from './field-type.ts'
import { bytesOfRows, gatherBits, gatherBytes, gatherElements, type RowRange } from './gather-values.ts'
import { rowsInOrder } from './row-order.ts'

const TWO_32 = 4294967296
const INITIAL_ROWS = 64
// What all builders at rest share. An empty column has values of its own: they are handed over to other threads as all are.
const NO_VIEW = new DataView(new ArrayBuffer(0))
const NO_BYTES = new Uint8Array(0)
const NO_WORDS = new Int32Array(0)
const NO_FLOATS = new Float64Array(0)

/**
 * Grows one column row by row or by gathering rows of another column of the same type. Every `append…` adds exactly one
 * row. `finish` hands the buffers over (they may be longer than the column) and leaves the builder empty; new ones come
 * with the next row, so that a builder at rest holds no memory.
 *
 * Not checked per row: the caller appends what fits the type (`appendValue` of append-value.ts checks).
 */
export class ColumnBuilder {
  readonly type: FieldType
  /** Rows so far. */
  length = 0
  /** Bytes of string and binary values so far. */
  byteLength = 0
  /** Bytes of the column before and an eighth more: the next one is likely to fit. */
  #expectedBytes = 0
  /** Rows of the column before and an eighth more. */
  #expectedRows = INITIAL_ROWS
  #nulls = 0
  #capacity = 0
  #validity: Uint8Array | null = null
  #offsets: Int32Array | null = null
  #values: ColumnValues
  #view: DataView = NO_VIEW
  readonly #width: number
  readonly #memory: ColumnMemory

  /** Whoever gets the finished columns gives their memory back, if it is to be used again. */
  constructor(type: FieldType, memory: ColumnMemory = NEW_MEMORY) {
    this.type = type
    this.#width = wordsPerRow(type)
    this.#values = noValues(type)
    this.#memory = memory
  }

  /** Memory in use, in bytes, for limits. */
  get sizeBytes(): number {
    return this.#width === 0 ? this.byteLength + 4 * this.length : 4 * this.#width * this.length
  }

  appendNull(): void {
    const row = this.#next()
    const validity = this.#validity ?? this.#newValidity(row)
    this.#nulls++
    validity[row >> 3]! &= ~(1 << (row & 7))
    if (this.#offsets !== null) this.#offsets[row + 1] = this.byteLength
    else this.#clearRow(row)
  }

  /** A string or binary value, copied from `source[start, end)`. */
  appendBytes(source: Uint8Array, start: number, end: number): void {
    const row = this.#next()
    const size = end - start
    const at = this.byteLength
    const needed = at + size
    if (needed > this.#values.length) this.#growBytes(needed)
    const values = this.#values
    if (size < 48) for (let i = 0; i < size; i++) values[at + i] = source[start + i]!
    else (values as Uint8Array).set(source.subarray(start, end), at)
    this.byteLength = needed
    this.#offsets![row + 1] = needed
    this.#markValid(row)
  }

  /** As {@link appendBytes}, four bytes at a time: the faster way where the caller has a view of its bytes. */
  appendFrom(source: DataView, start: number, end: number): void {
    const row = this.#next()
    const size = end - start
    const at = this.byteLength
    const needed = at + size
    if (needed > this.#values.length) this.#growBytes(needed)
    if (size < 256) {
      const view = this.#view
      let i = 0
      for (; i + 4 <= size; i += 4) view.setInt32(at + i, source.getInt32(start + i, true), true)
      for (; i < size; i++) view.setInt8(at + i, source.getInt8(start + i))
    } else this.#values.set(new Uint8Array(source.buffer, source.byteOffset + start, size), at)
    this.byteLength = needed
    this.#offsets![row + 1] = needed
    this.#markValid(row)
  }

  appendBoolean(value: boolean): void {
    const row = this.#next()
    if (value) this.#values[row >> 3]! |= 1 << (row & 7)
    else this.#values[row >> 3]! &= ~(1 << (row & 7))
    this.#markValid(row)
  }

  /** int32 or date (days). */
  appendInt32(value: number): void {
    const row = this.#next()
    this.#values[row] = value
    this.#markValid(row)
  }

  appendFloat64(value: number): void {
    const row = this.#next()
    this.#values[row] = value
    this.#markValid(row)
  }

  /** A 64-bit whole number given as a double within ±2^53 (integer; timestamp in µs). */
  appendWide(value: number): void {
    const high = Math.floor(value / TWO_32)
    this.appendWords(value - high * TWO_32, high)
  }

  /** A 64-bit whole number as two words. */
  appendWords(low: number, high: number): void {
    const row = this.#next()
    const values = this.#values
    values[2 * row] = low | 0
    values[2 * row + 1] = high | 0
    this.#markValid(row)
  }

  appendBigint(value: bigint): void {
    this.appendWords(Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)))
  }

  /** A decimal as its unscaled whole number. */
  appendDecimal(unscaled: bigint): void {
    const row = this.#next()
    for (let word = 0; word < 4; word++)
      this.#values[4 * row + word] = Number(BigInt.asIntN(32, unscaled >> BigInt(32 * word)))
    this.#markValid(row)
  }

  /** A decimal whose unscaled whole number lies within ±2^53. */
  appendDecimalNumber(unscaled: number): void {
    const row = this.#next()
    const values = this.#values
    const high = Math.floor(unscaled / TWO_32)
    const sign = unscaled < 0 ? -1 : 0
    values[4 * row] = (unscaled - high * TWO_32) | 0
    values[4 * row + 1] = high | 0
    values[4 * row + 2] = sign
    values[4 * row + 3] = sign
    this.#markValid(row)
  }

  /** Appends rows `rows[from, to)` of `column`, which has the type of this builder. */
  gather(column: Column, rows: Int32Array, range: { readonly from: number; readonly to: number }): void {
    const { from, to } = range
    const at = this.length
    const end = at + to - from
    if (end === at) return
    if (end > this.#capacity) this.#reserve(Math.max(end, this.#nextCapacity()))
    const chosen: RowRange = { rows, from, to }
    if (column.offsets !== null) this.#gatherBytes(column, column.offsets, chosen)
    else if (this.type.kind === 'boolean') gatherBits({ values: this.#values, at }, column.values, chosen)
    else {
      const width = this.type.kind === 'float64' ? 1 : this.#width
      gatherElements({ values: this.#values, at }, { values: column.values, width }, chosen)
    }
    this.length = end
    this.#gatherValidity(column.validity, at, chosen)
  }

  /** Appends all rows of `column`, which has the type of this builder. */
  appendColumn(column: Column): void {
    const at = this.length
    const end = at + column.length
    if (end > this.#capacity) this.#reserve(Math.max(end, this.#nextCapacity()))
    const { values, offsets } = column
    if (offsets !== null) this.#appendBytesOf(values, offsets)
    else if (this.type.kind === 'boolean') gatherBits({ values: this.#values, at }, values, allRows(column.length))
    else this.#values.set(values, at * (this.type.kind === 'float64' ? 1 : this.#width))
    this.length = end
    this.#gatherValidity(column.validity, at, allRows(column.length))
  }

  /** Forgets rows beyond `length`: takes back a record that turned out to be bad. */
  truncate(length: number): void {
    if (length >= this.length) return
    if (this.#validity !== null) {
      for (let row = length; row < this.length; row++)
        if (((this.#validity[row >> 3]! >> (row & 7)) & 1) === 0) this.#nulls--
    }
    this.length = length
    if (this.#offsets !== null) this.byteLength = this.#offsets[length]!
  }

  /** The column so far; its buffers belong to it from now on and the builder is empty. */
  finish(): Column {
    const length = this.length
    const column: Column = {
      type: this.type,
      length,
      validity: this.#nulls === 0 ? null : this.#validity!.subarray(0, (length + 7) >> 3),
      offsets: this.#usedOffsets(length),
      values: this.#usedValues(length),
    }
    this.#expectedBytes = this.byteLength + (this.byteLength >> 3)
    this.#expectedRows = Math.max(INITIAL_ROWS, length + (length >> 3))
    this.length = 0
    this.byteLength = 0
    this.#nulls = 0
    this.#capacity = 0
    this.#validity = null
    this.#offsets = null
    this.#view = NO_VIEW
    this.#values = noValues(this.type)
    return column
  }

  /**
   * Takes over the buffers of a column that a builder made and nobody reads any more, so that the next rows need no new
   * ones. Only a builder at rest does; `column` must not be used afterwards.
   */
  adopt({ type, offsets, values }: Column): void {
    if (this.#capacity > 0 || type.kind !== this.type.kind || values.buffer.byteLength === 0) return
    this.#values = valuesOn(type, values.buffer)
    if (offsets !== null) {
      this.#offsets = new Int32Array(offsets.buffer)
      this.#capacity = this.#offsets.length - 1
      this.#view = new DataView(values.buffer)
    } else this.#capacity = rowsIn(this.type, this.#values)
  }

  #usedValues(length: number): ColumnValues {
    if (this.#values.length === 0) return valuesOn(this.type, new ArrayBuffer(0))
    return this.#values.subarray(0, usedValues(this.type, length, this.byteLength))
  }

  #usedOffsets(length: number): Int32Array | null {
    if (this.#offsets !== null) return this.#offsets.subarray(0, length + 1)
    return hasBytes(this.type) ? new Int32Array(1) : null
  }

  #next(): number {
    const row = this.length++
    if (row >= this.#capacity) this.#reserve(this.#nextCapacity())
    return row
  }

  #nextCapacity(): number {
    return this.#capacity === 0 ? this.#expectedRows : 2 * this.#capacity
  }

  #appendBytesOf(values: ColumnValues, offsets: Int32Array): void {
    const before = this.byteLength
    const needed = before + values.length
    if (needed > this.#values.length) this.#growBytes(needed)
    this.#values.set(values, before)
    const ends = this.#offsets!
    for (let i = 1; i < offsets.length; i++) ends[this.length + i] = before + offsets[i]!
    this.byteLength = needed
  }

  #gatherBytes(column: Column, offsets: Int32Array, chosen: RowRange): void {
    const needed = this.byteLength + bytesOfRows(offsets, chosen)
    if (needed > this.#values.length) this.#growBytes(needed)
    const { buffer, byteOffset, byteLength } = column.values
    const target = { view: this.#view, offsets: this.#offsets!, at: this.length + 1, end: this.byteLength }
    this.byteLength = gatherBytes(target, { offsets, view: new DataView(buffer, byteOffset, byteLength) }, chosen)
  }

  #gatherValidity(source: Uint8Array | null, first: number, { rows, from, to }: RowRange): void {
    if (source === null && this.#validity === null) return
    const validity = this.#validity ?? this.#newValidity(first)
    let at = first
    for (let i = from; i < to; i++) {
      const row = rows[i]!
      if (source === null || ((source[row >> 3]! >> (row & 7)) & 1) === 1) validity[at >> 3]! |= 1 << (at & 7)
      else {
        validity[at >> 3]! &= ~(1 << (at & 7))
        this.#nulls++
      }
      at++
    }
  }

  /** Bits of which the first `valid` say that all rows so far have a value. */
  #newValidity(valid: number): Uint8Array {
    const validity = new Uint8Array((this.#capacity + 7) >> 3)
    fillBits(validity, valid)
    this.#validity = validity
    return validity
  }

  #markValid(row: number): void {
    if (this.#validity !== null) this.#validity[row >> 3]! |= 1 << (row & 7)
  }

  #clearRow(row: number): void {
    const width = this.type.kind === 'float64' ? 1 : this.#width
    if (this.type.kind === 'boolean') this.#values[row >> 3]! &= ~(1 << (row & 7))
    else for (let i = row * width; i < (row + 1) * width; i++) this.#values[i] = 0
  }

  #reserve(rows: number): void {
    if (hasBytes(this.type)) {
      const offsets = new Int32Array(this.#memory.take(4 * (rows + 1)))
      offsets[0] = 0
      if (this.#offsets !== null) this.#replace(this.#offsets, offsets)
      this.#offsets = offsets
      this.#capacity = offsets.length - 1
    } else {
      const values = valuesOn(this.type, this.#memory.take(bytesOfValues(this.type, rows)))
      this.#replace(this.#values, values)
      this.#values = values
      this.#capacity = rowsIn(this.type, values)
    }
    if (this.#validity !== null) {
      const validity = new Uint8Array((this.#capacity + 7) >> 3)
      validity.set(this.#validity)
      this.#validity = validity
    }
  }

  #growBytes(needed: number): void {
    const larger = Math.max(needed, 2 * this.#values.length, this.#expectedBytes, 1024)
    const grown = new Uint8Array(this.#memory.take(larger))
    this.#replace(this.#values, grown)
    this.#values = grown
    this.#view = new DataView(grown.buffer)
  }

  /** Copies values to larger memory; the smaller one is given back. */
  #replace(outgrown: ColumnValues, larger: ColumnValues): void {
    if (outgrown.length === 0) return
    larger.set(outgrown)
    // Buffers of columns are never shared memory, adopted ones neither.
    this.#memory.give(outgrown.buffer as ArrayBuffer)
  }
}

/** Of the kind that a type has, so that code sees one kind only. */
function noValues(type: FieldType): ColumnValues {
  if (type.kind === 'float64') return NO_FLOATS
  return wordsPerRow(type) === 0 ? NO_BYTES : NO_WORDS
}

/** All rows of a column of that length. */
function allRows(length: number): RowRange {
  return { rows: rowsInOrder(length), from: 0, to: length }
}
