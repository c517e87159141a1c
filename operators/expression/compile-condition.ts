// hot path
import type { Batch } from '../../core/model/batch.ts'
import type { ConditionNode, ExpressionNode, Literal } from '../../core/model/expression.ts'
import { type FieldType, fieldIndex, type Schema } from '../../core/model/field-type.ts'
import { acceptedRelations, beginsWith, comparatorOf } from './compare-vectors.ts'
import { expressionType } from './expression-type.ts'
import { bothValid, type VectorSource, vectorSource } from './vector.ts'

/**
 * A compiled condition: writes 1 or 0 into `mask[row]` of every living row of the batch; other rows keep what they had.
 * `mask` has at least `batch.rows` bytes.
 */
export type CompiledCondition = (batch: Batch, mask: Uint8Array) => void

/**
 * Compiles a condition, checked by `expressionType`, to loops over the columns of `schema`. One per task: it owns
 * scratch memory.
 */
export function compileCondition(node: ConditionNode, schema: Schema): CompiledCondition {
  switch (node.kind) {
    case 'compare':
      return comparison(node, schema)
    case 'in':
      return membership(node, schema)
    case 'starts-with':
      return prefixTest(node, schema)
    case 'is-null':
      return nullTest(node.of, schema)
    case 'not':
      return negation(compileCondition(node.of, schema))
    case 'and':
      return both(compileCondition(node.left, schema), compileCondition(node.right, schema))
    case 'or':
      return either(compileCondition(node.left, schema), compileCondition(node.right, schema))
  }
}

/** Selects the living rows of `batch` whose mask is 1; `undefined` where none, the batch itself where all are. */
export function selectMasked<T>(batch: Batch<T>, mask: Uint8Array): Batch<T> | undefined {
  const { selection, count } = batch
  let kept = 0
  for (let i = 0; i < count; i++) kept += mask[selection === null ? i : selection[i]!]!
  if (kept === count) return batch
  if (kept === 0) return undefined
  const rows = new Int32Array(kept)
  let at = 0
  for (let i = 0; i < count; i++) {
    const row = selection === null ? i : selection[i]!
    if (mask[row] === 1) rows[at++] = row
  }
  return batch.select(rows)
}

/** Memory for at least `rows` marks, kept between batches by one owner. */
export function scratchMask(): (rows: number) => Uint8Array {
  let mask = new Uint8Array(0)
  return (rows) => {
    if (mask.length < rows) mask = new Uint8Array(Math.max(rows, 1024))
    return mask
  }
}

function comparison(node: ConditionNode & { kind: 'compare' }, schema: Schema): CompiledCondition {
  const { left, right } = node
  const leftType = operandType(left, right, schema)
  const leftSource = vectorSource(left, schema, leftType)
  const rightSource = vectorSource(right, schema, operandType(right, left, schema))
  const compare = comparatorOf(leftType)
  const accepted = acceptedRelations(node.comparison)
  return (batch, mask) => {
    const leftVector = leftSource(batch)
    const rightVector = rightSource(batch)
    compare(batch, { left: leftVector, right: rightVector, accepted }, mask)
    clearNulls(batch, bothValid(leftVector.validity, rightVector.validity), mask)
  }
}

/** A literal takes the type of the other side. */
function operandType(node: ExpressionNode, other: ExpressionNode, schema: Schema): FieldType {
  return expressionType(node.kind === 'literal' ? other : node, schema).type
}

function membership(node: ConditionNode & { kind: 'in' }, schema: Schema): CompiledCondition {
  const { type } = expressionType(node.of, schema)
  const source = vectorSource(node.of, schema, type)
  const members = node.list.map(
    (value: Literal): VectorSource => vectorSource({ kind: 'literal', value }, schema, type),
  )
  const compare = comparatorOf(type)
  const accepted = acceptedRelations('eq')
  const scratch = scratchMask()
  return (batch, mask) => {
    const vector = source(batch)
    const matches = scratch(batch.rows)
    setLiving(batch, mask, 0)
    for (let i = 0; i < members.length; i++) {
      compare(batch, { left: vector, right: members[i]!(batch), accepted }, matches)
      uniteLiving(batch, mask, matches)
    }
    clearNulls(batch, vector.validity, mask)
  }
}

function prefixTest(node: ConditionNode & { kind: 'starts-with' }, schema: Schema): CompiledCondition {
  const source = vectorSource(node.of, schema, { kind: 'string' })
  const prefix = new TextEncoder().encode(node.prefix)
  return (batch, mask) => {
    const of = source(batch)
    beginsWith(batch, { of, prefix }, mask)
    clearNulls(batch, of.validity, mask)
  }
}

function nullTest(of: ExpressionNode, schema: Schema): CompiledCondition {
  const validityOf = validitySource(of, schema)
  return (batch, mask) => {
    setLiving(batch, mask, 0)
    const validity = validityOf(batch)
    if (validity === null) return
    const { selection, count } = batch
    for (let i = 0; i < count; i++) {
      const row = selection === null ? i : selection[i]!
      mask[row] = ((validity[row >> 3]! >> (row & 7)) & 1) ^ 1
    }
  }
}

function validitySource(node: ExpressionNode, schema: Schema): (batch: Batch) => Uint8Array | null {
  if (node.kind === 'field') {
    const index = fieldIndex(schema, node.name)
    return (batch) => batch.columns[index]!.validity
  }
  if (node.kind === 'calculate' || node.kind === 'utc-date') {
    const source = vectorSource(node, schema, expressionType(node, schema).type)
    return (batch) => source(batch).validity
  }
  return () => null
}

function negation(inner: CompiledCondition): CompiledCondition {
  return (batch, mask) => {
    inner(batch, mask)
    const { selection, count } = batch
    for (let i = 0; i < count; i++) mask[selection === null ? i : selection[i]!]! ^= 1
  }
}

function both(left: CompiledCondition, right: CompiledCondition): CompiledCondition {
  const scratch = scratchMask()
  return (batch, mask) => {
    const other = scratch(batch.rows)
    left(batch, mask)
    right(batch, other)
    const { selection, count } = batch
    for (let i = 0; i < count; i++) {
      const row = selection === null ? i : selection[i]!
      mask[row] = mask[row]! & other[row]!
    }
  }
}

function either(left: CompiledCondition, right: CompiledCondition): CompiledCondition {
  const scratch = scratchMask()
  return (batch, mask) => {
    const other = scratch(batch.rows)
    left(batch, mask)
    right(batch, other)
    uniteLiving(batch, mask, other)
  }
}

function setLiving(batch: Batch, mask: Uint8Array, value: 0 | 1): void {
  const { selection, count } = batch
  for (let i = 0; i < count; i++) mask[selection === null ? i : selection[i]!] = value
}

function uniteLiving(batch: Batch, mask: Uint8Array, more: Uint8Array): void {
  const { selection, count } = batch
  for (let i = 0; i < count; i++) {
    const row = selection === null ? i : selection[i]!
    mask[row] = mask[row]! | more[row]!
  }
}

/** A comparison with null is false. */
function clearNulls(batch: Batch, validity: Uint8Array | null, mask: Uint8Array): void {
  if (validity === null) return
  const { selection, count } = batch
  for (let i = 0; i < count; i++) {
    const row = selection === null ? i : selection[i]!
    mask[row] = mask[row]! & ((validity[row >> 3]! >> (row & 7)) & 1)
  }
}
