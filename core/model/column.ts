// hot path
import type { FieldType, FieldValue } from './field-type.ts'
import { utf8 } from './utf8.ts'

/**
 * One column of a batch in Arrow layout, little-endian. Immutable once built; a reader never writes into it.
 *
 * - `validity`: bit `i & 7` of byte `i >> 3` is 1 where row `i` has a value; `null` means every row has one.
 * - `offsets`: for string and binary, `length + 1` positions in `values`; otherwise `null`.
 * - `values`: string, binary: bytes; boolean: bits, as in `validity`; int32, date (days since 1970-01-01): `Int32Array`;
 *   int64, integer, timestamp (µs): `Int32Array` with two words per row, low word first; decimal: four words per row;
 *   float64: `Float64Array`.
 */
export interface Column {
  readonly type: FieldType
  readonly length: number
  readonly validity: Uint8Array | null
  readonly offsets: Int32Array | null
  readonly values: ColumnValues
}

export type ColumnValues = Uint8Array | Int32Array | Float64Array

const TWO_32 = 4294967296

/** True where row `row` has a value. */
export function isValid(column: Column, row: number): boolean {
  return column.validity === null || ((column.validity[row >> 3]! >> (row & 7)) & 1) === 1
}

/** A 64-bit whole number (integer, timestamp in µs) as a double; exact within ±2^53. */
export function wideNumberAt(column: Column, row: number): number {
  const values = column.values
  return values[2 * row + 1]! * TWO_32 + (values[2 * row]! >>> 0)
}

/** A 64-bit whole number as `bigint`, exact. */
export function bigintAt(column: Column, row: number): bigint {
  return (BigInt(column.values[2 * row + 1]!) << 32n) | BigInt(column.values[2 * row]! >>> 0)
}

/** The bytes of a string or binary value: a view that lives as long as the column. */
export function bytesAt(column: Column, row: number): Uint8Array {
  const offsets = column.offsets!
  // A string or binary column holds bytes in `values`, by the layout above.
  return (column.values as Uint8Array).subarray(offsets[row]!, offsets[row + 1]!)
}

/** The value of one row as user code sees it; `undefined` where there is none. Allocates: not for hot loops. */
export function valueAt(column: Column, row: number): FieldValue {
  if (!isValid(column, row)) return undefined
  switch (column.type.kind) {
    case 'string':
      return utf8.decode(bytesAt(column, row))
    case 'binary':
      return bytesAt(column, row).slice()
    case 'boolean':
      return ((column.values[row >> 3]! >> (row & 7)) & 1) === 1
    case 'int32':
    case 'float64':
      return column.values[row]!
    case 'int64':
      return bigintAt(column, row)
    case 'integer':
      return wideNumberAt(column, row)
    case 'timestamp':
      return wideNumberAt(column, row) / 1000
    case 'date':
      return dateText(column.values[row]!)
    case 'decimal':
      return decimalText(decimalAt(column, row), column.type.scale)
  }
}

/** A decimal as its unscaled whole number. */
export function decimalAt(column: Column, row: number): bigint {
  const values = column.values
  const base = 4 * row
  const low = (BigInt(values[base + 1]! >>> 0) << 32n) | BigInt(values[base]! >>> 0)
  const high = (BigInt(values[base + 3]!) << 32n) | BigInt(values[base + 2]! >>> 0)
  return (high << 64n) | low
}

/** The last day that a JavaScript date holds, and the first one below zero. */
export const LAST_DAY = 100_000_000

/** `yyyy-mm-dd` of a day counted from 1970-01-01, within ±{@link LAST_DAY}. */
export function dateText(days: number): string {
  return new Date(days * 86_400_000).toISOString().slice(0, -14)
}

/** Text of an unscaled decimal with exactly `scale` digits after the point. */
export function decimalText(unscaled: bigint, scale: number): string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
  const sign = unscaled < 0n ? '-' : ''
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}
