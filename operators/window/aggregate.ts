import type { Batch } from '../../core/model/batch.ts'
import type { ColumnBuilder } from '../../core/model/column-builder.ts'
import type { FieldType, FieldValue } from '../../core/model/field-type.ts'
import type { PlanValue } from '../../core/ports/operator.ts'
import type { Nullable, ValueOfField } from '../expression/expression.ts'
import type { EntryList } from './entry-list.ts'

declare const needsType: unique symbol
declare const resultType: unique symbol

export const AGGREGATES = ['count', 'sum', 'min', 'max', 'avg'] as const
export type AggregateName = (typeof AGGREGATES)[number]

/** What a window calculates of its records. `Needs` is what a record must have; `Result` is a value type, or a mark as in an expression. */
export interface Aggregate<in Needs, out Result> {
  readonly name: AggregateName
  /** The field that it looks at; `undefined` where it counts records. */
  readonly field: string | undefined
  readonly [needsType]?: (record: Needs) => void
  readonly [resultType]?: Result
}

/** Any aggregate, whatever it needs. */
export type AnyAggregate = Aggregate<never, unknown>

/** A record that has the field `Name` with values of type `V`, or undefined. */
type Having<Name extends string, V> = { readonly [K in Name]: V | undefined }

/**
 * How many records; with a field, how many of them have a value in it.
 *
 * @example
 * events.pipe(keyBy('region'), window(tumbling('1m'), { orders: count(), with_user: count('user_id') }))
 */
export function count<const Names extends readonly [] | readonly [string]>(
  ...[field]: Names
): Aggregate<Names extends readonly [infer Name extends string] ? Having<Name, FieldValue> : unknown, number> {
  return Object.freeze({ name: 'count', field })
}

/** The sum of a number field; of an optional one without its missing values, missing itself where all are. Whole numbers stay exact. */
export function sum<const Name extends string>(
  field: Name,
): Aggregate<Having<Name, number | bigint>, ValueOfField<Name>> {
  return Object.freeze({ name: 'sum', field })
}

/** The least value of a field of numbers, times or days. */
export function min<const Name extends string>(
  field: Name,
): Aggregate<Having<Name, number | bigint | string>, ValueOfField<Name>> {
  return Object.freeze({ name: 'min', field })
}

/** The greatest value of a field of numbers, times or days. */
export function max<const Name extends string>(
  field: Name,
): Aggregate<Having<Name, number | bigint | string>, ValueOfField<Name>> {
  return Object.freeze({ name: 'max', field })
}

/** The mean of a number field, as a double. */
export function avg<const Name extends string>(field: Name): Aggregate<Having<Name, number>, Nullable<number, Name>> {
  return Object.freeze({ name: 'avg', field })
}

/** An aggregate bound to the schema of its input. */
export interface BoundAggregate {
  readonly type: FieldType
  readonly optional: boolean
  /** Doubles that it keeps per window and key. */
  readonly slots: number
  /** One per task. */
  create(): Fold
}

/** Folds records into accumulators; those of an entry are `values[at … at + slots)`. */
export interface Fold {
  /** Sets the accumulators of a window that has no records yet. */
  open(values: Float64Array, at: number): void
  /** Takes the records of a list, rows of `batch`; the accumulators begin `offset` after the place that the list says. */
  take(batch: Batch, entries: EntryList, offset: number): void
  /** Appends the result. Throws `MR_OPERATOR_FAILED` where it does not fit its type. */
  close(values: Float64Array, at: number, into: ColumnBuilder): void
}

/** For plan and digest. */
export function describeAggregate({ name, field }: AnyAggregate): PlanValue {
  return field === undefined ? name : `${name}(${field})`
}
