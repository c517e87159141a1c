import { unknownField } from '../../core/model/batch.ts'
import { MillraceError } from '../../core/model/errors.ts'
import { fieldIndex, type Schema, type SchemaField } from '../../core/model/field-type.ts'
import type { KeySelector } from '../../core/model/key.ts'
import type { AnyAggregate, BoundAggregate } from './aggregate.ts'
import { bindAggregate } from './bind-aggregate.ts'

/** Names of the fields that say which window a result is of. */
export const START = 'window_start'
export const END = 'window_end'

/** A window bound to the schema of its input: results have the fields of the key, the two of the window, the aggregates. */
export interface BoundWindow {
  readonly key: KeySelector
  readonly keyFields: readonly SchemaField[]
  readonly aggregates: readonly BoundAggregate[]
  readonly output: Schema
}

/** Throws `MR_OPTION_INVALID` where the stream is not keyed by fields or two fields of the result have one name, `MR_FIELD_UNKNOWN`. */
export function bindWindow(
  aggregates: Readonly<Record<string, AnyAggregate>>,
  input: Schema,
  key: KeySelector | undefined,
): BoundWindow {
  if (key?.kind !== 'fields') {
    const why = key === undefined ? 'the stream is not keyed' : 'the stream is keyed by a function'
    throw new MillraceError('MR_OPTION_INVALID', `window: ${why}; put keyBy('…') with names of fields before it`)
  }
  const keyFields = key.names.map((name) => fieldOf(name, input))
  const bound = Object.entries(aggregates).map(([name, aggregate]) => ({
    name,
    aggregate: bindAggregate(name, aggregate, input),
  }))
  const instant = { type: { kind: 'timestamp' }, optional: false } as const
  const results = bound.map(({ name, aggregate: { type, optional } }) => ({ name, type, optional }))
  const output: Schema = { fields: [...keyFields, { name: START, ...instant }, { name: END, ...instant }, ...results] }
  refuseTwice(output)
  return { key, keyFields, aggregates: bound.map(({ aggregate }) => aggregate), output }
}

function fieldOf(name: string, input: Schema): SchemaField {
  const index = fieldIndex(input, name)
  if (index < 0) throw unknownField(name, input)
  return input.fields[index]!
}

function refuseTwice({ fields }: Schema): void {
  const seen = new Set<string>()
  for (const { name } of fields) {
    if (seen.has(name.toLowerCase()))
      throw new MillraceError(
        'MR_OPTION_INVALID',
        `window: its result has two fields "${name}"; name one of them otherwise`,
      )
    seen.add(name.toLowerCase())
  }
}
