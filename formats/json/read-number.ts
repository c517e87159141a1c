// hot path
import type { ColumnBuilder } from '../../core/model/column-builder.ts'
import { utf8 } from '../../core/model/utf8.ts'
import { MINUS, NINE, ZERO } from './ascii.ts'
import { appendExactNumber } from './exact-number.ts'
import type { Scanner } from './scan.ts'

/** Powers of ten that a double holds exactly. */
const POWERS = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`))
const TWO_16 = 65_536
const TWO_32 = 4_294_967_296
const BILLION = 1_000_000_000

/** Reads a number that starts at `at` and appends it; returns the position after it, −1 after `scanner.refuse`. */
export function readInt32(scanner: Scanner, builder: ColumnBuilder, at: number): number {
  const next = scanner.simpleNumber(at)
  if (next < 0 || scanner.fractionDigits !== 0) return readExact(scanner, builder, at)
  const value = scanner.mantissa
  if (value > 0x7fffffff || value < -0x80000000) return scanner.refuse('MR_RECORD_RANGE', at)
  builder.appendInt32(value)
  return next
}

/** As {@link readInt32}. Ids of up to 19 digits go without `bigint`, too. */
export function readInt64(scanner: Scanner, builder: ColumnBuilder, at: number): number {
  const next = scanner.simpleNumber(at)
  if (next < 0) return readLongWhole(scanner, builder, at)
  if (scanner.fractionDigits !== 0) return readExact(scanner, builder, at)
  builder.appendWide(scanner.mantissa)
  return next
}

/** As {@link readInt32}; a simple number always fits. */
export function readInteger(scanner: Scanner, builder: ColumnBuilder, at: number): number {
  const next = scanner.simpleNumber(at)
  if (next < 0 || scanner.fractionDigits !== 0) return readExact(scanner, builder, at)
  builder.appendWide(scanner.mantissa)
  return next
}

/** As {@link readInt32}. A mantissa below 2^53 over a power of ten up to 10^22 is one correctly rounded division. */
export function readFloat64(scanner: Scanner, builder: ColumnBuilder, at: number): number {
  const next = scanner.simpleNumber(at)
  if (next < 0) return readExact(scanner, builder, at)
  builder.appendFloat64(scanner.mantissa / POWERS[scanner.fractionDigits]!)
  return next
}

/** As {@link readInt32}, from milliseconds. */
export function readTimestampNumber(scanner: Scanner, builder: ColumnBuilder, at: number): number {
  const next = scanner.simpleNumber(at)
  if (next < 0 || scanner.fractionDigits > 3) return readExact(scanner, builder, at)
  const micros = scanner.mantissa * POWERS[3 - scanner.fractionDigits]!
  if (micros > Number.MAX_SAFE_INTEGER || micros < -Number.MAX_SAFE_INTEGER)
    return scanner.refuse('MR_RECORD_RANGE', at)
  builder.appendWide(micros)
  return next
}

/** As {@link readInt32}. Unscaled numbers of up to 15 digits go without `bigint`. */
export function readDecimalNumber(scanner: Scanner, builder: ColumnBuilder, at: number): number {
  const type = builder.type
  const next = scanner.simpleNumber(at)
  if (next < 0 || type.kind !== 'decimal') return readExact(scanner, builder, at)
  const zeros = type.scale - scanner.fractionDigits
  if (zeros < 0 || zeros > 15) return readExact(scanner, builder, at)
  const unscaled = scanner.mantissa * POWERS[zeros]!
  const limit = POWERS[Math.min(type.precision, 15)]!
  if (unscaled >= limit || unscaled <= -limit) return readExact(scanner, builder, at)
  builder.appendDecimalNumber(unscaled)
  return next
}

/** Whether a byte starts a number. */
function startsNumber(byte: number): boolean {
  return byte === MINUS || (byte >= ZERO && byte <= NINE)
}

/**
 * Reads 16 to 19 digits as `upper` × 10^9 + `lower` and puts the words together from pieces below 2^53:
 * `upper` = h × 2^16 + l, h × 10^9 = a × 2^16 + b, so the number is a × 2^32 + (b × 2^16 + l × 10^9 + `lower`).
 */
function readLongWhole(scanner: Scanner, builder: ColumnBuilder, at: number): number {
  const isNegative = scanner.peek(at) === MINUS
  const first = isNegative ? at + 1 : at
  const next = scanner.wholeEnd(first)
  if (next - first < 16 || next - first > 19 || scanner.peek(first) === ZERO) return readExact(scanner, builder, at)
  const upper = scanner.wholeAt(first, next - 9)
  const lower = scanner.wholeAt(next - 9, next)
  const product = Math.floor(upper / TWO_16) * BILLION
  const carried = (product % TWO_16) * TWO_16 + (upper % TWO_16) * BILLION + lower
  const high = Math.floor(product / TWO_16) + Math.floor(carried / TWO_32)
  if (high > 0x7fffffff) return readExact(scanner, builder, at)
  const low = (carried % TWO_32) | 0
  if (!isNegative) builder.appendWords(low, high)
  else builder.appendWords(-low, low === 0 ? -high : ~high)
  return next
}

function readExact(scanner: Scanner, builder: ColumnBuilder, at: number): number {
  if (!startsNumber(scanner.peek(at))) return scanner.refuse('MR_RECORD_TYPE', at)
  const next = scanner.number(at)
  if (next < 0) return -1
  const code = appendExactNumber(builder, utf8.decode(scanner.bytes.subarray(at, next)))
  return code === undefined ? next : scanner.refuse(code, at)
}
