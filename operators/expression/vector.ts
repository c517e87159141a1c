// hot path
import { appendValue } from '../../core/model/append-value.ts'
import type { Batch } from '../../core/model/batch.ts'
import type { Column, ColumnValues } from '../../core/model/column.ts'
import { ColumnBuilder } from '../../core/model/column-builder.ts'
import { MillraceError } from '../../core/model/errors.ts'
import { type Calculation, type ExpressionNode, expressionText, type Literal } from '../../core/model/expression.ts'
import { type FieldType, fieldIndex, type Schema } from '../../core/model/field-type.ts'
import { daysOf } from '../../core/model/parse-value.ts'
import { expressionType } from './expression-type.ts'

/**
 * The operand of an expression for one batch. Row `r` is at `r * stride`: a constant has stride 0. `values` holds
 * doubles (group number, date in days, boolean as 0 and 1), words (int64: 2 per row, decimal: 4) or bytes with
 * `offsets`. Valid until the next call of its source: the source owns the memory.
 */
export interface Vector {
  readonly values: ColumnValues
  readonly offsets: Int32Array | null
  readonly validity: Uint8Array | null
  readonly stride: 0 | 1
}

export type VectorSource = (batch: Batch) => Vector

const TWO_32 = 4294967296
const DAY_MICROSECONDS = 86_400_000_000

/** A vector source for an operand; `type` is the type that a literal takes, that of the other operand. */
export function vectorSource(node: ExpressionNode, schema: Schema, type: FieldType): VectorSource {
  if (node.kind === 'literal') return constant(node.value, type)
  if (node.kind === 'calculate') return calculated(node, schema)
  if (node.kind === 'utc-date') return utcDays(vectorSource(node.of, schema, { kind: 'integer' }))
  if (node.kind === 'field') return fieldVector(fieldIndex(schema, node.name), type)
  throw new MillraceError('MR_INTERNAL', `a condition is no operand: ${expressionText(node)}`)
}

/** Days since 1970-01-01 from microseconds. */
function utcDays(source: VectorSource): VectorSource {
  const scratch = scratchNumbers()
  return (batch) => {
    const { values, validity } = source(batch)
    const days = scratch(batch.rows)
    const { selection, count } = batch
    for (let i = 0; i < count; i++) {
      const row = selection === null ? i : selection[i]!
      const day = Math.floor(values[row]! / DAY_MICROSECONDS)
      // The quotient may round up to the next day; the product is exact.
      days[row] = day * DAY_MICROSECONDS > values[row]! ? day - 1 : day
    }
    return { values: days, offsets: null, validity, stride: 1 }
  }
}

function constant(value: Literal, type: FieldType): VectorSource {
  const vector = constantVector(value, type)
  return () => vector
}

function constantVector(value: Literal, type: FieldType): Vector {
  const isWords = type.kind === 'int64' || type.kind === 'decimal'
  if (type.kind !== 'string' && !isWords) {
    const number = type.kind === 'date' ? daysOf(String(value)) : Number(value)
    return { values: Float64Array.of(number ?? Number.NaN), offsets: null, validity: null, stride: 0 }
  }
  const builder = new ColumnBuilder(type)
  appendValue(builder, value)
  const { values, offsets } = builder.finish()
  return { values, offsets, validity: null, stride: 0 }
}

function fieldVector(index: number, type: FieldType): VectorSource {
  const load = loaderOf(type)
  if (load === undefined) return (batch) => asStored(batch.columns[index]!)
  const scratch = scratchNumbers()
  return (batch) => {
    const column = batch.columns[index]!
    const values = scratch(batch.rows)
    load(batch, column, values)
    return { values, offsets: null, validity: column.validity, stride: 1 }
  }
}

function asStored(column: Column): Vector {
  return { values: column.values, offsets: column.offsets, validity: column.validity, stride: 1 }
}

type Loader = (batch: Batch, column: Column, out: Float64Array) => void

function loaderOf(type: FieldType): Loader | undefined {
  switch (type.kind) {
    case 'integer':
      return loadWide
    case 'timestamp':
      return loadMilliseconds
    case 'boolean':
      return loadBits
    default:
      return undefined
  }
}

function loadWide(batch: Batch, column: Column, out: Float64Array): void {
  const { selection, count } = batch
  const values = column.values
  for (let i = 0; i < count; i++) {
    const row = selection === null ? i : selection[i]!
    out[row] = values[2 * row + 1]! * TWO_32 + (values[2 * row]! >>> 0)
  }
}

function loadMilliseconds(batch: Batch, column: Column, out: Float64Array): void {
  const { selection, count } = batch
  const values = column.values
  for (let i = 0; i < count; i++) {
    const row = selection === null ? i : selection[i]!
    out[row] = (values[2 * row + 1]! * TWO_32 + (values[2 * row]! >>> 0)) / 1000
  }
}

function loadBits(batch: Batch, column: Column, out: Float64Array): void {
  const { selection, count } = batch
  const values = column.values
  for (let i = 0; i < count; i++) {
    const row = selection === null ? i : selection[i]!
    out[row] = (values[row >> 3]! >> (row & 7)) & 1
  }
}

function calculated(node: ExpressionNode & { kind: 'calculate' }, schema: Schema): VectorSource {
  const leftSource = vectorSource(node.left, schema, expressionType(node.left, schema).type)
  const rightSource = vectorSource(node.right, schema, expressionType(node.right, schema).type)
  const calculate = CALCULATIONS[node.calculation]
  const scratch = scratchNumbers()
  return (batch) => {
    const left = leftSource(batch)
    const right = rightSource(batch)
    const values = scratch(batch.rows)
    calculate(batch, { left, right }, values)
    return { values, offsets: null, validity: bothValid(left.validity, right.validity), stride: 1 }
  }
}

type Calculate = (batch: Batch, sides: { readonly left: Vector; readonly right: Vector }, out: Float64Array) => void

const CALCULATIONS: Readonly<Record<Calculation, Calculate>> = {
  plus: (batch, { left, right }, out) => {
    const { selection, count } = batch
    const [a, b, m, n] = [left.values, right.values, left.stride, right.stride]
    for (let i = 0; i < count; i++) {
      const row = selection === null ? i : selection[i]!
      out[row] = a[row * m]! + b[row * n]!
    }
  },
  minus: (batch, { left, right }, out) => {
    const { selection, count } = batch
    const [a, b, m, n] = [left.values, right.values, left.stride, right.stride]
    for (let i = 0; i < count; i++) {
      const row = selection === null ? i : selection[i]!
      out[row] = a[row * m]! - b[row * n]!
    }
  },
  times: (batch, { left, right }, out) => {
    const { selection, count } = batch
    const [a, b, m, n] = [left.values, right.values, left.stride, right.stride]
    for (let i = 0; i < count; i++) {
      const row = selection === null ? i : selection[i]!
      out[row] = a[row * m]! * b[row * n]!
    }
  },
}

/** Rows that have a value in both: `null` means all of them. */
export function bothValid(left: Uint8Array | null, right: Uint8Array | null): Uint8Array | null {
  if (left === null) return right
  if (right === null) return left
  const both = new Uint8Array(Math.min(left.length, right.length))
  for (let i = 0; i < both.length; i++) both[i] = left[i]! & right[i]!
  return both
}

/** Memory for at least `rows` doubles, kept between batches by one owner. */
function scratchNumbers(): (rows: number) => Float64Array {
  let numbers = new Float64Array(0)
  return (rows) => {
    if (numbers.length < rows) numbers = new Float64Array(Math.max(rows, 1024))
    return numbers
  }
}
