import type { Column } from '../../../core/model/column.ts'
import { freeMemory } from '../../../core/model/free-memory.ts'

interface Spare {
  readonly columns: readonly Column[]
  readonly bytes: number
  /** Lay idle when an epoch ended. */
  isIdle: boolean
}

/**
 * Memory of columns that were written, kept for rows to come, up to a number of bytes, as long as every epoch needs it.
 * Owned by one task.
 */
export class SpareColumns {
  readonly #limitBytes: number
  /** Smallest first. */
  #spares: Spare[] = []
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
    this.#spares.splice(smaller + 1, 0, { columns, bytes, isIdle: false })
  }

  /** The largest of the spare columns, to be adopted; `undefined` where there are none. */
  take(): readonly Column[] | undefined {
    const spare = this.#spares.pop()
    if (spare !== undefined) this.#bytes -= spare.bytes
    return spare?.columns
  }

  /** At the end of an epoch: gives back what has lain idle for all of it. */
  trim(): void {
    for (const { columns, bytes } of this.#spares.filter(({ isIdle }) => isIdle)) {
      this.#bytes -= bytes
      for (const { values, offsets } of columns) {
        freeMemory(values)
        if (offsets !== null) freeMemory(offsets)
      }
    }
    this.#spares = this.#spares.filter(({ isIdle }) => !isIdle)
    for (const spare of this.#spares) spare.isIdle = true
  }
}

function bytesUnder(columns: readonly Column[]): number {
  let bytes = 0
  for (const { values, offsets } of columns) bytes += values.buffer.byteLength + (offsets?.buffer.byteLength ?? 0)
  return bytes
}
