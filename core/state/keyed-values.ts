// hot path
import { freeMemory } from '../model/free-memory.ts'
import type { KeySpan } from './key-span.ts'
import { KeyedEntries } from './keyed-entries.ts'
import type { PaneEntries } from './pane-block.ts'

const INITIAL_ENTRIES = 16
const INITIAL_KEY_BYTES = 256
/** Memory of which less than one part in so many was used is not kept. */
const LEAST_SHARE = 8

interface Room {
  readonly entries: number
  readonly keyBytes: number
}

const NO_ROOM: Room = { entries: 0, keyBytes: 0 }

/**
 * Accumulators by 128-bit key hash, with the canonical bytes of each key.
 *
 * Entries stand in the order of their coming and keep their position for ever. `values` holds `slots` doubles per entry and
 * may be written through {@link touch}, which notes that the entry changed: a snapshot is what changed since the one before.
 */
export class KeyedValues extends KeyedEntries {
  readonly slots: number
  values: Float64Array
  #keyEnds: Int32Array
  #keys: Uint8Array
  #keyView: DataView
  #keyBytes = 0
  #capacity: number
  #count = 0
  /** Entries from here on are in no snapshot. */
  #clean = 0
  /** Positions before `#clean` that changed since the last snapshot, and which they are. */
  #changed: Int32Array = new Int32Array(0)
  #changedCount = 0
  #isChanged: Uint8Array = new Uint8Array(0)

  /** `slots`: doubles per entry. `room`: what is to come, where that is known. */
  constructor(slots: number, { entries, keyBytes }: Room = NO_ROOM) {
    const capacity = Math.max(INITIAL_ENTRIES, 2 ** Math.ceil(Math.log2(entries)))
    super(new Int32Array(4 * capacity), new Int32Array(2 * capacity))
    this.slots = slots
    this.values = new Float64Array(slots * capacity)
    this.#keyEnds = new Int32Array(capacity)
    this.#keys = new Uint8Array(Math.max(INITIAL_KEY_BYTES, keyBytes))
    this.#keyView = new DataView(this.#keys.buffer)
    this.#capacity = capacity
  }

  get size(): number {
    return this.#count
  }

  /** True where one more entry makes it grow. */
  get isFull(): boolean {
    return this.#count === this.#capacity
  }

  /** Memory in use, bytes. */
  get sizeBytes(): number {
    const changed = this.#changed.byteLength + this.#isChanged.byteLength
    return (8 * this.slots + 20) * this.#capacity + this.#keys.length + 4 * this.index.length + changed
  }

  /** Entries that the next snapshot will hold. */
  get changed(): number {
    return this.#count - this.#clean + this.#changedCount
  }

