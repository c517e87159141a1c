// hot path
import type { Batch, SystemColumns } from '../../model/batch.ts'
import type { Column } from '../../model/column.ts'
import { ColumnBuilder } from '../../model/column-builder.ts'
import type { Schema } from '../../model/field-type.ts'
import { freeMemory } from '../../model/free-memory.ts'
import { gatherElements, type RowRange } from '../../model/gather-values.ts'

const INITIAL_ROWS = 256
/** Emptied columns that are kept for rows to come. */
const MOST_SPARES = 8

/** The columns of gathered rows, each with a buffer of its own. */
export interface GatheredColumns {
  readonly columns: readonly Column[]
  readonly system: SystemColumns
}

/** Collects chosen rows of many batches into columns of its own, ready to be handed over. */
export class BatchGatherer {
  readonly #builders: readonly ColumnBuilder[]
  #eventTimes: Float64Array = new Float64Array(0)
  #splits: Int32Array = new Int32Array(0)
  #offsets: Float64Array = new Float64Array(0)
  #keys: Int32Array = new Int32Array(0)
  /** Rows of the last hand-over and an eighth more: the next one is likely to fit. */
  #expectedRows = INITIAL_ROWS
  rows = 0
  readonly #spares: GatheredColumns[] = []

  constructor(schema: Schema) {
    this.#builders = schema.fields.map((field) => new ColumnBuilder(field.type))
  }

  get sizeBytes(): number {
    let size = 36 * this.rows
    for (const builder of this.#builders) size += builder.sizeBytes
    return size
  }

  /** Appends the physical rows `rows[0, count)` of a keyed batch. */
  append(batch: Batch, rows: Int32Array, count: number): void {
    const range = { from: 0, to: count }
    for (let i = 0; i < this.#builders.length; i++) this.#builders[i]!.gather(batch.columns[i]!, rows, range)
    this.#reserve(this.rows + count)
    const chosen: RowRange = { rows, from: 0, to: count }
    const at = this.rows
    const { eventTimes, splits, offsets, keys } = batch.system
    gatherElements({ values: this.#eventTimes, at }, { values: eventTimes, width: 1 }, chosen)
    gatherElements({ values: this.#splits, at }, { values: splits, width: 1 }, chosen)
    gatherElements({ values: this.#offsets, at }, { values: offsets, width: 1 }, chosen)
    if (keys !== null) gatherElements({ values: this.#keys, at }, { values: keys, width: 4 }, chosen)
    this.rows = at + count
  }

  /** Hands everything over and begins anew. */
  finish(): GatheredColumns & { readonly rows: number } {
    const rows = this.rows
    const system: SystemColumns = {
      eventTimes: this.#eventTimes.subarray(0, rows),
      splits: this.#splits.subarray(0, rows),
      offsets: this.#offsets.subarray(0, rows),
      keys: this.#keys.subarray(0, 4 * rows),
    }
    const columns = this.#builders.map((builder) => builder.finish())
    this.rows = 0
    this.#expectedRows = Math.max(INITIAL_ROWS, rows + (rows >> 3))
    this.#eventTimes = new Float64Array(0)
    this.#splits = new Int32Array(0)
    this.#offsets = new Float64Array(0)
    this.#keys = new Int32Array(0)
    this.#useSpare()
    return { columns, rows, system }
  }

  /** Takes over what an earlier `finish` gave and nobody reads any more: it serves for rows to come. */
  adopt(emptied: GatheredColumns): void {
    if (this.#spares.length < MOST_SPARES) this.#spares.push(emptied)
    if (this.rows === 0) this.#useSpare()
  }

  #useSpare(): void {
    const spare = this.#spares.pop()
    if (spare === undefined) return
    const { columns, system } = spare
    for (let i = 0; i < this.#builders.length; i++) this.#builders[i]!.adopt(columns[i]!)
    if (this.#eventTimes.length > 0 || system.keys === null) return
    this.#eventTimes = new Float64Array(system.eventTimes.buffer)
    this.#splits = new Int32Array(system.splits.buffer)
    this.#offsets = new Float64Array(system.offsets.buffer)
    this.#keys = new Int32Array(system.keys.buffer)
  }

  #reserve(rows: number): void {
    if (rows <= this.#eventTimes.length) return
    const capacity = Math.max(rows, 2 * this.#eventTimes.length, this.#expectedRows)
    const eventTimes = new Float64Array(capacity)
    const splits = new Int32Array(capacity)
    const offsets = new Float64Array(capacity)
    const keys = new Int32Array(4 * capacity)
    eventTimes.set(this.#eventTimes)
    splits.set(this.#splits)
    offsets.set(this.#offsets)
    keys.set(this.#keys)
    for (const outgrown of [this.#eventTimes, this.#splits, this.#offsets, this.#keys]) freeMemory(outgrown)
    this.#eventTimes = eventTimes
    this.#splits = splits
    this.#offsets = offsets
    this.#keys = keys
  }
}

/** The distinct buffers under a set of columns, to be transferred. */
export function buffersOf(columns: readonly Column[], system: SystemColumns): readonly ArrayBuffer[] {
  const buffers = new Set<ArrayBufferLike>([system.eventTimes.buffer, system.splits.buffer, system.offsets.buffer])
  if (system.keys !== null) buffers.add(system.keys.buffer)
  for (const { validity, offsets, values } of columns) {
    buffers.add(values.buffer)
    if (validity !== null) buffers.add(validity.buffer)
    if (offsets !== null) buffers.add(offsets.buffer)
  }
  // Columns are built by ColumnBuilder, which never uses shared memory.
  return [...buffers] as ArrayBuffer[]
}
