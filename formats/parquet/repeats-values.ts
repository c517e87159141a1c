import type { Column } from '../../core/model/column.ts'

const SAMPLES = 512

/**
 * True where the values of a column repeat so often that a dictionary of them is worth its making: judged by up to 512
 * rows, of which at least half must be known already. A dictionary of values that are all different costs more time
 * than all else of an encode, and makes the file larger.
 */
export function repeatsValues(column: Column): boolean {
  const { length } = column
  const samples = Math.min(SAMPLES, length)
  const seen = new Set<number>()
  for (let i = 0; i < samples; i++) seen.add(hashOf(column, Math.floor((i * length) / samples)))
  return 2 * seen.size <= samples
}

/** Equal values have equal hashes; the few others that have do no harm. */
function hashOf({ type, offsets, values }: Column, row: number): number {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  if (type.kind === 'boolean') return (bytes[row >> 3]! >> (row & 7)) & 1
  const width = type.kind === 'float64' ? 8 : 4 * wordsOf(type.kind)
  const start = offsets === null ? row * width : offsets[row]!
  const end = offsets === null ? start + width : offsets[row + 1]!
  let hash = end - start
  for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0
  return hash
}

function wordsOf(kind: Column['type']['kind']): number {
  if (kind === 'int32' || kind === 'date') return 1
  return kind === 'decimal' ? 4 : 2
}
