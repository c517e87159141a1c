import type { Column } from '../../../core/model/column.ts'
import { bigintAt, dateText, isValid, LAST_DAY, valueAt } from '../../../core/model/column.ts'

/** Longest name of a directory entry on the common file systems, in bytes. */
const NAME_LIMIT_BYTES = 255
const NULL_DIRECTORY = '__HIVE_DEFAULT_PARTITION__'
const encoder = new TextEncoder()

/** The value of a partition column as the log holds it, or why it cannot be one. */
export type PartitionValue =
  | { readonly kind: 'value'; readonly text: string | null }
  | { readonly kind: 'refused'; readonly why: string }

/** The partition value of one row; a pure function of its value. */
export function partitionValue(column: Column, row: number): PartitionValue {
  if (!isValid(column, row)) return { kind: 'value', text: null }
  switch (column.type.kind) {
    case 'timestamp':
      return timestampValue(bigintAt(column, row))
    case 'date':
      return dateValue(column.values[row]!)
    case 'string':
      return textValue(String(valueAt(column, row)))
    default:
      return { kind: 'value', text: String(valueAt(column, row)) }
  }
}

/**
 * The directory of a partition below the table, such as `day=2026-01-31/region=a%2Fb`, or why there can be none.
 * Names are escaped as Hive does it.
 */
export function partitionDirectory(names: readonly string[], values: readonly (string | null)[]): PartitionValue {
  const segments: string[] = []
  for (const [index, name] of names.entries()) {
    const value = values[index] ?? null
    const segment = `${hiveEscape(name)}=${value === null ? NULL_DIRECTORY : hiveEscape(value)}`
    if (encoder.encode(segment).length > NAME_LIMIT_BYTES) {
      return {
        kind: 'refused',
        why: `the value of "${name}" makes a directory name of more than ${NAME_LIMIT_BYTES} bytes`,
      }
    }
    segments.push(segment)
  }
  return { kind: 'value', text: segments.join('/') }
}

/** A path below the table as the log holds it: a relative URI, encoded once. */
export function logPath(path: string): string {
  return path
    .split('/')
    .map((segment) => encodeURIComponent(segment).replaceAll('%3D', '='))
    .join('/')
}

// Hive's list (FileUtils.escapePathName), and NUL, which no file system takes.
function hiveEscape(text: string): string {
  let escaped = ''
  for (const character of text)
    escaped += isEscaped(character)
      ? `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
      : character
  return escaped
}

function isEscaped(character: string): boolean {
  return character < ' ' || character === '\u007f' || '"#%\'*/:=?\\{[]^'.includes(character)
}

function textValue(text: string): PartitionValue {
  // Readers take the empty string for null (Delta protocol, "Partition Value Serialization"): it would be another value.
  if (text === '') return { kind: 'refused', why: 'an empty string cannot be told from null in a partition column' }
  if (text === NULL_DIRECTORY)
    return { kind: 'refused', why: `${NULL_DIRECTORY} stands for null in a partition column` }
  return { kind: 'value', text }
}

function dateValue(days: number): PartitionValue {
  if (Math.abs(days) > LAST_DAY) return outOfYears()
  const text = dateText(days)
  return /^\d{4}-/.test(text) ? { kind: 'value', text } : outOfYears()
}

function timestampValue(micros: bigint): PartitionValue {
  const rest = ((micros % 1000n) + 1000n) % 1000n
  const millis = Number((micros - rest) / 1000n)
  if (Math.abs(millis) > LAST_DAY * 86_400_000) return outOfYears()
  const text = new Date(millis).toISOString()
  if (!/^\d{4}-/.test(text)) return outOfYears()
  return { kind: 'value', text: `${text.slice(0, -1)}${String(rest).padStart(3, '0')}Z` }
}

function outOfYears(): PartitionValue {
  return { kind: 'refused', why: 'a partition column holds years 0000 to 9999 only' }
}
