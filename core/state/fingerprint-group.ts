// hot path
import { freeMemory } from '../model/free-memory.ts'
import { type BlockEntries, writeBlock } from './block.ts'
import { KeyedEntries } from './keyed-entries.ts'
import { medianTime } from './median-time.ts'

const INITIAL_ENTRIES = 16
/** The time of an entry whose key has a newer entry further on. No record has it. */
const SUPERSEDED = Number.NEGATIVE_INFINITY

/** Four words and a time per entry. */
interface Entries {
  readonly words: Int32Array
  readonly times: Float64Array
}

/**
 * Times by 128-bit key hash, of one key group.
 *
 * Entries stand in the order of their coming and, once handed over by `snapshot`, are never changed: a newer time of
 * such a key is appended and the old entry marked. So what changed since the last snapshot is always the tail, and a
 * snapshot is one copy of it. 32 to 35 bytes per entry when full, half as much again after growth.
 */
export class FingerprintGroup extends KeyedEntries {
  #times: Float64Array = new Float64Array(INITIAL_ENTRIES)
  #capacity = INITIAL_ENTRIES
  /** Entries, superseded ones included. */
  #count = 0
  #superseded = 0
  /** Entries before this one are in a snapshot. */
  #clean = 0
  #horizon = Number.NEGATIVE_INFINITY
  /** About half of the entries were older than this at the last rebuild. */
  #median = Number.POSITIVE_INFINITY

  constructor() {
    super(INITIAL_ENTRIES)
  }

  /** Keys, forgotten ones included until the next rebuild. */
  get size(): number {
    return this.#count - this.#superseded
  }

  /** Entries that the next snapshot will hold. */
  get changed(): number {
    return this.#count - this.#clean
  }

  /** Entries that are in a snapshot, superseded ones included: they may leave memory. */
  get clean(): number {
    return this.#clean
  }

  /** False where it takes no more memory than an empty one. */
  get isLarge(): boolean {
    return this.#capacity > INITIAL_ENTRIES
  }

  get sizeBytes(): number {
    return 24 * this.#capacity + 4 * this.buckets
  }

  timeAt(position: number): number {
    return this.#times[position]!
  }