  /** Adds a key that has no entry, with its bytes `key[from, to)`. Gives its position, at which the caller sets values. */
  add(words: Int32Array, at: number, key: KeySpan): number {
    if (this.#count === this.#capacity) this.#grow()
    const position = this.#count++
    this.addKey(position, words, at)
    this.#appendKey(position, key)
    return position
  }

  /** Whether the canonical bytes of the key at `position` are these. */
  hasKey(position: number, { bytes, from, to }: KeySpan): boolean {
    const start = this.keyStart(position)
    if (this.#keyEnds[position]! - start !== to - from) return false
    const keys = this.#keys
    for (let i = from, at = start; i < to; i++) if (keys[at++] !== bytes[i]) return false
    return true
  }

  /** Takes entry `i` of a stored block: adds its key, or replaces the values of the key. */
  put({ words, slots, values, keyEnds, keys }: PaneEntries, i: number): void {
    const known = this.lookup(words, 4 * i)
    const key = { bytes: keys, from: i === 0 ? 0 : keyEnds[i - 1]!, to: keyEnds[i]! }
    const position = known < 0 ? this.add(words, 4 * i, key) : known
    this.values.set(values.subarray(slots * i, slots * (i + 1)), slots * position)
  }

  /** Notes that the values of an entry are about to change. */
  touch(position: number): void {
    if (this.isChanged(position)) return
    this.#isChanged[position] = 1
    this.#changed[this.#changedCount++] = position
  }

  /** True where the next snapshot will hold the entry. */
  isChanged(position: number): boolean {
    return position >= this.#clean || this.#isChanged[position] === 1
  }

  wordAt(position: number, word: number): number {
    return this.words[4 * position + word]!
  }

  /** The canonical bytes of all keys, one after the other: a view that lives until the next `add`. */
  get keys(): DataView {
    return this.#keyView
  }

  /** Where the bytes of a key begin in {@link keys}; they end where the next ones begin. */
  keyStart(position: number): number {
    return position === 0 ? 0 : this.#keyEnds[position - 1]!
  }

  /** The canonical bytes of a key: they live until the next `add`. */
  keyAt(position: number): KeySpan {
    return { bytes: this.#keys, from: this.keyStart(position), to: this.#keyEnds[position]! }
  }

  /** Bytes of the keys at `positions`. */
  keyBytes(positions: Int32Array): number {
    let bytes = 0
    for (let i = 0; i < positions.length; i++) bytes += this.#keyEnds[positions[i]!]! - this.keyStart(positions[i]!)
    return bytes
  }

  /** Copies the bytes of a key to `target` from `at` on. Gives where they end. */
  copyKey(position: number, target: Uint8Array, at: number): number {
    const key = this.#keys.subarray(this.keyStart(position), this.#keyEnds[position]!)
    target.set(key, at)
    return at + key.length
  }

  /** Positions of the entries that changed since the last call, in the order of their coming, and takes them as handed over. */
  takeChanged(): Int32Array {
    const older = this.#changedCount
    const positions = new Int32Array(this.changed)
    positions.set(this.#changed.subarray(0, older).sort())
    for (let i = older; i < positions.length; i++) positions[i] = this.#clean + i - older
    this.markClean()
    return positions
  }

  /** Positions of all entries, in the order of their coming. */
  positions(): Int32Array {
    const positions = new Int32Array(this.#count)
    for (let position = 0; position < positions.length; position++) positions[position] = position
    return positions
  }

  /** The entries at `positions`, in this order, which is that of their coming; the next snapshot holds of them what it would have held. */
  copy(positions: Int32Array): KeyedValues {
    const { slots, words, values } = this
    const copy = new KeyedValues(slots, { entries: positions.length, keyBytes: this.keyBytes(positions) })
    for (let at = 0; at < positions.length; at++) {
      const position = positions[at]!
      copy.add(words, 4 * position, this.keyAt(position))
      for (let slot = 0; slot < slots; slot++) copy.values[slots * at + slot] = values[slots * position + slot]!
      if (position < this.#clean) copy.#clean = at + 1
    }
    copy.#noteChanges()
    for (let at = 0; at < copy.#clean; at++) if (this.isChanged(positions[at]!)) copy.touch(at)
    return copy
  }

  /** Takes all entries as handed over already: they came from a stored block. */
  markClean(): void {
    for (let i = 0; i < this.#changedCount; i++) this.#isChanged[this.#changed[i]!] = 0
    this.#changedCount = 0
    this.#clean = this.#count
    this.#noteChanges()
  }

  /**
   * Forgets all entries and keeps the memory for others. `false` where the entries filled so little of it that it is better given
   * back: then nothing happened.
   */
  clear(): boolean {
    if (this.#count < this.#capacity / LEAST_SHARE) return false
    this.#isChanged.fill(0)
    this.clearIndex()
    this.#count = 0
    this.#keyBytes = 0
    this.#clean = 0
    this.#changedCount = 0
    return true
  }

  /** Gives its memory back; it must not be used after that. */
  free(): void {
    const owned = [this.values, this.words, this.index, this.#keyEnds, this.#keys, this.#changed, this.#isChanged]
    for (const memory of owned) freeMemory(memory)
  }

  #appendKey(position: number, { bytes, from, to }: KeySpan): void {
    const end = this.#keyBytes + to - from
    if (end > this.#keys.length) {
      const grown = new Uint8Array(Math.max(end, 2 * this.#keys.length))
      grown.set(this.#keys)
      freeMemory(this.#keys)
      this.#keys = grown
      this.#keyView = new DataView(grown.buffer)
    }
    const keys = this.#keys
    for (let i = from, at = this.#keyBytes; i < to; i++) keys[at++] = bytes[i]!
    this.#keyBytes = end
    this.#keyEnds[position] = end
  }

  /** Makes room to note which of the entries that are in a snapshot change. */
  #noteChanges(): void {
    if (this.#isChanged.length >= this.#clean) return
    freeMemory(this.#isChanged)
    freeMemory(this.#changed)
    this.#isChanged = new Uint8Array(this.#capacity)
    this.#changed = new Int32Array(this.#capacity)
  }

  #grow(): void {
    const capacity = 2 * this.#capacity
    this.values = grown(this.values, new Float64Array(this.slots * capacity))
    this.words = grown(this.words, new Int32Array(4 * capacity))
    this.#keyEnds = grown(this.#keyEnds, new Int32Array(capacity))
    this.#capacity = capacity
    freeMemory(this.index)
    this.refileIn(new Int32Array(2 * capacity), this.#count)
  }
}

function grown<A extends Float64Array | Int32Array>(outgrown: A, larger: A): A {
  larger.set(outgrown)
  freeMemory(outgrown)
  return larger
}
