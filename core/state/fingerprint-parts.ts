// hot path
import { freeShared } from '../model/free-memory.ts'
import { keyGroupOf } from '../model/key-hash.ts'
import type { BlockEntries } from './block.ts'
import { PooledMemory } from './entry-memory.ts'
import { FingerprintGroup } from './fingerprint-group.ts'
import { type Sharing, sharedEntries } from './share-entries.ts'

/** So many parts make a key group at most, 2 to the power of this. */
const MOST_BITS = 12

/**
 * The parts that key groups are made of, by extendible hashing (Fagin and others, 1979): a key group is one part until that has grown
 * large and is divided by the next bit of the first word. So no rebuilding is long, however many keys there are, and a key is found
 * with one look at the directory.
 */
export class FingerprintParts {
  readonly #keyGroups: number
  /** By the low bits of the first word; those of a key group come first. A part stands wherever its own bits fit. */
  #directory: FingerprintGroup[]
  /** By place in the directory: with how many bits beyond those of the key group the part is told from others. */
  #bits: number[]
  /** Each part once, all together and by key group. */
  readonly #all: FingerprintGroup[]
  readonly #ofKeyGroup: readonly FingerprintGroup[][]

  /** `keyGroups`: a power of two. */
  constructor(keyGroups: number) {
    this.#keyGroups = keyGroups
    const memory = new PooledMemory()
    this.#directory = Array.from({ length: keyGroups }, () => new FingerprintGroup(memory))
    this.#bits = this.#directory.map(() => 0)
    this.#all = [...this.#directory]
    this.#ofKeyGroup = this.#directory.map((part) => [part])
  }

  /** Each part once. */
  get all(): readonly FingerprintGroup[] {
    return this.#all
  }

  /** Where parts are found by {@link placeIn}; until the next {@link divide}. */
  get directory(): readonly FingerprintGroup[] {
    return this.#directory
  }

  /** The part of the key whose hash begins with this word. */
  of(firstWord: number): FingerprintGroup {
    return this.#directory[placeIn(this.#directory, firstWord)]!
  }

  /** The parts of a key group. */
  ofKeyGroup(keyGroup: number): readonly FingerprintGroup[] {
    return this.#ofKeyGroup[keyGroup] ?? []
  }

  /** Gives each part of a key group what belongs to it of the entries of a stored block; `following`: how many more are to come. */
  load(keyGroup: number, entries: BlockEntries, following: number): void {
    const parts = this.ofKeyGroup(keyGroup)
    const shares = parts.length === 1 ? [entries] : sharedEntries(entries, this.#sharing(keyGroup, parts))
    for (const [number, part] of parts.entries()) part.load(shares[number]!, Math.ceil(following / parts.length))
    if (parts.length > 1) freeShared(shares.flatMap(({ words, times }) => [words, times]))
  }

  #sharing(keyGroup: number, parts: readonly FingerprintGroup[]): Sharing {
    const places = this.#directory.length / this.#keyGroups
    const numbers = Int32Array.from({ length: places }, (_, place) => {
      return parts.indexOf(this.#directory[keyGroup + place * this.#keyGroups]!)
    })
    return { parts: parts.length, numbers, shift: Math.log2(this.#keyGroups) }
  }

  /** Divides the part of the key whose hash begins with this word. False where it has all the bits that it may have. */
  divide(firstWord: number): boolean {
    const place = placeIn(this.#directory, firstWord)
    if (this.#bits[place]! === MOST_BITS) return false
    this.#divideAt(place)
    return true
  }

  /** Divides what a key group is made of until there are `parts` of it at least, as far as that goes. */
  divideInto(keyGroup: number, parts: number): void {
    const bits = Math.min(MOST_BITS, Math.ceil(Math.log2(parts)))
    for (let known = 0; known < bits; known++) {
      for (let place = keyGroup; place < this.#directory.length; place += this.#keyGroups) {
        if (this.#bits[place]! === known) this.#divideAt(place)
      }
    }
  }

  #divideAt(place: number): void {
    const bit = this.#keyGroups << this.#bits[place]!
    if (bit === this.#directory.length) {
      this.#directory = [...this.#directory, ...this.#directory]
      this.#bits = [...this.#bits, ...this.#bits]
    }
    const other = this.#directory[place]!.divide(Math.log2(bit))
    for (let at = place & (bit - 1); at < this.#directory.length; at += bit) {
      if ((at & bit) !== 0) this.#directory[at] = other
      this.#bits[at]!++
    }
    this.#all.push(other)
    this.#ofKeyGroup[place & (this.#keyGroups - 1)]!.push(other)
  }
}

/** The place in a directory of the key whose hash begins with this word. */
export function placeIn({ length }: readonly FingerprintGroup[], firstWord: number): number {
  return keyGroupOf(firstWord, length)
}
