// hot path
import type { Batch } from '../../core/model/batch.ts'
import type { Column } from '../../core/model/column.ts'
import { KeyHasher, type KeySelector } from '../../core/model/key.ts'
import type { OperatorContext, StateBlock } from '../../core/ports/operator.ts'
import type { ExactGroup } from '../../core/state/exact-group.ts'
import { ExactTable } from '../../core/state/exact-table.ts'
import type { KeySpan } from '../../core/state/key-span.ts'
import { keysOf } from '../key-option.ts'
import type { KeptTimes } from './kept-times.ts'

/** Tells keys apart by their canonical bytes. They cannot leave memory. */
export class ExactTimes implements KeptTimes {
  readonly #table: ExactTable
  readonly #encoder: KeyHasher
  #batch: Batch | undefined
  #hashes: Int32Array = new Int32Array(0)
  #columns: readonly Column[] = []
  /** What was asked for last: the group, the key, and its position. */
  #group: ExactGroup | undefined
  #key: KeySpan = { bytes: new Uint8Array(0), from: 0, to: 0 }
  #position = -1
  /** Keeps reads ahead from being found useless. */
  #seen = 0

  constructor(selector: KeySelector, context: OperatorContext) {
    this.#table = new ExactTable(context.keyGroups)
    // Only its bytes are asked for: hashes come with the batch.
    this.#encoder = new KeyHasher(selector, 0, context)
  }

  get stateBytes(): number {
    return this.#table.sizeBytes
  }

  begin(batch: Batch): void {
    this.#batch = batch
    this.#hashes = keysOf('deduplicate', batch)
    this.#columns = this.#encoder.columnsOf(batch)
  }

  readAhead(rows: Int32Array, from: number, to: number): void {
    for (let i = from; i < to; i++) {
      const at = 4 * rows[i]!
      this.#seen ^= this.#table.groupOf(this.#hashes, at).peek(this.#hashes[at + 2]!)
    }
  }

  timeOf(row: number, position: number): number {
    const to = this.#encoder.encodeAt(this.#batch!, position, this.#columns)
    this.#key = { bytes: this.#encoder.bytes, from: 0, to }
    this.#group = this.#table.groupOf(this.#hashes, 4 * row)
    this.#position = this.#group.find(this.#hashes, 4 * row, this.#key)
    return this.#position < 0 ? Number.NEGATIVE_INFINITY : this.#group.timeAt(this.#position)
  }

  keep(row: number, time: number): void {
    if (this.#position < 0) this.#group!.add(this.#hashes, 4 * row, { key: this.#key, time })
    else this.#group!.setTime(this.#position, time)
  }

  end(): void {
    this.#batch = undefined
  }

  dropBefore(horizon: number): void {
    this.#table.dropBefore(horizon)
  }

  snapshot(): readonly StateBlock[] {
    return this.#table.snapshot()
  }

  load(block: StateBlock): void {
    this.#table.load(block)
  }
}
