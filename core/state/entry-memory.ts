import { freeMemory } from '../model/free-memory.ts'
import { freeEntries } from './share-entries.ts'

const INITIAL_ENTRIES = 16
/** Entries that one piece of a pool has room for: what three quarters of 16,384 buckets find. To rebuild so many takes about a millisecond. */
export const PIECE_ENTRIES = 12_288
const PIECE_BYTES = 24 * PIECE_ENTRIES + 4 * bucketsFor(PIECE_ENTRIES)
/** So many free pieces a pool keeps beside as many as are in use. */
const FREE_PIECES = 16

/** What a group of entries lies in: four words and a time each, and an index of zeros when it is new. */
export interface EntryArrays {
  readonly words: Int32Array
  readonly times: Float64Array
  readonly index: Int32Array
}

/** Where groups have their memory from. */
export interface EntryMemory {
  /** The least room that there is for so many entries. */
  capacityFor(entries: number): number
  /** Room for so many entries, as {@link capacityFor} gave them. */
  take(capacity: number): EntryArrays
  /** Takes back what nobody reads any more. */
  give(arrays: EntryArrays): void
}

/** Buffers of their own for each group, given back to the system at once: for tables that do not live long. */
export const ownBuffers: EntryMemory = {
  capacityFor,
  take: (capacity) => ({
    words: new Int32Array(4 * capacity),
    times: new Float64Array(capacity),
    index: new Int32Array(bucketsFor(capacity)),
  }),
  give: (arrays) => {
    freeEntries(arrays)
    freeMemory(arrays.index)
  },
}

/**
 * The same for small groups; larger ones get a piece of {@link PIECE_ENTRIES}, which serves again. Pieces are shared memory, though no
 * one shares it: V8 counts all other buffers as its own and collects garbage whenever some tens of MiB came, which takes as long as
 * thousands of records. What a piece has no entries for yet is not resident.
 */
export class PooledMemory implements EntryMemory {
  readonly #free: EntryArrays[] = []
  #used = 0

  capacityFor(entries: number): number {
    return entries > PIECE_ENTRIES / 2 && entries <= PIECE_ENTRIES ? PIECE_ENTRIES : capacityFor(entries)
  }

  take(capacity: number): EntryArrays {
    if (capacity !== PIECE_ENTRIES) return ownBuffers.take(capacity)
    this.#used++
    const piece = this.#free.pop()
    piece?.index.fill(0)
    return piece ?? newPiece()
  }

  give(arrays: EntryArrays): void {
    if (arrays.times.length === PIECE_ENTRIES) this.#givePiece(arrays)
    else ownBuffers.give(arrays)
  }

  #givePiece(piece: EntryArrays): void {
    this.#used--
    if (this.#free.length < this.#used + FREE_PIECES) this.#free.push(piece)
  }
}

function newPiece(): EntryArrays {
  const memory = new SharedArrayBuffer(PIECE_BYTES)
  const words = new Int32Array(memory, 0, 4 * PIECE_ENTRIES)
  const times = new Float64Array(memory, words.byteLength, PIECE_ENTRIES)
  const index = new Int32Array(memory, words.byteLength + times.byteLength, bucketsFor(PIECE_ENTRIES))
  return { words, times, index }
}

/** A power of two, or one and a half of one: steps that leave little unused. */
function capacityFor(entries: number): number {
  let capacity = INITIAL_ENTRIES
  while (entries > capacity) {
    const isPower = (capacity & (capacity - 1)) === 0
    capacity = isPower ? capacity + (capacity >> 1) : (capacity / 3) * 4
  }
  return capacity
}

/** The power of two that is a third more than the capacity or next above: half to three quarters of the buckets are filled before it grows. */
function bucketsFor(capacity: number): number {
  return 2 ** (32 - Math.clz32((4 / 3) * capacity - 1))
}
