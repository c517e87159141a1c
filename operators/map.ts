import type { Batch } from '../core/model/batch.ts'
import type { Field, RecordOf } from '../core/model/contract.ts'
import { MillraceError } from '../core/model/errors.ts'
import type { FieldValue, Schema } from '../core/model/field-type.ts'
import type { NamedOperator } from '../core/model/operator-failure.ts'
import type { BoundOperator, Operator, OperatorFunction, PlanValue } from '../core/ports/operator.ts'
import { functionColumns } from './columns/function-columns.ts'
import { idOf, type OperatorOptions } from './operator-options.ts'
import { stateless } from './stateless.ts'

/** The fields that a function's results have: names with types as in a contract. */
export type OutputFields = Readonly<Record<string, Field<unknown>>>

/**
 * Turns every record into another one by a function. Its output is declared, never guessed: `fields` are written as in
 * a contract. Keeps the order, has no state. Where the function throws, or gives a value that does not fit its field,
 * the task stops with `MR_OPERATOR_FAILED`. Where columns are only picked or calculated, `select` is faster.
 *
 * @example
 * map({ id: string(), amount: float64() }, (order) => ({ id: order.event_id, amount: order.amount_cents / 100 }))
 */
export function map<T, F extends OutputFields>(
  fields: F,
  mapper: (record: NoInfer<T>) => RecordOf<F>,
  options: OperatorOptions = {},
): OperatorFunction<T, RecordOf<F>> {
  const id = idOf('map', options)
  if (typeof mapper !== 'function' || Object.keys(fields).length === 0) {
    throw new MillraceError('MR_OPTION_INVALID', 'map: it takes the fields of its output and a function of the record')
  }
  const output: Schema = {
    fields: Object.entries(fields).map(([name, { type, optional }]) => ({ name, type, optional })),
  }
  const described: PlanValue = { fields: schemaValue(output), function: String(mapper) }
  const bind = (): BoundOperator => ({ output, create: (context) => mapByFunction(context, mapper, output) })
  const spec = { name: 'map', id, options: described, exchange: undefined, stateful: false, replacesFields: true, bind }
  return (upstream) => upstream.append(spec)
}

function mapByFunction(operator: NamedOperator, mapper: (record: never) => unknown, output: Schema): Operator {
  return stateless(operator.id, (batch: Batch, out) => {
    let result: Readonly<Record<string, FieldValue>> = {}
    const compute = (record: never, index: number): FieldValue => {
      if (index === 0) result = resultOf(mapper(record))
      return result[output.fields[index]!.name]
    }
    out.emit(batch.withColumns(output, functionColumns(batch, { operator, fields: output.fields, compute })))
  })
}

function resultOf(result: unknown): Readonly<Record<string, FieldValue>> {
  if (typeof result !== 'object' || result === null || result instanceof Promise) {
    throw new MillraceError('MR_OPERATOR_FAILED', 'the function of map must return an object, and not a promise')
  }
  // Its values are checked one by one when they enter their columns.
  return result as Readonly<Record<string, FieldValue>>
}

function schemaValue(schema: Schema): PlanValue {
  return schema.fields.map(({ name, type, optional }) => ({ name, type: { ...type }, optional }))
}
