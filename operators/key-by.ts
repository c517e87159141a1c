import type { Schema } from '../core/model/field-type.ts'
import type { KeySelector } from '../core/model/key.ts'
import type { BoundOperator, OperatorFunction } from '../core/ports/operator.ts'
import { checkKeyFields, type KeyOption, keyPlanValue, keySelector } from './key-option.ts'
import type { Keyed } from './keyed.ts'
import { idOf, type OperatorOptions } from './operator-options.ts'
import { stateless } from './stateless.ts'

/**
 * Brings records with equal keys to one task: what follows sees all records of a key, in the order of each split. The
 * key is one field, several, or a function of the record; names of fields are the fast form of the same key. The
 * records stay as they are. A missing value is a key of its own.
 *
 * @example
 * keyBy('user_id')
 * keyBy((event) => [event.region, event.user_id])
 */
export function keyBy<T, const Option extends KeyOption<NoInfer<T>> = KeyOption<T>>(
  key: Option,
  options: OperatorOptions = {},
): OperatorFunction<T, Keyed<T, Option>> {
  const id = idOf('keyBy', options)
  const exchange = keySelector<T>('keyBy', key)
  const spec = {
    name: 'key-by',
    id,
    options: { key: keyPlanValue(exchange) },
    exchange,
    stateful: false,
    bind: (input: Schema): BoundOperator => bindKeyBy(exchange, input),
  }
  return (upstream) => upstream.append(spec)
}

function bindKeyBy(selector: KeySelector, input: Schema): BoundOperator {
  checkKeyFields(selector, input)
  return { output: input, create: ({ id }) => stateless(id, (batch, output) => output.emit(batch)) }
}
