// hot path
import type { Column } from '../../../core/model/column.ts'
import { ColumnBuilder } from '../../../core/model/column-builder.ts'
import type { ColumnMemory } from '../../../core/model/column-memory.ts'
import type { Schema } from '../../../core/model/field-type.ts'
import type { PartitionTarget } from './partition-router.ts'

/** Where the rows of a buffer go. */
export type Directory = Extract<PartitionTarget, { readonly kind: 'directory' }>

/** What the buffers of all partitions have in common. */
export interface BufferLayout {
  readonly schema: Schema
  /** Where the fields of `schema` stand in the batches. */
  readonly sources: readonly number[]
  /** Where columns get memory from. */
  readonly memory: ColumnMemory
}

/** Rows of one partition that are in no file yet, by column. */
export class PartitionBuffer {
  readonly target: Directory
  rows = 0
  readonly #sources: readonly number[]
  readonly #builders: readonly ColumnBuilder[]

  constructor(target: Directory, layout: BufferLayout) {
    this.target = target
    this.#sources = layout.sources
    this.#builders = layout.schema.fields.map(({ type }) => new ColumnBuilder(type, layout.memory))
  }

  get sizeBytes(): number {
    let size = 0
    for (let i = 0; i < this.#builders.length; i++) size += this.#builders[i]!.sizeBytes
    return size
  }

  /** Copies rows `rows[from, to)` of the columns of a batch. */
  gather(columns: readonly Column[], rows: Int32Array, range: { readonly from: number; readonly to: number }): void {
    for (let i = 0; i < this.#builders.length; i++) this.#builders[i]!.gather(columns[this.#sources[i]!]!, rows, range)
    this.rows += range.to - range.from
  }

  /** Hands the rows over; the buffer is empty after it. */
  take(): { readonly columns: readonly Column[]; readonly rows: number } {
    const { rows } = this
    this.rows = 0
    return { columns: this.#builders.map((builder) => builder.finish()), rows }
  }
}
