import assert from 'node:assert/strict'
import type { Schema } from '../../core/model/field-type.ts'
import { cellText, EVERY_TYPE, type Row } from './every-type.ts'

/** A table as a reader shows it. */
export interface Seen {
  /** Types by names, in words of the reader. */
  readonly columns: Readonly<Record<string, string>>
  readonly rows: readonly Readonly<Record<string, string | null>>[]
}

/** Compares cell by cell; doubles by value, because languages print them differently. */
export function assertCells(
  [reader, seen]: readonly [string, Seen],
  rows: readonly Row[],
  schema: Schema = EVERY_TYPE,
): void {
  assert.equal(seen.rows.length, rows.length, reader)
  const found = new Map(seen.rows.map((row) => [row.id, row]))
  for (const row of rows) {
    const cells = found.get(String(row.id))
    for (const { name, type } of schema.fields) {
      const [actual, expected] = [cells?.[name], cellText(type, row[name])]
      const what = `${reader}: row ${row.id}, ${name}`
      if (type.kind === 'float64' && expected !== null) assert.ok(Object.is(Number(actual), row[name]), what)
      else assert.equal(actual, expected, what)
    }
  }
}