  /** Sets the time of a key. It never goes back: else a restore could bring an older, greater one to light. */
  put(words: Int32Array, at: number, time: number): void {
    const known = this.lookup(words, at)
    if (known >= this.#clean) this.#times[known] = time
    else if (known >= 0) this.#supersede(known, time)
    else this.add(words, at, time)
  }

  /** As {@link put}, for a key that is known to have no entry. */
  add(words: Int32Array, at: number, time: number): void {
    if (this.#count === this.#capacity) this.compact(this.#horizon)
    const position = this.#count++
    this.#times[position] = time
    this.addKey(position, words, at)
  }

  /** Entries older than `horizon` may go: they do when the group would grow, or with the next {@link compact}. */
  dropBefore(horizon: number): void {
    this.#horizon = horizon
  }

  /** True where about half of the entries may go. */
  get isHalfOld(): boolean {
    return this.#horizon > this.#median
  }

  /** Makes room for `entries` more, so that adding them rebuilds nothing. */
  reserve(entries: number): void {
    if (this.#count + entries <= this.#capacity) return
    const living = this.#countLiving(this.#horizon)
    this.#rebuild(this.#horizon, living, capacityFor(living + entries))
  }

  /** Rebuilds the group without entries older than `horizon`, with at least a quarter of it free; in its place where the size fits. */
  compact(horizon: number): void {
    const living = this.#countLiving(horizon)
    this.#rebuild(horizon, living, capacityFor(Math.ceil((4 * living) / 3)))
  }

  #rebuild(horizon: number, living: number, capacity: number): void {
    const outgrown = this.#entries
    const target = capacity === this.#capacity ? outgrown : newEntries(capacity)
    const before = this.#count
    const clean = living === before ? this.#copyAll(target) : this.#copyLiving(horizon, target)
    this.words = target.words
    this.#times = target.times
    this.#capacity = capacity
    this.#count = living
    this.#superseded = 0
    this.#clean = clean
    if (living < before || this.buckets !== bucketsFor(capacity)) this.rebuildIndex(bucketsFor(capacity), living)
    this.#median = medianTime(this.#times, living)
    if (target !== outgrown) freeEntries(outgrown)
  }

  /**
   * Takes over the entries of a stored block, whose keys all differ; newer blocks come after older ones. `following`: entries of the
   * blocks that are still to come, for which room is made at once.
   */
  load({ words, times, count }: BlockEntries, following = 0): void {
    this.reserve(count + following)
    const from = this.#count
    this.words.set(words, 4 * from)
    this.#times.set(times, from)
    this.#count += count
    // The index finds nothing in a group without entries.
    if (from === 0) this.fileAll(0, count)
    else this.#fileNewer(from)
    this.#clean = this.#count
    if (following === 0) this.#median = medianTime(this.#times, this.#count)
  }

  /** Takes out the first `most` of the {@link clean} entries. Gives those that still count, with memory of their own. */
  takeOldest(most: number): BlockEntries {
    const end = Math.min(most, this.#clean)
    const words = new Int32Array(4 * end)
    const times = new Float64Array(end)
    let count = 0
    for (let position = 0; position < end; position++) {
      const time = this.#times[position]!
      this.#times[position] = SUPERSEDED
      if (time < this.#horizon || time === SUPERSEDED) continue
      for (let word = 0; word < 4; word++) words[4 * count + word] = this.words[4 * position + word]!
      times[count++] = time
    }
    this.compact(this.#horizon)
    return { words, times, count }
  }

  /** Writes the entries that changed since the last call as a block to `target`, which has just the room for it. */
  snapshot(target: Uint8Array): void {
    const words = this.words.subarray(4 * this.#clean)
    writeBlock(target, { words, times: this.#times.subarray(this.#clean), count: this.changed })
    this.#clean = this.#count
  }

  /** Forgets everything and gives its memory back; the group must not be used after it. */
  free(): void {
    freeEntries(this.#entries)
    this.freeIndex()
  }

  get #entries(): Entries {
    return { words: this.words, times: this.#times }
  }

  #supersede(known: number, time: number): void {
    const key = this.words.slice(4 * known, 4 * known + 4)
    if (this.#count === this.#capacity) {
      this.compact(this.#horizon)
      this.put(key, 0, time)
      return
    }
    const position = this.#count++
    this.words.set(key, 4 * position)
    this.#times[position] = time
    this.#times[known] = SUPERSEDED
    this.#superseded++
    this.refile(known, position)
  }

  /** Files the entries from `from` on; those before them that have the same keys do not count any more. */
  #fileNewer(from: number): void {
    const times = this.#times
    for (let position = from; position < this.#count; position++) {
      const known = this.fileNewer(position)
      if (known < 0) continue
      times[known] = SUPERSEDED
      this.#superseded++
    }
  }

  /** Copies all entries. Gives how many of them are in a snapshot. */
  #copyAll({ words, times }: Entries): number {
    if (words !== this.words) {
      words.set(this.words.subarray(0, 4 * this.#count))
      times.set(this.#times.subarray(0, this.#count))
    }
    return this.#clean
  }

  /** The same for the living ones, in the order of their coming, so that the target may be the group itself. */
  #copyLiving(horizon: number, { words, times }: Entries): number {
    let live = 0
    let clean = 0
    for (let position = 0; position < this.#count; position++) {
      if (position === this.#clean) clean = live
      const time = this.#times[position]!
      if (time < horizon || time === SUPERSEDED) continue
      for (let word = 0; word < 4; word++) words[4 * live + word] = this.words[4 * position + word]!
      times[live++] = time
    }
    return this.#clean === this.#count ? live : clean
  }

  #countLiving(horizon: number): number {
    let living = 0
    for (let position = 0; position < this.#count; position++) {
      const time = this.#times[position]!
      if (time >= horizon && time !== SUPERSEDED) living++
    }
    return living
  }
}

function newEntries(capacity: number): Entries {
  return { words: new Int32Array(4 * capacity), times: new Float64Array(capacity) }
}

function freeEntries({ words, times }: Entries): void {
  freeMemory(words)
  freeMemory(times)
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
