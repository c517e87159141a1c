import type { ColumnMemory } from './column-memory.ts'
import { freeMemory } from './free-memory.ts'

/** Less is not worth keeping: a thousand open partitions with a row each would hold far more than they need. */
const LEAST_BYTES = 4_096
const MOST_BYTES = 2 ** 30
/** A piece may be four times as large as needed. When a day ends, twice as many columns of half the size begin. */
const POWERS_ABOVE = 2

/** Idle pieces of memory of one size. */
interface Shelf {
  readonly pieces: ArrayBuffer[]
  /** Fewest pieces that lay here at any time since the last `trim`. */
  fewest: number
}

/**
 * Keeps memory that nobody uses any more for what comes next: up to a number of idle bytes, because fresh pages cost as much as a
 * copy. Sizes are powers of two, so that what one user leaves fits the next. Owned by one thread.
 */
export class MemoryPool implements ColumnMemory {
  readonly #limitBytes: number
  /** Indexed by the power of two. */
  readonly #shelves: Shelf[] = Array.from({ length: 32 + POWERS_ABOVE }, () => ({ pieces: [], fewest: 0 }))
  #idleBytes = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  /**
   * The smallest that fits, up to four times as large: rather an idle piece too large than a new one. Below 4 KiB and above
   * 1 GiB it is new and just as large as asked.
   */
  take(bytes: number): ArrayBuffer {
    if (bytes < LEAST_BYTES || bytes > MOST_BYTES) return new ArrayBuffer(bytes)
    const power = 32 - Math.clz32(bytes - 1)
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
    const isKept = byteLength >= LEAST_BYTES && byteLength <= MOST_BYTES && byteLength === 2 ** power
    if (isKept && this.#idleBytes + byteLength <= this.#limitBytes) {
      this.#idleBytes += byteLength
      this.#shelves[power]!.pieces.push(memory)
    } else freeMemory(new Uint8Array(memory))
  }

  /** At the end of an epoch, say: gives back what nothing needed since the last time. */
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
