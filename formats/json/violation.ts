import type { ErrorCode } from '../../core/model/error-codes.ts'
import { type FieldType, type SchemaField, typeText } from '../../core/model/field-type.ts'
import { CLOSE_ARRAY, CLOSE_OBJECT, COMMA, OPEN_ARRAY, OPEN_OBJECT, QUOTE } from './ascii.ts'
import { NESTING_LIMIT, type Scanner } from './scan.ts'

/** Why a record is refused; `code` is one of `MR_RECORD_…`. */
export interface Violation {
  readonly code: ErrorCode
  readonly message: string
}

/** Longest piece of a payload in a message, in characters. */
const SHOWN = 40

const EXPECTED: Readonly<Record<FieldType['kind'], string>> = {
  string: 'a string',
  boolean: 'true or false',
  int32: 'a whole number of 32 bits',
  int64: 'a whole number of 64 bits',
  integer: 'a whole number within ±2^53',
  float64: 'a finite number',
  decimal: 'a number, or one as text,',
  timestamp: 'epoch milliseconds within ±2^53 µs, or RFC 3339 text with an offset',
  date: 'a day as yyyy-mm-dd',
  binary: 'base64 text with padding',
}

/** A record that is no JSON object as a whole, by what the scanner refused. */
export function documentViolation(scanner: Scanner, start: number): Violation {
  const at = scanner.refusedAt - start
  switch (scanner.refusal) {
    case 'MR_RECORD_UTF8':
      return { code: 'MR_RECORD_UTF8', message: `invalid UTF-8 at byte ${at}` }
    case 'MR_RECORD_NESTING':
      return { code: 'MR_RECORD_NESTING', message: `nested deeper than ${NESTING_LIMIT} levels at byte ${at}` }
    default:
      return { code: 'MR_RECORD_JSON', message: `no valid JSON object: ${foundAt(scanner)} at byte ${at}` }
  }
}

/** A key or value against the contract, by what the scanner refused; `field` is undefined where the key is none. */
export function fieldViolation(scanner: Scanner, field: SchemaField | undefined): Violation {
  const code = scanner.refusal
  if (field === undefined) {
    return { code, message: `a field that the contract does not name: ${reason(code, scanner, '')}` }
  }
  if (code === 'MR_RECORD_MISSING_FIELD') return missingField(field)
  return { code, message: `${named(field)}: ${reason(code, scanner, expected(field.type))}` }
}

/** A field without a value that needs one. */
export function missingField(field: SchemaField): Violation {
  return { code: 'MR_RECORD_MISSING_FIELD', message: `${named(field)}: absent or null, ${expected(field.type)}` }
}

function named(field: SchemaField): string {
  return `field ${JSON.stringify(field.name)}`
}

function expected(type: FieldType): string {
  return `expected ${EXPECTED[type.kind]}${type.kind === 'decimal' ? ` that fits ${typeText(type)}` : ''}`
}

function reason(code: ErrorCode, scanner: Scanner, wanted: string): string {
  switch (code) {
    case 'MR_RECORD_DUPLICATE_KEY':
      return 'named twice'
    case 'MR_RECORD_UNKNOWN_FIELD':
      return `${shownAt(scanner)} is refused`
    case 'MR_RECORD_UTF8':
      return 'an escape names half a surrogate pair'
    default:
      return `${wanted}, found ${shownAt(scanner)}`
  }
}

function foundAt(scanner: Scanner): string {
  if (scanner.refusedAt >= scanner.end) return 'it ends too early'
  return `unexpected byte 0x${scanner.peek(scanner.refusedAt).toString(16).padStart(2, '0')}`
}

/** The token that was refused, cut. */
function shownAt(scanner: Scanner): string {
  const at = scanner.refusedAt
  const first = scanner.peek(at)
  if (first === OPEN_OBJECT) return 'an object'
  if (first === OPEN_ARRAY) return 'an array'
  const next = first === QUOTE ? scanner.afterString(at) : afterToken(scanner, at)
  const bytes = scanner.bytes.subarray(at, Math.min(next < 0 ? scanner.end : next, at + 4 * SHOWN))
  const text = new TextDecoder().decode(bytes)
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN - 1)}…`
}

function afterToken(scanner: Scanner, from: number): number {
  let at = from
  while (at < scanner.end && !endsToken(scanner.peek(at))) at++
  return at
}

function endsToken(byte: number): boolean {
  return byte <= 0x20 || byte === COMMA || byte === CLOSE_ARRAY || byte === CLOSE_OBJECT
}
