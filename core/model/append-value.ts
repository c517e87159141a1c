// hot path
import type { ColumnBuilder } from './column-builder.ts'
import type { FieldValue } from './field-type.ts'
import { daysOf, misfit, unscaledOf } from './parse-value.ts'

const encoder = new TextEncoder()

/**
 * Appends a value as user code gives it; `undefined` and `null` append a null. Throws `MR_OPERATOR_FAILED` where the value
 * does not fit the type.
 */
export function appendValue(builder: ColumnBuilder, value: FieldValue | null): void {
  if (value === undefined || value === null) builder.appendNull()
  else appendChecked(builder, value)
}

type Given = string | boolean | number | bigint | Uint8Array

function appendChecked(builder: ColumnBuilder, value: Given): void {
  const isTaken = typeof value === 'number' ? appendNumber(builder, value) : appendOther(builder, value)
  if (!isTaken) throw misfit(builder.type, value)
}

function appendNumber(builder: ColumnBuilder, value: number): boolean {
  const kind = builder.type.kind
  const micros = Math.round(value * 1000)
  if (kind === 'int32' && (value | 0) === value) builder.appendInt32(value)
  else if (kind === 'integer' && Number.isSafeInteger(value)) builder.appendWide(value)
  else if (kind === 'float64') builder.appendFloat64(value)
  else if (kind === 'timestamp' && Number.isSafeInteger(micros)) builder.appendWide(micros)
  else return false
  return true
}

function appendOther(builder: ColumnBuilder, value: Given): boolean {
  if (typeof value === 'string') return appendText(builder, value)
  const kind = builder.type.kind
  if (kind === 'boolean' && typeof value === 'boolean') builder.appendBoolean(value)
  else if (kind === 'int64' && typeof value === 'bigint' && BigInt.asIntN(64, value) === value)
    builder.appendBigint(value)
  else if (kind === 'binary' && value instanceof Uint8Array) builder.appendBytes(value, 0, value.length)
  else return false
  return true
}

function appendText(builder: ColumnBuilder, value: string): boolean {
  const type = builder.type
  const days = type.kind === 'date' ? daysOf(value) : undefined
  if (type.kind === 'string' && value.isWellFormed()) {
    const bytes = encoder.encode(value)
    builder.appendBytes(bytes, 0, bytes.length)
  } else if (days !== undefined) builder.appendInt32(days)
  else if (type.kind === 'decimal') builder.appendDecimal(unscaledOf(value, type.precision, type.scale))
  else return false
  return true
}
