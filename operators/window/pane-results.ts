import { Batch } from '../../core/model/batch.ts'
import { ColumnBuilder } from '../../core/model/column-builder.ts'
import { appendKey } from '../../core/model/read-key.ts'
import type { Output } from '../../core/ports/operator.ts'
import type { PaneSlice } from '../../core/state/pane-snapshot.ts'
import type { Accumulators } from './accumulators.ts'
import type { BoundWindow } from './bind-window.ts'

const MOST_ROWS = 4_096

/** Makes records of the panes of closed windows: by window, then key group, then in the order in which the keys came. */
export class PaneResults {
  readonly #window: BoundWindow
  readonly #accumulators: Accumulators
  readonly #sizeMs: number
  readonly #keys: readonly ColumnBuilder[]
  readonly #start = new ColumnBuilder({ kind: 'timestamp' })
  readonly #end = new ColumnBuilder({ kind: 'timestamp' })
  readonly #results: readonly ColumnBuilder[]
  readonly #splits = new Int32Array(MOST_ROWS)
  readonly #offsets = new Float64Array(MOST_ROWS)

  constructor(window: BoundWindow, accumulators: Accumulators, sizeMs: number) {
    this.#window = window
    this.#accumulators = accumulators
    this.#sizeMs = sizeMs
    this.#keys = window.keyFields.map(({ type }) => new ColumnBuilder(type))
    this.#results = window.aggregates.map(({ type }) => new ColumnBuilder(type))
  }

  /** Emits the results of a window, of which these are all entries. */
  emit(slices: readonly PaneSlice[], output: Output): void {
    for (const { start, values, positions } of slices) {
      let from = 0
      while (from < positions.length) {
        const to = Math.min(positions.length, from + MOST_ROWS - this.#start.length)
        this.#append({ start, values, positions: positions.subarray(from, to) })
        from = to
        if (this.#start.length === MOST_ROWS) output.create(this.#batch(start))
      }
    }
    if (this.#start.length > 0) output.create(this.#batch(slices[0]!.start))
  }

  #append({ start, values: entries, positions }: PaneSlice): void {
    const { values, slots, keys } = entries
    let row = this.#start.length
    for (let i = 0; i < positions.length; i++) {
      const position = positions[i]!
      appendKey(keys, entries.keyStart(position), this.#keys)
      this.#start.appendWide(1_000 * start)
      this.#end.appendWide(1_000 * (start + this.#sizeMs))
      const at = slots * position
      this.#splits[row] = values[at]!
      this.#offsets[row++] = values[at + 1]!
    }
    this.#accumulators.close(entries, positions, this.#results)
  }

  #batch(start: number): Batch {
    const rows = this.#start.length
    const columns = [...this.#keys, this.#start, this.#end, ...this.#results].map((builder) => builder.finish())
    const eventTimes = new Float64Array(rows).fill(start + this.#sizeMs - 1)
    const system = {
      eventTimes,
      splits: this.#splits.slice(0, rows),
      offsets: this.#offsets.slice(0, rows),
      keys: null,
    }
    return new Batch({ schema: this.#window.output, columns, rows, selection: null, system })
  }
}
