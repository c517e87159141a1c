/** A constant in an expression. */
export type Literal = string | number | bigint | boolean

/** How two values are compared. */
export type Comparison = 'eq' | 'ne' | 'gt' | 'gte' | 'lt' | 'lte'

/** Arithmetic on numbers. */
export type Calculation = 'plus' | 'minus' | 'times'

/** An expression over the fields of a record, as plain data; operators compile it to loops over columns. */
export type ExpressionNode =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'literal'; readonly value: Literal }
  | {
      readonly kind: 'calculate'
      readonly calculation: Calculation
      readonly left: ExpressionNode
      readonly right: ExpressionNode
    }
  | { readonly kind: 'utc-date'; readonly of: ExpressionNode }
  | ConditionNode

/** An expression that is true or false, never null: a comparison with null is false. */
export type ConditionNode =
  | {
      readonly kind: 'compare'
      readonly comparison: Comparison
      readonly left: ExpressionNode
      readonly right: ExpressionNode
    }
  | { readonly kind: 'in'; readonly of: ExpressionNode; readonly list: readonly Literal[] }
  | { readonly kind: 'starts-with'; readonly of: ExpressionNode; readonly prefix: string }
  | { readonly kind: 'is-null'; readonly of: ExpressionNode }
  | { readonly kind: 'and' | 'or'; readonly left: ConditionNode; readonly right: ConditionNode }
  | { readonly kind: 'not'; readonly of: ConditionNode }

/** True where the expression is a condition and not a value. */
export function isCondition(node: ExpressionNode): node is ConditionNode {
  return !['field', 'literal', 'calculate', 'utc-date'].includes(node.kind)
}

const SIGNS = {
  eq: '=',
  ne: '!=',
  gt: '>',
  gte: '>=',
  lt: '<',
  lte: '<=',
  plus: '+',
  minus: '-',
  times: '*',
} as const

/**
 * Readable, unambiguous text of an expression, for plan, digest and messages: equal texts mean equal expressions.
 *
 * @example
 * expressionText(field('amount_cents').gt(0).node) // 'amount_cents > 0'
 */
export function expressionText(node: ExpressionNode): string {
  switch (node.kind) {
    case 'field':
      return /^[A-Za-z_]\w*$/.test(node.name) ? node.name : `field(${JSON.stringify(node.name)})`
    case 'literal':
      return literalText(node.value)
    case 'calculate':
      return `${operandText(node.left)} ${SIGNS[node.calculation]} ${operandText(node.right)}`
    case 'compare':
      return `${operandText(node.left)} ${SIGNS[node.comparison]} ${operandText(node.right)}`
    case 'and':
    case 'or':
      return `${operandText(node.left)} ${node.kind} ${operandText(node.right)}`
    case 'utc-date':
      return `utcDate(${expressionText(node.of)})`
    case 'in':
      return `${operandText(node.of)} in [${node.list.map(literalText).join(', ')}]`
    case 'starts-with':
      return `${operandText(node.of)} startsWith ${JSON.stringify(node.prefix)}`
    case 'is-null':
      return `${operandText(node.of)} isNull`
    case 'not':
      return `not ${operandText(node.of)}`
  }
}

function operandText(node: ExpressionNode): string {
  const isAtom = node.kind === 'field' || node.kind === 'literal' || node.kind === 'utc-date'
  return isAtom ? expressionText(node) : `(${expressionText(node)})`
}

function literalText(value: Literal): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'bigint') return `${value}n`
  return Object.is(value, -0) ? '-0' : String(value)
}
