// hot path
import type { AgingGroup } from './forgetting.ts'
import type { KeySpan } from './key-span.ts'
import { KeyedValues } from './keyed-values.ts'
import { medianTime } from './median-time.ts'
import { type PaneEntries, paneBlockBytes, writePaneBlock } from './pane-block.ts'
import { keysAt } from './pane-snapshot.ts'

/** Keys whose only accumulator is their time. */
const SLOTS = 1
const NO_VALUES = new Float64Array(0)

/**
 * Times by key, of one key group. The 128-bit hash of a key finds its entries, the canonical bytes tell them apart, so different keys
 * are never taken for the same. 36 bytes per key and the key itself when full, twice as much after growth.
 */
export class ExactGroup implements AgingGroup {
  #keys = new KeyedValues(SLOTS)
  #horizon = Number.NEGATIVE_INFINITY
  /** About half of the keys were older than this when memory was last made or given back. */
  #median = Number.POSITIVE_INFINITY

  get size(): number {
    return this.#keys.size
  }

  get isHalfOld(): boolean {
    return this.#horizon > this.#median
  }

  /** Memory in use, bytes. */
  get sizeBytes(): number {
    return this.#keys.sizeBytes
  }

  /** As `KeyedEntries.peek`. */
  peek(third: number): number {
    return this.#keys.peek(third)
  }

  /** Position of a key whose hash is `words[at … at+3]`, valid until the next change; −1 where it has no entry. */
  find(words: Int32Array, at: number, key: KeySpan): number {
    const keys = this.#keys
    let position = keys.lookup(words, at)
    while (position >= 0 && !keys.hasKey(position, key)) position = keys.lookupNext(position)
    return position
  }

  timeAt(position: number): number {
    return this.#keys.values[position]!
  }

  /** Sets the time of the key at `position`. It never goes back: else a merge could bring an older, greater one to light. */
  setTime(position: number, time: number): void {
    this.#keys.touch(position)
    this.#keys.values[position] = time
  }

  /** Adds a key that has no entry. */
  add(words: Int32Array, at: number, { key, time }: { readonly key: KeySpan; readonly time: number }): void {
    if (this.#keys.isFull) this.#makeRoom()
    const position = this.#keys.add(words, at, key)
    this.#keys.values[position] = time
  }

  dropBefore(horizon: number): void {
    this.#horizon = horizon
  }

  compact(horizon: number): void {
    const outgrown = this.#keys
    const kept = outgrown.copy(outgrown.positions().filter((position) => outgrown.values[position]! >= horizon))
    outgrown.free()
    this.#keys = kept
    this.#median = medianTime(kept.values, kept.size)
  }

  /** Takes over the entries of a stored block that are not older than the horizon; of each key the greatest time counts. */
  load(entries: PaneEntries): void {
    const { words, times, count, keys, keyEnds } = entries
    for (let i = 0; i < count; i++) {
      const time = times[i]!
      if (time < this.#horizon) continue
      const key = { bytes: keys, from: i === 0 ? 0 : keyEnds[i - 1]!, to: keyEnds[i]! }
      const known = this.find(words, 4 * i, key)
      if (known < 0) this.add(words, 4 * i, { key, time })
      else if (time > this.timeAt(known)) this.setTime(known, time)
    }
  }

  /** Takes all entries as handed over already: they came from stored blocks. */
  markClean(): void {
    this.#keys.markClean()
    this.#median = medianTime(this.#keys.values, this.size)
  }

  /** What changed since the last call, as a block; the caller owns the bytes. */
  snapshot(): { readonly bytes: Uint8Array; readonly entries: number } {
    const { values } = this.#keys
    const positions = this.#keys.takeChanged()
    const count = positions.length
    const entries = keysAt([{ values: this.#keys, positions }])
    const times = new Float64Array(count)
    for (let i = 0; i < count; i++) times[i] = values[positions[i]!]!
    const bytes = new Uint8Array(paneBlockBytes({ count, slots: 0, keyBytes: entries.keys.length }))
    writePaneBlock(bytes, { ...entries, times, count, slots: 0, values: NO_VALUES }, 3)
    return { bytes, entries: count }
  }

  /** Entries that the next snapshot will hold. */
  get changed(): number {
    return this.#keys.changed
  }

  /** Forgets everything and gives its memory back; the group must not be used after it. */
  free(): void {
    this.#keys.free()
  }

  /** Forgets, where that makes as much room as growth would. */
  #makeRoom(): void {
    if (this.#countLiving(this.#horizon) <= this.size / 2) this.compact(this.#horizon)
    else this.#median = medianTime(this.#keys.values, this.size)
  }

  #countLiving(horizon: number): number {
    const { values, size } = this.#keys
    let living = 0
    for (let position = 0; position < size; position++) if (values[position]! >= horizon) living++
    return living
  }
}
