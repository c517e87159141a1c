import type { Schema } from '../core/model/field-type.ts'
import type { BoundOperator, OperatorFunction } from '../core/ports/operator.ts'
import {
  bindDerivations,
  type Derivation,
  type Derivations,
  type Derived,
  describeDerivations,
} from './columns/derivation.ts'
import { derivedColumns } from './columns/derived-columns.ts'
import { idOf, type OperatorOptions } from './operator-options.ts'
import { stateless } from './stateless.ts'

/**
 * Gives records of exactly the columns named, each an expression or `[field type, function of the record]`. Keeps the
 * order, has no state; a field that is only renamed is not copied. A function that throws stops the task with
 * `MR_OPERATOR_FAILED`.
 *
 * @example
 * select({ id: field('event_id'), mills: field('amount_cents').times(10) })
 */
export function select<T, Results>(
  columns: { readonly [K in keyof Results]: Derivation<NoInfer<T>, Results[K]> },
  options: OperatorOptions = {},
): OperatorFunction<T, Derived<T, Results>> {
  const derivations: Derivations = { ...columns }
  const spec = {
    name: 'select',
    id: idOf('select', options),
    options: describeDerivations('select', derivations),
    exchange: undefined,
    stateful: false,
    replacesFields: true,
    bind: (input: Schema): BoundOperator => bindSelect(derivations, input),
  }
  return (upstream) => upstream.append(spec)
}

function bindSelect(columns: Derivations, input: Schema): BoundOperator {
  const derivations = bindDerivations('select', columns, input)
  const output: Schema = { fields: derivations.map(({ field }) => field) }
  return {
    output,
    create: (context) => {
      const columnsOf = derivedColumns(context, derivations, input)
      return stateless(context.id, (batch, out) => out.emit(batch.withColumns(output, columnsOf(batch))))
    },
  }
}
