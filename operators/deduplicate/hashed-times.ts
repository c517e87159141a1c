// hot path
import type { Batch } from '../../core/model/batch.ts'
import type { OperatorContext, StateBlock } from '../../core/ports/operator.ts'
import type { Spillable, SpillChange } from '../../core/ports/spill.ts'
import type { FingerprintGroup } from '../../core/state/fingerprint-group.ts'
import { FingerprintTable } from '../../core/state/fingerprint-table.ts'
import { keysOf } from '../key-option.ts'
import type { KeptTimes } from './kept-times.ts'

/** Tells keys apart by their 128-bit hash. */
export class HashedTimes implements KeptTimes, Spillable {
  readonly #table: FingerprintTable
  #keys: Int32Array = new Int32Array(0)
  /** What was asked for last: the part of the table, and the position in it. */
  #part: FingerprintGroup | undefined
  #position = -1
  /** Keeps reads ahead from being found useless. */
  #seen = 0

  constructor({ keyGroups, id }: OperatorContext) {
    this.#table = new FingerprintTable(keyGroups, id)
  }

  get stateBytes(): number {
    return this.#table.sizeBytes
  }

  get spillable(): Spillable {
    return this
  }

  begin(batch: Batch): void {
    this.#keys = keysOf('deduplicate', batch)
  }

  readAhead(rows: Int32Array, from: number, to: number): void {
    this.#seen ^= this.#table.readAhead(this.#keys, rows, { from, to })
  }

  timeOf(row: number): number {
    const at = 4 * row
    const part = this.#table.partOf(this.#keys, at)
    const position = part.lookup(this.#keys, at)
    this.#part = part
    this.#position = position
    return position < 0 ? this.#table.spilledTime(this.#keys, at) : part.timeAt(position)
  }

  keep(row: number, time: number): void {
    const part = this.#part!
    if (this.#position < 0 && !part.isFull) part.add(this.#keys, 4 * row, time)
    else this.#table.put(this.#keys, 4 * row, time)
  }

  end(): void {
    this.#table.endBatch()
  }

  dropBefore(horizon: number): void {
    this.#table.dropBefore(horizon)
  }

  snapshot(): readonly StateBlock[] {
    return this.#table.snapshot()
  }

  load(block: StateBlock, followingBytes?: number): void {
    this.#table.load(block, followingBytes)
  }

  missing(batch: Batch): readonly string[] {
    return this.#table.missing(keysOf('deduplicate', batch), batch.selectedRows())
  }

  provide(pages: readonly Uint8Array[]): void {
    this.#table.provide(pages)
  }

  spill(bytes: number): SpillChange {
    return this.#table.spill(bytes)
  }

  toMerge(): readonly string[] {
    return this.#table.toMerge()
  }

  merge(pages: readonly Uint8Array[]): SpillChange {
    return this.#table.merge(pages)
  }
}
