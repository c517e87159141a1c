import type { Batch } from '../../core/model/batch.ts'
import type { StateBlock } from '../../core/ports/operator.ts'
import type { Spillable } from '../../core/ports/spill.ts'

/** The times of kept records by key: what a deduplication remembers. One owner, one thread. */
export interface KeptTimes {
  /** Memory in use, bytes. */
  readonly stateBytes: number
  /** It, where its entries can leave memory. */
  readonly spillable?: Spillable
  /** Questions are about records of this batch from now on. */
  begin(batch: Batch): void
  /** Reads ahead for records `rows[from, to)`, which will be asked for. */
  readAhead(rows: Int32Array, from: number, to: number): void
  /** Time of the kept record that has the key of row `row`, the living record `position` of the batch; −∞ where there is none. */
  timeOf(row: number, position: number): number
  /** Sets the time of the key that was asked for last. */
  keep(row: number, time: number): void
  /** The batch is done. */
  end(): void
  /** Entries older than `horizon` may go. */
  dropBefore(horizon: number): void
  /** As in `Operator`. */
  snapshot(): readonly StateBlock[]
  /** As `restore` of `Operator`. */
  load(block: StateBlock, followingBytes?: number): void
}
