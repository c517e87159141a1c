// hot path
import type { PaneGroup } from '../../core/state/pane-group.ts'

/** Where each record of a batch is folded: physical row `rows[i]` into the values of `groups[i]` from `at[i]` on, for i < `count`. */
export class EntryList {
  rows = new Int32Array(0)
  at = new Int32Array(0)
  readonly groups: PaneGroup[] = []
  count = 0

  /** Empties the list and makes room for so many records. */
  begin(records: number): void {
    this.count = 0
    if (this.rows.length >= records) return
    this.rows = new Int32Array(2 * records)
    this.at = new Int32Array(2 * records)
  }

  add(row: number, group: PaneGroup, at: number): void {
    const i = this.count++
    this.rows[i] = row
    this.groups[i] = group
    this.at[i] = at
  }
}
