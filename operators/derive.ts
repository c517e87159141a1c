import { MillraceError } from '../core/model/errors.ts'
import type { Schema } from '../core/model/field-type.ts'
import type { BoundOperator, OperatorFunction } from '../core/ports/operator.ts'
import {
  type BoundDerivation,
  bindDerivations,
  type Derivation,
  type Derivations,
  type Derived,
  describeDerivations,
} from './columns/derivation.ts'
import { derivedColumns } from './columns/derived-columns.ts'
import { idOf, type OperatorOptions } from './operator-options.ts'
import { stateless } from './stateless.ts'

/** A record type with more fields. */
export type Extended<T, More> = {
  readonly [K in keyof T | keyof More]: K extends keyof More ? More[K] : K extends keyof T ? T[K] : never
}

/**
 * Appends columns, each an expression or `[field type, function of the record]`. Keeps the order, has no state. An
 * expression over optional fields gives an optional column. A name that the records have already is refused with
 * `MR_OPTION_INVALID`; a function that throws stops the task with `MR_OPERATOR_FAILED`.
 *
 * @example
 * derive({
 *   partition_date: utcDate('event_ts'),
 *   amount: [float64(), (order) => order.amount_cents / 100],
 * })
 */
export function derive<T, Results>(
  columns: { readonly [K in keyof Results]: Derivation<NoInfer<T>, Results[K]> },
  options: OperatorOptions = {},
): OperatorFunction<T, Extended<T, Derived<T, Results>>> {
  const derivations: Derivations = { ...columns }
  const spec = {
    name: 'derive',
    id: idOf('derive', options),
    options: describeDerivations('derive', derivations),
    exchange: undefined,
    stateful: false,
    bind: (input: Schema): BoundOperator => bindDerive(bindDerivations('derive', derivations, input), input),
  }
  return (upstream) => upstream.append(spec)
}

function bindDerive(derivations: readonly BoundDerivation[], input: Schema): BoundOperator {
  for (const { field } of derivations) {
    const taken = input.fields.find((present) => present.name.toLowerCase() === field.name.toLowerCase())
    if (taken !== undefined) {
      throw new MillraceError(
        'MR_OPTION_INVALID',
        `derive: the records have a field "${taken.name}" already; give "${field.name}" another name`,
      )
    }
  }
  const output: Schema = { fields: [...input.fields, ...derivations.map(({ field }) => field)] }
  return {
    output,
    create: (context) => {
      const columnsOf = derivedColumns(context, derivations, input)
      return stateless(context.id, (batch, out) =>
        out.emit(batch.withColumns(output, [...batch.columns, ...columnsOf(batch)])),
      )
    },
  }
}
