import type { Column } from '../../../core/model/column.ts'

/** Memory of columns that were written, kept for rows to come, up to a number of bytes. Owned by one task. */
export class SpareColumns {
  readonly #limitBytes: number
  readonly #spares: (readonly Column[])[] = []
  #bytes = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  /** Keeps columns that nobody reads any more, unless there is enough. */
  give(columns: readonly Column[]): void {
    const bytes = bytesUnder(columns)
    if (this.#bytes + bytes > this.#limitBytes) return
    this.#bytes += bytes
    this.#spares.push(columns)
  }

  /** Columns given last, to be adopted; `undefined` where there are none. */
  take(): readonly Column[] | undefined {
    const columns = this.#spares.pop()
    if (columns !== undefined) this.#bytes -= bytesUnder(columns)
    return columns
  }
}

function bytesUnder(columns: readonly Column[]): number {
  return columns.reduce(
    (sum, { values, offsets }) => sum + values.buffer.byteLength + (offsets?.buffer.byteLength ?? 0),
    0,
  )
}
