// hot path
import type { Batch } from '../../core/model/batch.ts'
import type { Comparison } from '../../core/model/expression.ts'
import type { FieldType } from '../../core/model/field-type.ts'
import type { Vector } from './vector.ts'

/** How two values of a row lie to each other, as bits: a comparison accepts some of them. NaN is unordered. */
const LESS = 1
const EQUAL = 2
const GREATER = 4
const UNORDERED = 8

const SIGN_BIT = 0x80000000

const ACCEPTED: Readonly<Record<Comparison, number>> = {
  eq: EQUAL,
  ne: LESS | GREATER | UNORDERED,
  gt: GREATER,
  gte: GREATER | EQUAL,
  lt: LESS,
  lte: LESS | EQUAL,
}

/** Two operands and the relations to look for. */
export interface ComparedVectors {
  readonly left: Vector
  readonly right: Vector
  readonly accepted: number
}

/** Writes 1 or 0 into `mask[row]` of every living row, without regard to null. */
export type CompareVectors = (batch: Batch, compared: ComparedVectors, mask: Uint8Array) => void

export function acceptedRelations(comparison: Comparison): number {
  return ACCEPTED[comparison]
}

/** The loop that compares values of `type`: text by code point, numbers as doubles, int64 and decimal exactly. */
export function comparatorOf(type: FieldType): CompareVectors {
  switch (type.kind) {
    case 'string':
    case 'binary':
      return compareBytes
    case 'int64':
      return compareWords(2)
    case 'decimal':
      return compareWords(4)
    default:
      return compareNumbers
  }
}

function compareNumbers(batch: Batch, { left, right, accepted }: ComparedVectors, mask: Uint8Array): void {
  const { selection, count } = batch
  const a = left.values
  const b = right.values
  const m = left.stride
  const n = right.stride
  for (let i = 0; i < count; i++) {
    const row = selection === null ? i : selection[i]!
    const x = a[row * m]!
    const y = b[row * n]!
    const relation = x < y ? LESS : x > y ? GREATER : x === y ? EQUAL : UNORDERED
    mask[row] = (relation & accepted) === 0 ? 0 : 1
  }
}

function compareWords(width: 2 | 4): CompareVectors {
  return (batch, { left, right, accepted }, mask) => {
    const { selection, count } = batch
    for (let i = 0; i < count; i++) {
      const row = selection === null ? i : selection[i]!
      const a = row * left.stride * width
      const b = row * right.stride * width
      let word = width - 1
      while (word > 0 && left.values[a + word] === right.values[b + word]) word--
      // Only the highest word carries the sign.
      const flip = word === width - 1 ? 0 : SIGN_BIT
      const relation = relationOf(left.values[a + word]! ^ flip, right.values[b + word]! ^ flip)
      mask[row] = (relation & accepted) === 0 ? 0 : 1
    }
  }
}

function relationOf(x: number, y: number): number {
  return x < y ? LESS : x > y ? GREATER : EQUAL
}

function compareBytes(batch: Batch, { left, right, accepted }: ComparedVectors, mask: Uint8Array): void {
  const { selection, count } = batch
  for (let i = 0; i < count; i++) {
    const row = selection === null ? i : selection[i]!
    mask[row] = (relationOfBytes(left, right, row) & accepted) === 0 ? 0 : 1
  }
}

function relationOfBytes(left: Vector, right: Vector, row: number): number {
  const a = left.values
  const b = right.values
  const leftAt = row * left.stride
  const rightAt = row * right.stride
  const aStart = left.offsets![leftAt]!
  const bStart = right.offsets![rightAt]!
  const aSize = left.offsets![leftAt + 1]! - aStart
  const bSize = right.offsets![rightAt + 1]! - bStart
  const shared = Math.min(aSize, bSize)
  let at = 0
  while (at < shared && a[aStart + at] === b[bStart + at]) at++
  return at < shared ? relationOf(a[aStart + at]!, b[bStart + at]!) : relationOf(aSize, bSize)
}

/** Writes 1 or 0 into `mask[row]` of every living row: whether the text of `of` begins with `prefix`. */
export function beginsWith(
  batch: Batch,
  compared: { readonly of: Vector; readonly prefix: Uint8Array },
  mask: Uint8Array,
): void {
  const { selection, count } = batch
  const { of, prefix } = compared
  const values = of.values
  const offsets = of.offsets!
  for (let i = 0; i < count; i++) {
    const row = selection === null ? i : selection[i]!
    const start = offsets[row]!
    const isLongEnough = offsets[row + 1]! - start >= prefix.length
    let at = isLongEnough ? 0 : -1
    while (at >= 0 && at < prefix.length && values[start + at] === prefix[at]) at++
    mask[row] = at === prefix.length ? 1 : 0
  }
}
