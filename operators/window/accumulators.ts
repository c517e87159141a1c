// hot path
import type { Batch } from '../../core/model/batch.ts'
import type { ColumnBuilder } from '../../core/model/column-builder.ts'
import type { KeyedValues } from '../../core/state/keyed-values.ts'
import type { BoundAggregate, Fold } from './aggregate.ts'
import type { EntryList } from './entry-list.ts'

/** Slots for the origin of the first record: index of its split, its offset. */
const ORIGIN_SLOTS = 2

/** The folds of all aggregates of a window, one after the other in the slots of an entry, and the origin of its first record. */
export class Accumulators {
  readonly slots: number
  readonly #folds: readonly Fold[]
  readonly #offsets: readonly number[]

  constructor(aggregates: readonly BoundAggregate[]) {
    let slots = ORIGIN_SLOTS
    const offsets: number[] = []
    for (const aggregate of aggregates) {
      offsets.push(slots)
      slots += aggregate.slots
    }
    this.slots = slots
    this.#offsets = offsets
    this.#folds = aggregates.map((aggregate) => aggregate.create())
  }

  /** Begins an entry with the origin of its first record, which is still to be taken. */
  open(values: Float64Array, at: number, first: { readonly split: number; readonly offset: number }): void {
    values[at] = first.split
    values[at + 1] = first.offset
    for (let i = 0; i < this.#folds.length; i++) this.#folds[i]!.open(values, at + this.#offsets[i]!)
  }

  /** Folds the records of a list into their entries, one aggregate after the other. */
  take(batch: Batch, entries: EntryList): void {
    for (let i = 0; i < this.#folds.length; i++) this.#folds[i]!.take(batch, entries, this.#offsets[i]!)
  }

  /** Appends the results of the entries at `positions`, an aggregate to a builder each. */
  close({ values, slots }: KeyedValues, positions: Int32Array, into: readonly ColumnBuilder[]): void {
    for (let i = 0; i < this.#folds.length; i++) {
      const fold = this.#folds[i]!
      const builder = into[i]!
      const offset = this.#offsets[i]!
      for (let p = 0; p < positions.length; p++) fold.close(values, slots * positions[p]! + offset, builder)
    }
  }
}
