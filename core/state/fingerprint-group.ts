// hot path
import type { BlockEntries } from './block.ts'
import { type EntryArrays, type EntryMemory, ownBuffers } from './entry-memory.ts'
import { KeyedEntries } from './keyed-entries.ts'
import { medianTime } from './median-time.ts'

/** The time of an entry whose key has a newer entry further on. No record has it. */
const SUPERSEDED = Number.NEGATIVE_INFINITY

/**
 * Times by 128-bit key hash, of one key group or of a part of one.
 *
 * Entries stand in the order of their coming and, once handed over by `snapshot`, are never changed: a newer time of
 * such a key is appended and the old entry marked. So what changed since the last snapshot is always the tail, and a
 * snapshot is one copy of it. 29 to 32 bytes per entry when full, a third to half as much again after growth.
 */
export class FingerprintGroup extends KeyedEntries {
  readonly #memory: EntryMemory
  #times: Float64Array
  #capacity: number
  /** Entries, superseded ones included. */
  #count = 0
  #superseded = 0
  /** Entries before this one are in a snapshot. */
  #clean = 0
  #horizon = Number.NEGATIVE_INFINITY
  /** About half of the entries were older than this at the last rebuild. */
  #median = Number.POSITIVE_INFINITY

  /** With room for so many entries at first. */
  constructor(memory: EntryMemory = ownBuffers, entries = 1) {
    const capacity = memory.capacityFor(entries)
    const { words, times, index } = memory.take(capacity)
    super(words, index)
    this.#memory = memory
    this.#times = times
    this.#capacity = capacity
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

  /** True where adding an entry rebuilds the group first. */
  get isFull(): boolean {
    return this.#count === this.#capacity
  }

  /** False where it takes no more memory than an empty one. */
  get isLarge(): boolean {
    return this.#capacity > this.#memory.capacityFor(1)
  }

  get sizeBytes(): number {
    return 24 * this.#capacity + 4 * this.index.length
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
    this.#rebuild(this.#horizon, living, this.#memory.capacityFor(living + entries))
  }

  /** Rebuilds the group without entries older than `horizon`, with at least a quarter of it free; in its place where the size fits. */
  compact(horizon: number): void {
    const living = this.#countLiving(horizon)
    this.#rebuild(horizon, living, this.#memory.capacityFor(Math.ceil((4 * living) / 3)))
  }

  /** True where a group for what lives, with a quarter of it free, has more than `entries`. */
  isLargerThan(entries: number): boolean {
    return 4 * this.#countLiving(this.#horizon) > 3 * entries
  }

  /** Keeps the living entries whose first word has bit `shift` not set; gives a group of the same size with the others. */
  divide(shift: number): FingerprintGroup {
    const other = new FingerprintGroup(this.#memory, this.#capacity)
    this.#shareOut(other, shift)
    this.#superseded = 0
    other.#horizon = this.#horizon
    for (const half of [this, other]) {
      half.#refile()
      half.#median = medianTime(half.#times, half.#count)
    }
    return other
  }

  #rebuild(horizon: number, living: number, capacity: number): void {
    const outgrown = this.#arrays
    const target = capacity === this.#capacity ? outgrown : this.#memory.take(capacity)
    const before = this.#count
    const clean = living === before ? this.#copyAll(target) : this.#copyLiving(horizon, target)
    this.words = target.words
    this.#times = target.times
    this.#capacity = capacity
    this.#count = living
    this.#superseded = 0
    this.#clean = clean
    if (target !== outgrown) this.refileIn(target.index, living)
    else if (living < before) this.#refile()
    this.#median = medianTime(this.#times, living)
    if (target !== outgrown) this.#memory.give(outgrown)
  }

  #refile(): void {
    this.clearIndex()
    this.fileAll(0, this.#count)
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

  /** Copies the entries that changed since the last call to `target`, from its entry `at` on. */
  snapshot({ words, times }: BlockEntries, at: number): void {
    words.set(this.words.subarray(4 * this.#clean, 4 * this.#count), 4 * at)
    times.set(this.#times.subarray(this.#clean, this.#count), at)
    this.#clean = this.#count
  }

  /** Forgets everything and gives its memory back; the group must not be used after it. */
  free(): void {
    this.#memory.give(this.#arrays)
  }

  get #arrays(): EntryArrays {
    return { words: this.words, times: this.#times, index: this.index }
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
  #copyAll({ words, times }: EntryArrays): number {
    if (words !== this.words) {
      words.set(this.words.subarray(0, 4 * this.#count))
      times.set(this.#times.subarray(0, this.#count))
    }
    return this.#clean
  }

  /** The same for the living ones, in the order of their coming, so that the target may be the group itself. */
  #copyLiving(horizon: number, { words, times }: EntryArrays): number {
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

  /**
   * Moves what lives to the beginning of this group or, where bit `shift` of its first word is set, of another one that is empty. Each
   * entry is written to both and counts in one: which, no processor could foresee.
   */
  #shareOut(other: FingerprintGroup, shift: number): void {
    const [words, times, end, clean, horizon] = [this.words, this.#times, this.#count, this.#clean, this.#horizon]
    const [otherWords, otherTimes] = [other.words, other.#times]
    let kept = 0
    let moved = 0
    let keptClean = 0
    let movedClean = 0
    for (let position = 0; position < end; position++) {
      const time = times[position]!
      if (time < horizon || time === SUPERSEDED) continue
      for (let word = 0; word < 4; word++) {
        const value = words[4 * position + word]!
        words[4 * kept + word] = value
        otherWords[4 * moved + word] = value
      }
      times[kept] = time
      otherTimes[moved] = time
      const isMoved = (otherWords[4 * moved]! >>> shift) & 1
      moved += isMoved
      kept += 1 - isMoved
      if (position >= clean) continue
      keptClean = kept
      movedClean = moved
    }
    this.#count = kept
    this.#clean = keptClean
    other.#count = moved
    other.#clean = movedClean
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
