// hot path
import { type Column, isValid, valueAt } from './column.ts'
import type { FieldValue } from './field-type.ts'

/** Gives the value of a row as user code sees it; `undefined` where there is none. */
export type ValueReader = (row: number) => FieldValue

/** As {@link valueAt} of one column, for many rows: text is decoded at half the price of a TextDecoder's call. */
export function valueReader(column: Column): ValueReader {
  const { type, offsets, values } = column
  if (type.kind !== 'string') return (row) => valueAt(column, row)
  const text = Buffer.from(values.buffer, values.byteOffset, values.byteLength)
  return (row) => (isValid(column, row) ? text.toString('utf8', offsets![row]!, offsets![row + 1]!) : undefined)
}
