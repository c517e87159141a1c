import type { ColumnValues } from './column.ts'
import type { FieldType } from './field-type.ts'

/** 32-bit words of one row; 0 for string and binary (bytes) and for boolean (bits). */
export function wordsPerRow(type: FieldType): number {
  switch (type.kind) {
    case 'string':
    case 'binary':
    case 'boolean':
      return 0
    case 'int32':
    case 'date':
      return 1
    case 'int64':
    case 'integer':
    case 'timestamp':
    case 'float64':
      return 2
    case 'decimal':
      return 4
  }
}

/** True for the types whose values have any length. */
export function hasBytes(type: FieldType): boolean {
  return type.kind === 'string' || type.kind === 'binary'
}

/** Bytes under the values of `rows` rows; not for string and binary, whose bytes grow by need. */
export function bytesOfValues(type: FieldType, rows: number): number {
  return type.kind === 'boolean' ? (rows + 7) >> 3 : 4 * wordsPerRow(type) * rows
}

/** All of `memory` as values of a type. */
export function valuesOn(type: FieldType, memory: ArrayBufferLike): ColumnValues {
  if (type.kind === 'float64') return new Float64Array(memory)
  return wordsPerRow(type) === 0 ? new Uint8Array(memory) : new Int32Array(memory)
}

/** How many elements of the values `length` rows take. */
export function usedValues(type: FieldType, length: number, byteLength: number): number {
  if (hasBytes(type)) return byteLength
  if (type.kind === 'boolean') return (length + 7) >> 3
  return type.kind === 'float64' ? length : length * wordsPerRow(type)
}

/** Sets the first `count` bits. */
export function fillBits(bits: Uint8Array, count: number): void {
  bits.fill(255, 0, count >> 3)
  for (let i = count & ~7; i < count; i++) bits[i >> 3]! |= 1 << (i & 7)
}

/** Rows of a type without offsets that there is room for. */
export function rowsIn(type: FieldType, values: ColumnValues): number {
  if (type.kind === 'boolean') return 8 * values.length
  return type.kind === 'float64' ? values.length : Math.floor(values.length / wordsPerRow(type))
}
