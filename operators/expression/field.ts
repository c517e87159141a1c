import type { Calculation, Comparison, ExpressionNode, Literal } from '../../core/model/expression.ts'
import type { FieldValue } from '../../core/model/field-type.ts'
import {
  type AnyExpression,
  type Condition,
  condition,
  type Expression,
  isExpression,
  literalNode,
  type Nullable,
  type ValueOfField,
  type Widened,
} from './expression.ts'

/** A record that has the field `Name` with values of type `V`, or undefined. */
type Having<Name extends string, V> = { readonly [K in Name]: V | undefined }

/** What a comparison with `Other` asks of the record: a literal asks for a field of its own type. */
type ComparedWith<Name extends string, Other> = [Other] extends [Expression<infer Needs, unknown>]
  ? Having<Name, FieldValue> & Needs
  : Having<Name, Widened<Other>>

type NeedsOf<Other> = [Other] extends [Expression<infer Needs, unknown>] ? Needs : unknown

/** What arithmetic with `Other` asks of the record: fields must be numbers. */
type NumberNeeds<Other> = [Other] extends [Expression<infer Needs, infer Result>]
  ? Result extends ValueOfField<infer Name>
    ? Having<Name & string, number>
    : Needs
  : unknown

type NamesOf<Other> = [Other] extends [Expression<never, infer Result>]
  ? Result extends ValueOfField<infer Name>
    ? Name
    : Result extends Nullable<unknown, infer Names>
      ? Names
      : never
  : never

type NumberOperand = number | Expression<never, ValueOfField<string> | Nullable<number, string>>

interface NumberMethods<Needs, Names> {
  plus<Other extends NumberOperand>(other: Other): NumberExpression<Needs & NumberNeeds<Other>, Names | NamesOf<Other>>
  minus<Other extends NumberOperand>(other: Other): NumberExpression<Needs & NumberNeeds<Other>, Names | NamesOf<Other>>
  times<Other extends NumberOperand>(other: Other): NumberExpression<Needs & NumberNeeds<Other>, Names | NamesOf<Other>>
}

/** A calculated number: null where one of its fields is. Whole numbers stay whole; beyond ±2^53 the task fails. */
export interface NumberExpression<Needs, Names>
  extends Expression<Needs, Nullable<number, Names>>,
    NumberMethods<Needs, Names> {
  eq<Other extends number | AnyExpression>(other: Other): Condition<Needs & NeedsOf<Other>>
  ne<Other extends number | AnyExpression>(other: Other): Condition<Needs & NeedsOf<Other>>
  gt<Other extends number | AnyExpression>(other: Other): Condition<Needs & NeedsOf<Other>>
  gte<Other extends number | AnyExpression>(other: Other): Condition<Needs & NeedsOf<Other>>
  lt<Other extends number | AnyExpression>(other: Other): Condition<Needs & NeedsOf<Other>>
  lte<Other extends number | AnyExpression>(other: Other): Condition<Needs & NeedsOf<Other>>
  in(list: readonly number[]): Condition<Needs>
  isNull(): Condition<Needs>
  isNotNull(): Condition<Needs>
}

/** A field by name. Comparisons with null are false, `ne` too; text is compared by code point. */
export interface FieldExpression<Name extends string>
  extends Expression<Having<Name, FieldValue>, ValueOfField<Name>>,
    NumberMethods<Having<Name, number>, Name> {
  eq<Other extends Literal | AnyExpression>(other: Other): Condition<ComparedWith<Name, Other>>
  ne<Other extends Literal | AnyExpression>(other: Other): Condition<ComparedWith<Name, Other>>
  gt<Other extends Literal | AnyExpression>(other: Other): Condition<ComparedWith<Name, Other>>
  gte<Other extends Literal | AnyExpression>(other: Other): Condition<ComparedWith<Name, Other>>
  lt<Other extends Literal | AnyExpression>(other: Other): Condition<ComparedWith<Name, Other>>
  lte<Other extends Literal | AnyExpression>(other: Other): Condition<ComparedWith<Name, Other>>
  in<Other extends Literal>(list: readonly Other[]): Condition<ComparedWith<Name, Other>>
  startsWith(prefix: string): Condition<Having<Name, string>>
  isNull(): Condition<Having<Name, FieldValue>>
  isNotNull(): Condition<Having<Name, FieldValue>>
}

/**
 * A field of the record in an expression; the operator that takes the expression checks name and type.
 *
 * @example
 * filter(field('amount_cents').gt(0).and(field('region').in(['eu', 'us'])))
 */
export function field<const Name extends string>(name: Name): FieldExpression<Name> {
  const node: ExpressionNode = { kind: 'field', name }
  return Object.freeze({ node, ...comparisons(node), ...calculations(node), ...textTests(node) })
}

/** A constant. @example derive({ source: literal('web') }) */
export function literal<const L extends Literal>(value: L): Expression<unknown, Widened<L>> {
  return Object.freeze({ node: literalNode(value) })
}

/**
 * The calendar day in UTC of a timestamp field.
 *
 * @example
 * derive({ partition_date: utcDate('event_ts') })
 */
export function utcDate<const Name extends string>(
  name: Name,
): Expression<Having<Name, number>, Nullable<string, Name>> {
  return Object.freeze({ node: { kind: 'utc-date' as const, of: { kind: 'field' as const, name } } })
}

function comparisons(left: ExpressionNode) {
  const compare =
    (comparison: Comparison) =>
    (other: Literal | AnyExpression): Condition<unknown> =>
      condition({ kind: 'compare', comparison, left, right: operand(other) })
  return {
    eq: compare('eq'),
    ne: compare('ne'),
    gt: compare('gt'),
    gte: compare('gte'),
    lt: compare('lt'),
    lte: compare('lte'),
    in: (list: readonly Literal[]): Condition<unknown> => condition({ kind: 'in', of: left, list: checkedList(list) }),
    isNull: (): Condition<unknown> => condition({ kind: 'is-null', of: left }),
    isNotNull: (): Condition<unknown> => condition({ kind: 'not', of: { kind: 'is-null', of: left } }),
  }
}

function calculations(left: ExpressionNode) {
  const calculate = (calculation: Calculation) => (other: NumberOperand) =>
    numberExpression({ kind: 'calculate', calculation, left, right: operand(other) })
  return { plus: calculate('plus'), minus: calculate('minus'), times: calculate('times') }
}

function textTests(of: ExpressionNode) {
  return { startsWith: (prefix: string): Condition<unknown> => condition({ kind: 'starts-with', of, prefix }) }
}

function numberExpression(node: ExpressionNode): NumberExpression<unknown, never> {
  return Object.freeze({ node, ...comparisons(node), ...calculations(node) })
}

function operand(other: Literal | AnyExpression): ExpressionNode {
  return isExpression(other) ? other.node : literalNode(other)
}

function checkedList(list: readonly Literal[]): readonly Literal[] {
  for (const value of list) literalNode(value)
  return [...list]
}
