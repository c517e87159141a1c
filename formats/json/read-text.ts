// hot path
import type { ColumnBuilder } from '../../core/model/column-builder.ts'
import { utf8 } from '../../core/model/utf8.ts'
import { QUOTE } from './ascii.ts'
import { decodeBase64 } from './base64.ts'
import { appendExactNumber } from './exact-number.ts'
import { readDecimalNumber, readTimestampNumber } from './read-number.ts'
import type { Scanner } from './scan.ts'
import { dateAt, IMPOSSIBLE, instantAt, MALFORMED } from './time-text.ts'

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/i

/** Reads a string that starts at `at` and appends it; returns the position after it, −1 after `scanner.refuse`. */
export function readString(scanner: Scanner, builder: ColumnBuilder, at: number): number {
  if (scanner.peek(at) !== QUOTE) return scanner.refuse('MR_RECORD_TYPE', at)
  const close = scanner.string(at + 1)
  if (close < 0) return -1
  if (!scanner.hasEscapes) {
    builder.appendFrom(scanner.view, at + 1, close)
    return close + 1
  }
  const next = scanner.takeText(at, close)
  if (next < 0) return -1
  builder.appendBytes(scanner.text, scanner.textStart, scanner.textEnd)
  return next
}

/** As {@link readString}, from base64. */
export function readBinary(scanner: Scanner, builder: ColumnBuilder, at: number): number {
  if (scanner.peek(at) !== QUOTE) return scanner.refuse('MR_RECORD_TYPE', at)
  const next = scanner.readText(at)
  if (next < 0) return -1
  const text = scanner.text.subarray(scanner.textStart, scanner.textEnd)
  const bytes = new Uint8Array(text.length)
  const size = decodeBase64(text, bytes)
  if (size < 0) return scanner.refuse('MR_RECORD_TYPE', at)
  builder.appendBytes(bytes, 0, size)
  return next
}

/** As {@link readString}. */
export function readDate(scanner: Scanner, builder: ColumnBuilder, at: number): number {
  if (scanner.peek(at) !== QUOTE) return scanner.refuse('MR_RECORD_TYPE', at)
  const next = scanner.readText(at)
  if (next < 0) return -1
  const days = dateAt(scanner.text, scanner.textStart, scanner.textEnd)
  if (days === MALFORMED) return scanner.refuse('MR_RECORD_TYPE', at)
  if (days === IMPOSSIBLE) return scanner.refuse('MR_RECORD_RANGE', at)
  builder.appendInt32(days)
  return next
}

/** As {@link readString}, from a number of milliseconds or RFC 3339 text. */
export function readTimestamp(scanner: Scanner, builder: ColumnBuilder, at: number): number {
  if (scanner.peek(at) !== QUOTE) return readTimestampNumber(scanner, builder, at)
  const next = scanner.readText(at)
  if (next < 0) return -1
  const micros = instantAt(scanner.text, scanner.textStart, scanner.textEnd)
  if (micros === MALFORMED) return scanner.refuse('MR_RECORD_TYPE', at)
  if (!Number.isSafeInteger(micros)) return scanner.refuse('MR_RECORD_RANGE', at)
  builder.appendWide(micros)
  return next
}

/** As {@link readString}, from a number or the same as text. */
export function readDecimal(scanner: Scanner, builder: ColumnBuilder, at: number): number {
  if (scanner.peek(at) !== QUOTE) return readDecimalNumber(scanner, builder, at)
  const simple = scanner.simpleNumber(at + 1)
  if (simple >= 0 && scanner.peek(simple) === QUOTE)
    return readDecimalNumber(scanner, builder, at + 1) < 0 ? -1 : simple + 1
  const next = scanner.readText(at)
  if (next < 0) return -1
  const text = utf8.decode(scanner.text.subarray(scanner.textStart, scanner.textEnd))
  const code = NUMBER.test(text) ? appendExactNumber(builder, text) : 'MR_RECORD_TYPE'
  return code === undefined ? next : scanner.refuse(code, at)
}

/** Reads `true` or `false` and appends it. */
export function readBoolean(scanner: Scanner, builder: ColumnBuilder, at: number): number {
  const first = scanner.peek(at)
  if (first !== 0x74 && first !== 0x66) return scanner.refuse('MR_RECORD_TYPE', at)
  const next = scanner.literal(at)
  if (next < 0) return -1
  builder.appendBoolean(next - at === 4)
  return next
}
