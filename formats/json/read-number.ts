// hot path
import type { ColumnBuilder } from '../../core/model/column-builder.ts'
import { MINUS, NINE, ZERO } from './ascii.ts'
import { appendExactNumber } from './exact-number.ts'
import type { Scanner } from './scan.ts'

/** Powers of ten that a double holds exactly. */
const POWERS = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`))
const decoder = new TextDecoder()

/** Reads a number that starts at `at` and appends it; returns the position after it, −1 after `scanner.refuse`. */
export function readInt32(scanner: Scanner, builder: ColumnBuilder, at: number): number {
  const next = scanner.simpleNumber(at)
  if (next < 0 || scanner.fractionDigits !== 0) return readExact(scanner, builder, at)
  const value = scanner.mantissa
  if (value > 0x7fffffff || value < -0x80000000) return scanner.refuse('MR_RECORD_RANGE', at)
  builder.appendInt32(value)
  return next
}

/** As {@link readInt32}, for integer and int64: a simple number fits both. */
export function readWide(scanner: Scanner, builder: ColumnBuilder, at: number): number {
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
export function startsNumber(byte: number): boolean {
  return byte === MINUS || (byte >= ZERO && byte <= NINE)
}

function readExact(scanner: Scanner, builder: ColumnBuilder, at: number): number {
  if (!startsNumber(scanner.peek(at))) return scanner.refuse('MR_RECORD_TYPE', at)
  const next = scanner.number(at)
  if (next < 0) return -1
  const code = appendExactNumber(builder, decoder.decode(scanner.bytes.subarray(at, next)))
  return code === undefined ? next : scanner.refuse(code, at)
}
