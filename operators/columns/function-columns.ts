// hot path
import { appendValue } from '../../core/model/append-value.ts'
import type { Batch } from '../../core/model/batch.ts'
import type { Column } from '../../core/model/column.ts'
import { ColumnBuilder } from '../../core/model/column-builder.ts'
import { MillraceError } from '../../core/model/errors.ts'
import type { FieldValue, SchemaField } from '../../core/model/field-type.ts'
import { functionFailure, type NamedOperator } from '../../core/model/operator-failure.ts'

/** A function of the pipeline that gives the values of some columns for one record. */
export interface RowFunction {
  readonly operator: NamedOperator
  readonly fields: readonly SchemaField[]
  /** Value of `fields[index]`; called once per record and field, fields in order. */
  readonly compute: (record: never, index: number) => FieldValue
}

const NO_BYTES = new Uint8Array(0)

/**
 * Columns of `batch.rows` rows from a function of the record; rows that are not alive hold zero. Throws
 * `MR_OPERATOR_FAILED` naming split and offset where the function throws or a value does not fit its field.
 */
export function functionColumns(batch: Batch, { operator, fields, compute }: RowFunction): readonly Column[] {
  const builders = fields.map((field) => new ColumnBuilder(field.type))
  let row = 0
  try {
    for (let position = 0; position < batch.count; position++) {
      row = batch.rowAt(position)
      appendZeros(builders, row)
      // The graph was typed from the schema: the record has the type that the function takes.
      const record = batch.at(position) as never
      for (let i = 0; i < builders.length; i++) appendFitting(builders[i]!, fields[i]!, compute(record, i))
    }
  } catch (error) {
    throw functionFailure({ operator, batch, row }, error)
  }
  appendZeros(builders, batch.rows)
  return builders.map((builder) => builder.finish())
}

/** Fills up to `length` rows: rows that are not alive. */
function appendZeros(builders: readonly ColumnBuilder[], length: number): void {
  for (let i = 0; i < builders.length; i++) {
    const builder = builders[i]!
    while (builder.length < length) appendZero(builder)
  }
}

function appendZero(builder: ColumnBuilder): void {
  switch (builder.type.kind) {
    case 'string':
    case 'binary':
      builder.appendBytes(NO_BYTES, 0, 0)
      return
    case 'boolean':
      builder.appendBoolean(false)
      return
    case 'int32':
    case 'date':
      builder.appendInt32(0)
      return
    case 'float64':
      builder.appendFloat64(0)
      return
    case 'decimal':
      builder.appendDecimal(0n)
      return
    default:
      builder.appendWords(0, 0)
  }
}

function appendFitting(builder: ColumnBuilder, field: SchemaField, value: FieldValue | null): void {
  if ((value === undefined || value === null) && !field.optional) {
    throw new MillraceError('MR_OPERATOR_FAILED', `no value for field "${field.name}", which is not optional`)
  }
  try {
    appendValue(builder, value)
  } catch (error) {
    throw new MillraceError('MR_OPERATOR_FAILED', `field "${field.name}": ${messageOf(error)}`, { cause: error })
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
