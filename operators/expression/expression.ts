import { MillraceError } from '../../core/model/errors.ts'
import type { ConditionNode, ExpressionNode, Literal } from '../../core/model/expression.ts'

declare const needsType: unique symbol
declare const resultType: unique symbol
declare const nullableType: unique symbol
declare const referenceType: unique symbol

/**
 * A value computed from the fields of a record: plain data in `node`, so that operators stay columnar.
 * `Needs` is what the record must have; `Result` is a value type, or a mark that {@link ResultOf} resolves.
 */
export interface Expression<in Needs, out Result> {
  readonly node: ExpressionNode
  readonly [needsType]?: (record: Needs) => void
  readonly [resultType]?: Result
}

/** Any expression, whatever it needs. */
export type AnyExpression = Expression<never, unknown>

/** Mark of a result that is `V`, or undefined where one of the fields `Names` is. */
export interface Nullable<out V, out Names> {
  readonly [nullableType]: readonly [V, Names]
}

/** Mark of a result that is the field `Name` itself. */
export interface ValueOfField<out Name> {
  readonly [referenceType]: Name
}

/** The value type of an expression's `Result` on records of type `T`. */
export type ResultOf<T, Result> =
  Result extends ValueOfField<infer Name>
    ? T[Name & keyof T]
    : Result extends Nullable<infer V, infer Names>
      ? V | Extract<T[Names & keyof T], undefined>
      : Result

/** The type that a literal stands for: `'eu'` is a string. */
export type Widened<L> = L extends string
  ? string
  : L extends number
    ? number
    : L extends bigint
      ? bigint
      : L extends boolean
        ? boolean
        : never

/** True or false on every record; combine with `and`, `or`, `not`. */
export interface Condition<in Needs> extends Expression<Needs, boolean> {
  readonly node: ConditionNode
  and<More>(other: Condition<More>): Condition<Needs & More>
  or<More>(other: Condition<More>): Condition<Needs & More>
  not(): Condition<Needs>
}

export function condition<Needs>(node: ConditionNode): Condition<Needs> {
  return Object.freeze({
    node,
    and: <More>(other: Condition<More>): Condition<Needs & More> =>
      condition({ kind: 'and', left: node, right: other.node }),
    or: <More>(other: Condition<More>): Condition<Needs & More> =>
      condition({ kind: 'or', left: node, right: other.node }),
    not: (): Condition<Needs> => condition({ kind: 'not', of: node }),
  })
}

/** True where `value` was made by `field()`, `literal()`, `utcDate()` or a method of theirs. */
export function isExpression(value: unknown): value is AnyExpression {
  return typeof value === 'object' && value !== null && 'node' in value
}

export function literalNode(value: Literal): ExpressionNode {
  if (!(['string', 'bigint', 'boolean'].includes(typeof value) || Number.isFinite(value))) {
    throw new MillraceError(
      'MR_OPTION_INVALID',
      `a constant is text, a finite number, a bigint or a boolean, not ${value}`,
    )
  }
  return { kind: 'literal', value }
}
