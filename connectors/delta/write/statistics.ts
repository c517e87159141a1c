// hot path
import {
  bigintAt,
  bytesAt,
  type Column,
  dateText,
  decimalAt,
  decimalText,
  isValid,
  LAST_DAY,
} from '../../../core/model/column.ts'
import type { Schema } from '../../../core/model/field-type.ts'
import { utf8 } from '../../../core/model/utf8.ts'
import { boundOfText } from './text-bound.ts'

/** Delta protocol, `delta.dataSkippingNumIndexedCols`: columns beyond the first 32 have no statistics. */
const INDEXED_COLUMNS = 32

/** First and last row in the order of the values; −1 where there is none. */
interface Extremes {
  min: number
  max: number
}

/**
 * Statistics of one file as the JSON text of `add.stats`: bounds are never tighter than the values, and where no
 * truthful bound can be written there is none.
 */
export function fileStatistics(schema: Schema, columns: readonly Column[], rows: number): string {
  const mins: string[] = []
  const maxs: string[] = []
  const nulls: string[] = []
  for (let index = 0; index < Math.min(columns.length, INDEXED_COLUMNS); index++) {
    const column = columns[index]!
    const name = JSON.stringify(schema.fields[index]!.name)
    nulls.push(`${name}:${nullCount(column)}`)
    const extremes = extremesOf(column)
    if (extremes.min < 0) continue
    const min = boundText(column, extremes.min, 'min')
    const max = boundText(column, extremes.max, 'max')
    if (min !== undefined) mins.push(`${name}:${min}`)
    if (max !== undefined) maxs.push(`${name}:${max}`)
  }
  return `{"numRecords":${rows},"minValues":{${mins.join(',')}},"maxValues":{${maxs.join(',')}},"nullCount":{${nulls.join(',')}}}`
}

function nullCount({ validity, length }: Column): number {
  if (validity === null) return 0
  let nulls = 0
  for (let row = 0; row < length; row++) nulls += 1 - ((validity[row >> 3]! >> (row & 7)) & 1)
  return nulls
}

function extremesOf(column: Column): Extremes {
  switch (column.type.kind) {
    case 'string':
      return textExtremes(column)
    case 'int32':
    case 'date':
      return narrowExtremes(column)
    case 'float64':
      return doubleExtremes(column)
    case 'int64':
    case 'integer':
    case 'timestamp':
      return wideExtremes(column)
    case 'decimal':
      return decimalExtremes(column)
    case 'boolean':
      return booleanExtremes(column)
    case 'binary':
      return { min: -1, max: -1 }
  }
}

function narrowExtremes(column: Column): Extremes {
  const { values, length } = column
  const found = { min: -1, max: -1 }
  for (let row = 0; row < length; row++) {
    if (!isValid(column, row)) continue
    if (found.min < 0 || values[row]! < values[found.min]!) found.min = row
    if (found.max < 0 || values[row]! > values[found.max]!) found.max = row
  }
  return found
}

/** deltalake reads a table in which only booleans lack bounds as if no row could match, so they have them. */
function booleanExtremes(column: Column): Extremes {
  const { values, length } = column
  const found = { min: -1, max: -1 }
  for (let row = 0; row < length; row++) {
    if (!isValid(column, row)) continue
    if (found.min < 0 || bitAt(values, row) < bitAt(values, found.min)) found.min = row
    if (found.max < 0 || bitAt(values, row) > bitAt(values, found.max)) found.max = row
  }
  return found
}

function bitAt(values: Column['values'], row: number): number {
  return (values[row >> 3]! >> (row & 7)) & 1
}

/** No bounds where a value is NaN or infinite: JSON has no such numbers, and readers would prune wrongly. */
function doubleExtremes(column: Column): Extremes {
  for (let row = 0; row < column.length; row++) {
    if (isValid(column, row) && !Number.isFinite(column.values[row]!)) return { min: -1, max: -1 }
  }
  return narrowExtremes(column)
}

function wideExtremes(column: Column): Extremes {
  const { values, length } = column
  const found = { min: -1, max: -1 }
  for (let row = 0; row < length; row++) {
    if (!isValid(column, row)) continue
    const high = values[2 * row + 1]!
    const low = values[2 * row]! >>> 0
    if (found.min < 0) {
      found.min = row
      found.max = row
      continue
    }
    const minHigh = values[2 * found.min + 1]!
    const maxHigh = values[2 * found.max + 1]!
    if (high < minHigh || (high === minHigh && low < values[2 * found.min]! >>> 0)) found.min = row
    if (high > maxHigh || (high === maxHigh && low > values[2 * found.max]! >>> 0)) found.max = row
  }
  return found
}

