import { appendValue } from '../../../core/model/append-value.ts'
import { Batch } from '../../../core/model/batch.ts'
import { ColumnBuilder } from '../../../core/model/column-builder.ts'
import type { FieldValue, Schema } from '../../../core/model/field-type.ts'

export const ORDER: Schema = {
  fields: [
    { name: 'id', type: { kind: 'string' }, optional: false },
    { name: 'cents', type: { kind: 'integer' }, optional: true },
  ],
}

/** A batch of these rows; offsets count from `offset`, event times are ten times the offsets. */
export function batchOf(
  schema: Schema,
  rows: readonly Readonly<Record<string, FieldValue>>[],
  place: { readonly split?: number; readonly offset?: number } = {},
): Batch {
  const { split = 0, offset = 0 } = place
  const columns = schema.fields.map(({ name, type }) => {
    const builder = new ColumnBuilder(type)
    for (const row of rows) appendValue(builder, row[name])
    return builder.finish()
  })
  const system = {
    eventTimes: Float64Array.from(rows, (_, index) => 10 * (offset + index)),
    splits: new Int32Array(rows.length).fill(split),
    offsets: Float64Array.from(rows, (_, index) => offset + index),
    keys: null,
  }
  return new Batch({ schema, columns, rows: rows.length, selection: null, system })
}

/** Orders by id. */
export function orders(
  ids: readonly string[],
  place: { readonly split?: number; readonly offset?: number } = {},
): Batch {
  return batchOf(
    ORDER,
    ids.map((id, index) => (index % 3 === 2 ? { id } : { id, cents: index })),
    place,
  )
}

/** The living records of a batch with the system columns of each. */
export function recordsOf(batch: Batch): readonly object[] {
  const { eventTimes, splits, offsets } = batch.system
  return Array.from({ length: batch.count }, (_, position) => {
    const row = batch.rowAt(position)
    return { ...batch.at(position), time: eventTimes[row], split: splits[row], offset: offsets[row] }
  })
}
