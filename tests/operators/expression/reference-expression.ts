import type { Comparison, ConditionNode, ExpressionNode, Literal } from '../../../core/model/expression.ts'
import type { FieldValue } from '../../../core/model/field-type.ts'
import type { Fields } from '../batches.ts'

/** What an expression means, said the plain way on one record as an object. */
export function evaluate(node: ExpressionNode, record: Fields): FieldValue {
  switch (node.kind) {
    case 'field':
      return record[node.name]
    case 'literal':
      return node.value
    case 'calculate': {
      const [a, b] = [evaluate(node.left, record), evaluate(node.right, record)]
      if (typeof a !== 'number' || typeof b !== 'number') return undefined
      return node.calculation === 'plus' ? a + b : node.calculation === 'minus' ? a - b : a * b
    }
    case 'utc-date': {
      const at = evaluate(node.of, record)
      return typeof at === 'number' ? new Date(Math.floor(at)).toISOString().slice(0, 10) : undefined
    }
    default:
      return holds(node, record)
  }
}

export function holds(node: ConditionNode, record: Fields): boolean {
  switch (node.kind) {
    case 'compare':
      return compares(node.comparison, evaluate(node.left, record), evaluate(node.right, record))
    case 'in':
      return node.list.some((member: Literal) => compares('eq', evaluate(node.of, record), member))
    case 'starts-with':
      return (
        String(evaluate(node.of, record) ?? '\u0000').startsWith(node.prefix) && evaluate(node.of, record) !== undefined
      )
    case 'is-null':
      return evaluate(node.of, record) === undefined
    case 'and':
      return holds(node.left, record) && holds(node.right, record)
    case 'or':
      return holds(node.left, record) || holds(node.right, record)
    case 'not':
      return !holds(node.of, record)
  }
}

function compares(comparison: Comparison, left: FieldValue, right: FieldValue): boolean {
  if (left === undefined || right === undefined) return false
  const [a, b] = typeof left === 'string' && typeof right === 'string' ? ordered(left, right) : [left, right]
  switch (comparison) {
    case 'eq':
      return a === b
    case 'ne':
      return a !== b
    case 'gt':
      return a > b
    case 'gte':
      return a >= b
    case 'lt':
      return a < b
    case 'lte':
      return a <= b
  }
}

/** Text as numbers that lie to each other as the texts do by code point; decimals as their value. */
function ordered(left: string, right: string): readonly [number, number] {
  if (isDecimal(left) && isDecimal(right)) return [Math.sign(Number(cents(left) - cents(right))), 0]
  return [Buffer.compare(Buffer.from(left), Buffer.from(right)), 0]
}

const isDecimal = (text: string): boolean => /^-?\d+\.\d\d$/.test(text)
const cents = (text: string): bigint => BigInt(text.replace('.', ''))
