import { unknownField } from '../../core/model/batch.ts'
import { MillraceError } from '../../core/model/errors.ts'
import { type ExpressionNode, expressionText, type Literal } from '../../core/model/expression.ts'
import { type FieldType, fieldIndex, type Schema, typeText } from '../../core/model/field-type.ts'
import { daysOf, unscaledOf } from '../../core/model/parse-value.ts'

/** What an expression gives on records of a schema. */
export interface ValueType {
  readonly type: FieldType
  readonly optional: boolean
}

const BOOLEAN: ValueType = { type: { kind: 'boolean' }, optional: false }

/**
 * Type of an expression's value. Throws `MR_FIELD_UNKNOWN` for a field that is not there and `MR_OPTION_INVALID` for
 * one of the wrong type.
 */
export function expressionType(node: ExpressionNode, schema: Schema): ValueType {
  switch (node.kind) {
    case 'field': {
      const found = schema.fields[fieldIndex(schema, node.name)]
      if (found === undefined) throw unknownField(node.name, schema)
      return found
    }
    case 'literal':
      return { type: literalType(node.value), optional: false }
    case 'calculate':
      return calculationType(node, schema)
    case 'utc-date': {
      const { type, optional } = expressionType(node.of, schema)
      if (type.kind !== 'timestamp')
        throw misuse(node, `${expressionText(node.of)} is ${typeText(type)}, not a timestamp`)
      return { type: { kind: 'date' }, optional }
    }
    default:
      checkCondition(node, schema)
      return BOOLEAN
  }
}

/** A literal as a value of `type`, which another operand has; throws `MR_OPTION_INVALID` where it cannot be one. */
function checkLiteral(node: ExpressionNode, value: Literal, type: FieldType): void {
  if (!isLiteralOf(value, type)) {
    throw misuse(node, `the constant ${typeof value} ${value} cannot be compared with ${typeText(type)}`)
  }
}

/** Types of one group can be compared with each other. */
function comparisonGroup(type: FieldType): string {
  switch (type.kind) {
    case 'int32':
    case 'integer':
    case 'float64':
    case 'timestamp':
      return 'number'
    default:
      return typeText(type)
  }
}

function literalType(value: Literal): FieldType {
  switch (typeof value) {
    case 'string':
      return { kind: 'string' }
    case 'boolean':
      return { kind: 'boolean' }
    case 'bigint':
      return { kind: 'int64' }
    default:
      return { kind: Number.isSafeInteger(value) ? 'integer' : 'float64' }
  }
}

function calculationType(node: ExpressionNode & { kind: 'calculate' }, schema: Schema): ValueType {
  const left = expressionType(node.left, schema)
  const right = expressionType(node.right, schema)
  for (const [of, { type }] of [[node.left, left] as const, [node.right, right] as const]) {
    if (!(type.kind === 'int32' || type.kind === 'integer' || type.kind === 'float64')) {
      throw misuse(
        node,
        `${expressionText(of)} is ${typeText(type)}; only int32, integer and float64 can be calculated with`,
      )
    }
  }
  const isWhole = left.type.kind !== 'float64' && right.type.kind !== 'float64'
  return { type: { kind: isWhole ? 'integer' : 'float64' }, optional: left.optional || right.optional }
}

function checkCondition(node: ExpressionNode, schema: Schema): void {
  switch (node.kind) {
    case 'and':
    case 'or':
      checkCondition(node.left, schema)
      checkCondition(node.right, schema)
      return
    case 'not':
      checkCondition(node.of, schema)
      return
    case 'is-null':
      expressionType(node.of, schema)
      return
    case 'starts-with': {
      const { type } = expressionType(node.of, schema)
      if (type.kind !== 'string') throw misuse(node, `${expressionText(node.of)} is ${typeText(type)}, not text`)
      return
    }
    case 'in': {
      const { type } = expressionType(node.of, schema)
      for (const value of node.list) checkLiteral(node, value, type)
      return
    }
    case 'compare':
      checkComparison(node, schema)
  }
}

function checkComparison(node: ExpressionNode & { kind: 'compare' }, schema: Schema): void {
  const { left, right } = node
  if (left.kind === 'literal' && right.kind === 'literal') throw misuse(node, 'both sides are constants')
  if (right.kind === 'literal') checkLiteral(node, right.value, expressionType(left, schema).type)
  else if (left.kind === 'literal') checkLiteral(node, left.value, expressionType(right, schema).type)
  else {
    const a = expressionType(left, schema).type
    const b = expressionType(right, schema).type
    if (a.kind === 'binary' || comparisonGroup(a) !== comparisonGroup(b)) {
      throw misuse(node, `${typeText(a)} cannot be compared with ${typeText(b)}`)
    }
  }
}

function isLiteralOf(value: Literal, type: FieldType): boolean {
  switch (type.kind) {
    case 'string':
      return typeof value === 'string' && value.isWellFormed()
    case 'date':
      return typeof value === 'string' && daysOf(value) !== undefined
    case 'decimal':
      return typeof value === 'string' && isDecimal(value, type.precision, type.scale)
    case 'boolean':
      return typeof value === 'boolean'
    case 'int64':
      return typeof value === 'bigint' && BigInt.asIntN(64, value) === value
    case 'binary':
      return false
    default:
      return typeof value === 'number'
  }
}

function isDecimal(value: string, precision: number, scale: number): boolean {
  try {
    unscaledOf(value, precision, scale)
    return true
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'MR_OPERATOR_FAILED') return false
    throw error
  }
}

function misuse(node: ExpressionNode, why: string): MillraceError {
  return new MillraceError('MR_OPTION_INVALID', `expression ${expressionText(node)}: ${why}`)
}
