// hot path
import type { Batch } from '../../core/model/batch.ts'
import type { ColumnBuilder } from '../../core/model/column-builder.ts'
import type { BoundAggregate, Fold } from './aggregate.ts'

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

  /** Begins an entry with the origin of its first record; `take` is still to be called for it. */
  open(values: Float64Array, at: number, first: { readonly split: number; readonly offset: number }): void {
    values[at] = first.split
    values[at + 1] = first.offset
    for (let i = 0; i < this.#folds.length; i++) this.#folds[i]!.open(values, at + this.#offsets[i]!)
  }

  begin(batch: Batch): void {
    for (let i = 0; i < this.#folds.length; i++) this.#folds[i]!.begin(batch)
  }

  take(values: Float64Array, at: number, row: number): void {
    for (let i = 0; i < this.#folds.length; i++) this.#folds[i]!.take(values, at + this.#offsets[i]!, row)
  }

  close(values: Float64Array, at: number, into: readonly ColumnBuilder[]): void {
    for (let i = 0; i < this.#folds.length; i++) this.#folds[i]!.close(values, at + this.#offsets[i]!, into[i]!)
  }
}
