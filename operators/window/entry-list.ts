// hot path
import type { KeyedValues } from '../../core/state/keyed-values.ts'

/** Where each record of a batch is folded: physical row `rows[i]` into `tables[i]` from `at[i]` on, for i < `count`. */
export class EntryList {
  rows = new Int32Array(0)
  at = new Int32Array(0)
  readonly tables: KeyedValues[] = []
  count = 0

  /** Empties the list and makes room for so many records. */
  begin(records: number): void {
    this.count = 0
    if (this.rows.length >= records) return
    this.rows = new Int32Array(2 * records)
    this.at = new Int32Array(2 * records)
  }

  add(row: number, table: KeyedValues, at: number): void {
    const i = this.count++
    this.rows[i] = row
    this.tables[i] = table
    this.at[i] = at
  }
}
