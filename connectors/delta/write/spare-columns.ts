import type { Column } from '../../../core/model/column.ts'

/** Memory of columns that were written, kept for rows to come, up to a number of bytes. Owned by one task. */
export class SpareColumns {
  readonly #limitBytes: number
  /** Smallest first. */
  readonly #spares: { readonly columns: readonly Column[]; readonly bytes: number }[] = []
  #bytes = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  /** Keeps columns that nobody reads any more, unless there is enough. */
  give(columns: readonly Column[]): void {
    const bytes = bytesUnder(columns)
    if (this.#bytes + bytes > this.#limitBytes) return
    this.#bytes += bytes
    const smaller = this.#spares.findLastIndex((spare) => spare.bytes <= bytes)
    this.#spares.splice(smaller + 1, 0, { columns, bytes })
  }

  /** The largest of the spare columns, to be adopted; `undefined` where there are none. */
  take(): readonly Column[] | undefined {
    const spare = this.#spares.pop()
    if (spare !== undefined) this.#bytes -= spare.bytes
    return spare?.columns
  }
}

function bytesUnder(columns: readonly Column[]): number {
  let bytes = 0
  for (const { values, offsets } of columns) bytes += values.buffer.byteLength + (offsets?.buffer.byteLength ?? 0)
  return bytes
}
