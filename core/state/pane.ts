// hot path
import { keyGroupOf } from '../model/key-hash.ts'
import { byKeyGroup, eachKeyGroup } from './key-group-order.ts'
import { KeyedValues } from './keyed-values.ts'

/**
 * One window of all keys.
 *
 * Its entries stand in one part for all key groups: while they are few, the processor keeps the few tables of a part in its caches, but
 * not those of a hundred. A large pane is divided into a part per key group, so that no growth takes long.
 */
export class Pane {
  /** Event time at which the window begins, epoch ms. */
  start = 0
  readonly #slots: number
  /** One, or one per key group; a part is made for its first entry. */
  #parts: (KeyedValues | undefined)[] = [undefined]

  /** `slots`: doubles per entry. */
  constructor(slots: number) {
    this.#slots = slots
  }

  /** Its parts that were made, in the order of their key groups. */
  get parts(): readonly KeyedValues[] {
    return this.#parts.filter((part) => part !== undefined)
  }

  get size(): number {
    let size = 0
    for (const part of this.#parts) size += part?.size ?? 0
    return size
  }

  get isDivided(): boolean {
    return this.#parts.length > 1
  }

  /** Memory in use, bytes. */
  get sizeBytes(): number {
    let bytes = 0
    for (const part of this.#parts) bytes += part?.sizeBytes ?? 0
    return bytes
  }

  /** The part for keys whose hash begins with this word. */
  partOf(firstWord: number): KeyedValues {
    // With one part it is the first, whatever the word.
    const at = keyGroupOf(firstWord, this.#parts.length)
    const found = this.#parts[at]
    if (found !== undefined) return found
    const made = new KeyedValues(this.#slots)
    this.#parts[at] = made
    return made
  }

  /** Gives each key group a part of its own. Positions from before mean nothing after it. */
  divide(keyGroups: number): void {
    const [whole] = this.#parts
    this.#parts = Array.from({ length: keyGroups }, () => undefined)
    if (whole === undefined) return
    eachKeyGroup(byKeyGroup(whole, whole.positions(), keyGroups), (keyGroup, positions) => {
      this.#parts[keyGroup] = whole.copy(positions)
    })
    whole.free()
  }

  /** Takes all entries as handed over already: they came from stored blocks. */
  markClean(): void {
    for (const part of this.#parts) part?.markClean()
  }

  /** Forgets all entries and keeps the memory, except of parts that used little of it. */
  clear(): void {
    for (const [at, part] of this.#parts.entries()) {
      if (part === undefined || part.clear()) continue
      part.free()
      this.#parts[at] = undefined
    }
  }

  /** Gives its memory back; it must not be used after that. */
  free(): void {
    for (const part of this.#parts) part?.free()
  }
}
