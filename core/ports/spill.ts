import type { Batch } from '../model/batch.ts'

/** A piece of state outside memory. Never changed under its name. */
export interface SpillPage {
  /** ASCII text. */
  readonly name: string
  readonly bytes: Uint8Array
}

/** What an operator moved out of memory: pages to write, and names of pages that nobody needs any more. */
export interface SpillChange {
  readonly write: readonly SpillPage[]
  readonly forget: readonly string[]
}

/**
 * State that can leave memory. Synchronous as the operator itself: its task writes and reads the pages in between, in the order in
 * which they were asked for. Only what is in a snapshot leaves, so nothing outside memory is ever needed for a recovery.
 */
export interface Spillable {
  /** Moves the oldest entries out until `bytes` less are in use or no more can go. Also tells what else may be forgotten. */
  spill(bytes: number): SpillChange
  /** Names of the pages that `onBatch` needs for this batch; empty where all that it needs is in memory. */
  missing(batch: Batch): readonly string[]
  /** Takes the pages that `missing` asked for, in its order, before `onBatch`. Throws `MR_SPILL_CORRUPT`. */
  provide(pages: readonly Uint8Array[]): void
  /** Names of pages that are to be written anew as fewer runs; empty: none. */
  toMerge(): readonly string[]
  /** Takes the pages that `toMerge` asked for, in its order. Throws `MR_SPILL_CORRUPT`. */
  merge(pages: readonly Uint8Array[]): SpillChange
}