function decimalExtremes(column: Column): Extremes {
  const found = { min: -1, max: -1 }
  for (let row = 0; row < column.length; row++) {
    if (!isValid(column, row)) continue
    const value = decimalAt(column, row)
    if (found.min < 0 || value < decimalAt(column, found.min)) found.min = row
    if (found.max < 0 || value > decimalAt(column, found.max)) found.max = row
  }
  return found
}

/**
 * Byte order of UTF-8 is the order of code points, as the protocol wants it; that of JavaScript's `<` is not. The first
 * bytes settle nearly all comparisons of texts that differ early.
 */
function textExtremes(column: Column): Extremes {
  const texts = { offsets: column.offsets!, view: new DataView(column.values.buffer, column.values.byteOffset) }
  const found = { min: -1, max: -1 }
  let least = 0
  let greatest = 0
  for (let row = 0; row < column.length; row++) {
    if (!isValid(column, row)) continue
    const first = firstBytes(texts, row)
    if (found.min < 0) {
      found.min = row
      found.max = row
      least = first
      greatest = first
    } else if (first < least || (first === least && compareTexts(texts, row, found.min) < 0)) {
      found.min = row
      least = first
    } else if (first > greatest || (first === greatest && compareTexts(texts, row, found.max) > 0)) {
      found.max = row
      greatest = first
    }
  }
  return found
}

/** Where texts lie: from `offsets[row]` to `offsets[row + 1]`. */
interface Texts {
  readonly offsets: Int32Array
  readonly view: DataView
}

/** The first four bytes as a number that orders as they do; a shorter text counts as if zeros followed. */
function firstBytes({ offsets, view }: Texts, row: number): number {
  const start = offsets[row]!
  const end = offsets[row + 1]!
  if (start + 4 <= end) return view.getUint32(start)
  let first = 0
  for (let i = 0; i < 4; i++) first = 256 * first + (start + i < end ? view.getUint8(start + i) : 0)
  return first
}

/** Four bytes at a time, the first of them weighing most. */
function compareTexts({ offsets, view }: Texts, a: number, b: number): number {
  const startA = offsets[a]!
  const startB = offsets[b]!
  const sizeA = offsets[a + 1]! - startA
  const sizeB = offsets[b + 1]! - startB
  const shared = Math.min(sizeA, sizeB)
  let i = 0
  for (; i + 4 <= shared; i += 4) {
    const difference = view.getUint32(startA + i) - view.getUint32(startB + i)
    if (difference !== 0) return difference
  }
  for (; i < shared; i++) {
    const difference = view.getUint8(startA + i) - view.getUint8(startB + i)
    if (difference !== 0) return difference
  }
  return sizeA - sizeB
}

/** A bound as JSON text; `undefined` where none can be written. */
function boundText(column: Column, row: number, side: 'min' | 'max'): string | undefined {
  const { type, values } = column
  switch (type.kind) {
    case 'string':
      return JSON.stringify(boundOfText(utf8.decode(bytesAt(column, row)), side))
    case 'int32':
      return String(values[row])
    case 'date':
      return Math.abs(values[row]!) > LAST_DAY ? undefined : yearText(dateText(values[row]!))
    case 'float64':
      return doubleText(values[row]!, side)
    case 'int64':
    case 'integer':
      return bigintAt(column, row).toString()
    case 'timestamp':
      return timestampText(bigintAt(column, row), side)
    case 'decimal':
      return decimalText(decimalAt(column, row), type.scale)
    case 'boolean':
      return bitAt(column.values, row) === 1 ? 'true' : 'false'
    case 'binary':
      return undefined
  }
}

/** Some readers order −0 below 0. */
function doubleText(value: number, side: 'min' | 'max'): string {
  if (value !== 0) return String(value)
  return side === 'min' ? '-0.0' : '0.0'
}

/** Statistics hold milliseconds: the lower bound is rounded down, the upper one up. */
function timestampText(micros: bigint, side: 'min' | 'max'): string | undefined {
  const down = (micros - (((micros % 1000n) + 1000n) % 1000n)) / 1000n
  const millis = Number(side === 'max' && down * 1000n < micros ? down + 1n : down)
  return Math.abs(millis) > LAST_DAY * 86_400_000 ? undefined : yearText(new Date(millis).toISOString())
}

/** JSON text of a date or time whose year has four digits. */
function yearText(text: string): string | undefined {
  return /^\d{4}-/.test(text) ? `"${text}"` : undefined
}
