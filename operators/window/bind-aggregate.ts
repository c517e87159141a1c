import { unknownField } from '../../core/model/batch.ts'
import { MillraceError } from '../../core/model/errors.ts'
import { type FieldType, fieldIndex, type Schema, type SchemaField, typeText } from '../../core/model/field-type.ts'
import { suggestion } from '../../core/model/nearest.ts'
import { AGGREGATES, type AnyAggregate, type BoundAggregate } from './aggregate.ts'
import { type Combine, CountFold, isNumber, MeanFold, NumberFold, WideFold } from './folds.ts'

/** Checks field and type of an aggregate; `name` is the field of its result. Throws `MR_FIELD_UNKNOWN`, `MR_OPTION_INVALID`. */
export function bindAggregate(name: string, aggregate: AnyAggregate, input: Schema): BoundAggregate {
  if (!AGGREGATES.includes(aggregate?.name)) {
    const given = String(aggregate?.name ?? aggregate)
    throw invalid(name, `needs an aggregate such as count() or sum("x"), not ${given}${suggestion(given, AGGREGATES)}`)
  }
  if (aggregate.name === 'count') return bindCount(aggregate.field, input)
  const field = fieldOf(aggregate.field ?? '', input)
  return aggregate.name === 'avg' ? bindMean(name, field) : bindCombination(name, aggregate.name, field)
}

function bindCount(field: string | undefined, input: Schema): BoundAggregate {
  if (field !== undefined) fieldOf(field, input)
  return { type: { kind: 'integer' }, optional: false, slots: 1, create: () => new CountFold(field) }
}

function bindMean(name: string, { name: field, type, optional }: SchemaField): BoundAggregate {
  if (!isSummable(type) || type.kind === 'int64') throw misfit(name, 'avg', { field, type })
  return { type: { kind: 'float64' }, optional, slots: 2, create: () => new MeanFold(field) }
}

function bindCombination(name: string, combine: Combine, { name: field, type, optional }: SchemaField): BoundAggregate {
  if (combine === 'sum' ? !isSummable(type) : !isNumber(type) && type.kind !== 'int64') {
    throw misfit(name, combine, { field, type })
  }
  if (type.kind === 'int64') return { type, optional, slots: 2, create: () => new WideFold(field, combine) }
  const output: FieldType = combine === 'sum' && type.kind === 'int32' ? { kind: 'integer' } : type
  return { type: output, optional, slots: 1, create: () => new NumberFold(field, combine) }
}

function isSummable({ kind }: FieldType): boolean {
  return kind === 'int32' || kind === 'integer' || kind === 'float64' || kind === 'int64'
}

function fieldOf(name: string, input: Schema): SchemaField {
  const index = fieldIndex(input, name)
  if (index < 0) throw unknownField(name, input)
  return input.fields[index]!
}

function misfit(
  name: string,
  aggregate: string,
  of: { readonly field: string; readonly type: FieldType },
): MillraceError {
  return invalid(name, `cannot be ${aggregate}("${of.field}"): that field is ${typeText(of.type)}`)
}

function invalid(name: string, why: string): MillraceError {
  return new MillraceError('MR_OPTION_INVALID', `window: "${name}" ${why}`)
}
