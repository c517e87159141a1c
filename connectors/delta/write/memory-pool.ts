import type { ColumnMemory } from '../../../core/model/column-memory.ts'
import { freeMemory } from '../../../core/model/free-memory.ts'

/** Less than this is not worth keeping: 2^12 bytes. */
const LEAST_POWER = 12
/** A piece may be four times as large as needed. When a day ends, twice as many columns of half the size begin. */
const POWERS_ABOVE = 2

/** Idle pieces of memory of one size. */
interface Shelf {
  readonly pieces: ArrayBuffer[]
  /** Fewest pieces that lay here at any time since the last `trim`. */
  fewest: number
}

/**
 * Keeps memory that columns have outgrown or that was written, for rows to come: up to a number of idle bytes, as long as
 * every epoch needs it. Sizes are powers of two, so that what one column leaves fits the next. Owned by one task.
 */
export class MemoryPool implements ColumnMemory {
  readonly #limitBytes: number
  /** Indexed by the power of two. */
  readonly #shelves: Shelf[] = Array.from({ length: 32 + POWERS_ABOVE }, () => ({ pieces: [], fewest: 0 }))
  #idleBytes = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  /** The smallest that fits, up to four times as large: rather an idle piece too large than a new one. */
  take(bytes: number): ArrayBuffer {
    const power = Math.max(LEAST_POWER, 32 - Math.clz32(bytes - 1))
    for (let larger = power; larger <= power + POWERS_ABOVE; larger++) {
      const shelf = this.#shelves[larger]!
      const piece = shelf.pieces.pop()
      if (piece === undefined) continue
      shelf.fewest = Math.min(shelf.fewest, shelf.pieces.length)
      this.#idleBytes -= piece.byteLength
      return piece
    }
    return new ArrayBuffer(2 ** power)
  }

  /** Gives back to the system what is not of this pool's sizes or goes beyond the limit. */
  give(memory: ArrayBuffer): void {
    const { byteLength } = memory
    const power = 31 - Math.clz32(byteLength)
    const isOurs = power >= LEAST_POWER && byteLength === 2 ** power
    if (isOurs && this.#idleBytes + byteLength <= this.#limitBytes) {
      this.#idleBytes += byteLength
      this.#shelves[power]!.pieces.push(memory)
    } else freeMemory(new Uint8Array(memory))
  }

  /** At the end of an epoch: gives back what nothing needed in all of it. */
  trim(): void {
    for (const shelf of this.#shelves) {
      for (const piece of shelf.pieces.splice(0, shelf.fewest)) {
        this.#idleBytes -= piece.byteLength
        freeMemory(new Uint8Array(piece))
      }
      shelf.fewest = shelf.pieces.length
    }
  }
}
