import type { ColumnBuilder } from '../../core/model/column-builder.ts'
import type { ErrorCode } from '../../core/model/error-codes.ts'

/** A number of JSON text, exactly: ±`digits` × 10^`exponent`; no zeros around the digits, none at all for zero. */
interface ExactNumber {
  readonly isNegative: boolean
  readonly digits: string
  readonly exponent: number
}

/** More digits than any whole number that fits a column: keeps hostile exponents away from `bigint`. */
const MAX_WHOLE_DIGITS = 40

/**
 * Appends the number that `text`, valid by the grammar of JSON, stands for; or returns the code of the violation.
 * For numbers that are too rare or too long to be worth a fast way.
 */
export function appendExactNumber(builder: ColumnBuilder, text: string): ErrorCode | undefined {
  const type = builder.type
  switch (type.kind) {
    case 'float64':
      return appendFloat64(builder, Number(text))
    case 'int32':
      return appendWhole(builder, text, 2n ** 31n)
    case 'int64':
      return appendWhole(builder, text, 2n ** 63n)
    case 'integer':
      return appendWhole(builder, text, 2n ** 53n)
    case 'timestamp':
      return appendTimestamp(builder, text)
    case 'decimal':
      return appendDecimal(builder, text)
    default:
      return 'MR_RECORD_TYPE'
  }
}

function appendFloat64(builder: ColumnBuilder, value: number): ErrorCode | undefined {
  if (!Number.isFinite(value)) return 'MR_RECORD_RANGE'
  builder.appendFloat64(value)
  return undefined
}

function appendWhole(builder: ColumnBuilder, text: string, limit: bigint): ErrorCode | undefined {
  const exact = exactNumber(text)
  if (exact.exponent < 0) return 'MR_RECORD_TYPE'
  const value = scaled(exact, 0)
  if (value === undefined || value < -limit || value >= limit) return 'MR_RECORD_RANGE'
  if (builder.type.kind === 'int32') builder.appendInt32(Number(value))
  else if (builder.type.kind === 'int64') builder.appendBigint(value)
  else if (value === -limit) return 'MR_RECORD_RANGE'
  else builder.appendWide(Number(value))
  return undefined
}

function appendDecimal(builder: ColumnBuilder, text: string): ErrorCode | undefined {
  const type = builder.type
  if (type.kind !== 'decimal') return 'MR_RECORD_TYPE'
  const exact = exactNumber(text)
  if (exact.exponent + type.scale < 0) return 'MR_RECORD_RANGE'
  const unscaled = scaled(exact, type.scale)
  const limit = 10n ** BigInt(type.precision)
  if (unscaled === undefined || unscaled <= -limit || unscaled >= limit) return 'MR_RECORD_RANGE'
  builder.appendDecimal(unscaled)
  return undefined
}

/** Milliseconds to whole microseconds; halves away from zero. */
function appendTimestamp(builder: ColumnBuilder, text: string): ErrorCode | undefined {
  const exact = exactNumber(text)
  const micros = Number(scaled(roundedTo(exact, 3), 3) ?? Number.POSITIVE_INFINITY)
  if (!Number.isSafeInteger(micros)) return 'MR_RECORD_RANGE'
  builder.appendWide(micros)
  return undefined
}

function exactNumber(text: string): ExactNumber {
  const isNegative = text.startsWith('-')
  const [mantissa = '', power = '0'] = text.slice(isNegative ? 1 : 0).split(/e/i)
  const [whole = '', fraction = ''] = mantissa.split('.')
  const all = whole + fraction
  const last = lastNonZero(all)
  const digits = all.slice(firstNonZero(all), last + 1)
  if (digits === '') return { isNegative, digits, exponent: 0 }
  return { isNegative, digits, exponent: Number(power) - fraction.length + (all.length - 1 - last) }
}

/** The number × 10^`scale`, which is whole; `undefined` where it is too long for any column. */
function scaled(exact: ExactNumber, scale: number): bigint | undefined {
  const { isNegative, digits, exponent } = exact
  if (digits === '') return 0n
  const zeros = exponent + scale
  if (digits.length + zeros > MAX_WHOLE_DIGITS) return undefined
  const size = BigInt(digits) * 10n ** BigInt(zeros)
  return isNegative ? -size : size
}

/** The number with at most `scale` digits after the point. */
function roundedTo(exact: ExactNumber, scale: number): ExactNumber {
  const excess = -(exact.exponent + scale)
  if (excess <= 0) return exact
  const kept = exact.digits.length - excess
  const isUp = kept >= 0 && exact.digits.charCodeAt(kept) >= 0x35
  if (kept > MAX_WHOLE_DIGITS) return { ...exact, digits: exact.digits.slice(0, kept), exponent: -scale }
  const digits = BigInt(exact.digits.slice(0, Math.max(0, kept)) || '0') + (isUp ? 1n : 0n)
  return { isNegative: exact.isNegative, digits: digits === 0n ? '' : String(digits), exponent: -scale }
}

function firstNonZero(digits: string): number {
  let at = 0
  while (at < digits.length && digits.charCodeAt(at) === 0x30) at++
  return at
}

function lastNonZero(digits: string): number {
  let at = digits.length - 1
  while (at >= 0 && digits.charCodeAt(at) === 0x30) at--
  return at
}
