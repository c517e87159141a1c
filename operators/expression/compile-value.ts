// hot path
import { appendValue } from '../../core/model/append-value.ts'
import type { Batch } from '../../core/model/batch.ts'
import type { Column } from '../../core/model/column.ts'
import { ColumnBuilder } from '../../core/model/column-builder.ts'
import { type ExpressionNode, expressionText, type Literal } from '../../core/model/expression.ts'
import { fieldIndex, type Schema } from '../../core/model/field-type.ts'
import { type NamedOperator, operatorFailure } from '../../core/model/operator-failure.ts'
import { compileCondition, scratchMask } from './compile-condition.ts'
import { expressionType } from './expression-type.ts'
import { type VectorSource, vectorSource } from './vector.ts'

/**
 * A compiled value: a column of `batch.rows` rows, lent until the next batch; rows that are not alive hold anything.
 */
export type CompiledValue = (batch: Batch) => Column

const TWO_32 = 4294967296

/**
 * Compiles an expression, checked by `expressionType`, to a column. A field is its own column, not a copy. A whole
 * number beyond ±2^53 throws `MR_OPERATOR_FAILED` in the name of `operator`. One per task: it owns scratch memory.
 */
export function compileValue(node: ExpressionNode, schema: Schema, operator: NamedOperator): CompiledValue {
  switch (node.kind) {
    case 'field': {
      const index = fieldIndex(schema, node.name)
      return (batch) => batch.columns[index]!
    }
    case 'literal':
      return constantColumn(node.value, schema)
    case 'calculate': {
      const { type } = expressionType(node, schema)
      const source = vectorSource(node, schema, type)
      if (type.kind === 'float64') return doubleColumn(source)
      return wholeColumn(source, { operator, text: expressionText(node) })
    }
    case 'utc-date':
      return dayColumn(vectorSource(node, schema, { kind: 'date' }))
    default: {
      const evaluate = compileCondition(node, schema)
      const scratch = scratchMask()
      return (batch) => {
        const mask = scratch(batch.rows)
        evaluate(batch, mask)
        return bitColumn(batch, mask)
      }
    }
  }
}

function constantColumn(value: Literal, schema: Schema): CompiledValue {
  const { type } = expressionType({ kind: 'literal', value }, schema)
  const single = new ColumnBuilder(type)
  appendValue(single, value)
  const one = single.finish()
  let column = one
  return (batch) => {
    if (column.length !== batch.rows) {
      const builder = new ColumnBuilder(type)
      // Row 0 as often as there are rows.
      builder.gather(one, new Int32Array(batch.rows), { from: 0, to: batch.rows })
      column = builder.finish()
    }
    return column
  }
}

function doubleColumn(source: VectorSource): CompiledValue {
  let memory = new Float64Array(0)
  return (batch) => {
    const { values, validity } = source(batch)
    if (memory.length < batch.rows) memory = new Float64Array(2 * batch.rows)
    const doubles = memory.subarray(0, batch.rows)
    const { selection, count } = batch
    for (let i = 0; i < count; i++) {
      const row = selection === null ? i : selection[i]!
      doubles[row] = values[row]!
    }
    return { type: { kind: 'float64' }, length: batch.rows, validity, offsets: null, values: doubles }
  }
}

function wholeColumn(
  source: VectorSource,
  blame: { readonly operator: NamedOperator; readonly text: string },
): CompiledValue {
  let memory = new Int32Array(0)
  return (batch) => {
    const { values, validity } = source(batch)
    if (memory.length < 2 * batch.rows) memory = new Int32Array(4 * batch.rows)
    const words = memory.subarray(0, 2 * batch.rows)
    const { selection, count } = batch
    for (let i = 0; i < count; i++) {
      const row = selection === null ? i : selection[i]!
      const value = values[row]!
      if (!Number.isSafeInteger(value)) {
        if (validity !== null && ((validity[row >> 3]! >> (row & 7)) & 1) === 0) continue
        throw operatorFailure({ ...blame, batch, row }, `${blame.text} is ${value}, beyond ±2^53`)
      }
      const high = Math.floor(value / TWO_32)
      words[2 * row] = (value - high * TWO_32) | 0
      words[2 * row + 1] = high
    }
    return { type: { kind: 'integer' }, length: batch.rows, validity, offsets: null, values: words }
  }
}

function dayColumn(source: VectorSource): CompiledValue {
  let memory = new Int32Array(0)
  return (batch) => {
    const { values, validity } = source(batch)
    if (memory.length < batch.rows) memory = new Int32Array(2 * batch.rows)
    const days = memory.subarray(0, batch.rows)
    const { selection, count } = batch
    for (let i = 0; i < count; i++) {
      const row = selection === null ? i : selection[i]!
      days[row] = values[row]!
    }
    return { type: { kind: 'date' }, length: batch.rows, validity, offsets: null, values: days }
  }
}

function bitColumn(batch: Batch, mask: Uint8Array): Column {
  const bits = new Uint8Array((batch.rows + 7) >> 3)
  const { selection, count } = batch
  for (let i = 0; i < count; i++) {
    const row = selection === null ? i : selection[i]!
    bits[row >> 3]! |= mask[row]! << (row & 7)
  }
  return { type: { kind: 'boolean' }, length: batch.rows, validity: null, offsets: null, values: bits }
}
