// hot path
import { MillraceError } from '../model/errors.ts'
import { keyGroupOf } from '../model/key-hash.ts'
import type { StateBlock } from '../ports/operator.ts'
import { checkKeyGroup } from './check-key-group.ts'
import { decodePaneBlock } from './pane-block.ts'
import { PaneGroup } from './pane-group.ts'
import { type PaneEntry, paneSnapshot } from './pane-snapshot.ts'

/** Splits that are read at different paces close several windows at once. */
const SPARE_PANES = 4

/** One window of all keys: a {@link PaneGroup} per key group that has one. */
export interface Pane {
  /** Event time at which the window begins, epoch ms. */
  readonly start: number
  readonly groups: (PaneGroup | undefined)[]
}

/**
 * Accumulators by window and 128-bit key hash. Growth and snapshots happen key group by key group, so no single call is long.
 * One owner, one thread.
 */
export class PaneTable {
  readonly #keyGroups: number
  readonly #slots: number
  /** In the order of their beginnings. */
  readonly #panes: Pane[] = []
  /** Empty groups with the memory of those that were released last, for panes to come. */
  readonly #spares: PaneGroup[] = []

  /** `keyGroups`: a power of two. `slots`: doubles per entry. */
  constructor(keyGroups: number, slots: number) {
    this.#keyGroups = keyGroups
    this.#slots = slots
  }

  /** Memory in use, bytes, spare groups included. */
  get sizeBytes(): number {
    let bytes = 0
    for (const { groups } of this.#panes) for (const group of groups) bytes += group?.sizeBytes ?? 0
    for (const group of this.#spares) bytes += group.sizeBytes
    return bytes
  }

  /** The pane that begins at `start`, made where there is none. */
  paneAt(start: number): Pane {
    let at = this.#panes.length
    while (at > 0 && this.#panes[at - 1]!.start >= start) at--
    const found = this.#panes[at]
    if (found?.start === start) return found
    const pane: Pane = { start, groups: Array.from({ length: this.#keyGroups }, () => undefined) }
    this.#panes.splice(at, 0, pane)
    return pane
  }

  /** The part of a pane that holds the key whose hash is `words[at … at+3]`. */
  groupOf(pane: Pane, words: Int32Array, at: number): PaneGroup {
    return this.#group(pane, keyGroupOf(words[at]!, this.#keyGroups))
  }

  /** Takes the panes out that begin before `start`, oldest first. Whoever gets them releases them. */
  takeBefore(start: number): readonly Pane[] {
    let count = 0
    while (count < this.#panes.length && this.#panes[count]!.start < start) count++
    return count === 0 ? [] : this.#panes.splice(0, count)
  }

  /** Forgets a pane that was taken out. Its memory serves for the next ones: windows that follow each other are much alike. */
  release({ groups }: Pane): void {
    const most = SPARE_PANES * this.#keyGroups
    for (const group of groups) {
      if (group === undefined) continue
      if (this.#spares.length < most && group.clear()) this.#spares.push(group)
      else group.free()
    }
  }

  /** What changed since the last call, one block per key group, in their order. The caller owns the bytes. */
  snapshot(): StateBlock[] {
    const blocks: StateBlock[] = []
    for (let keyGroup = 0; keyGroup < this.#keyGroups; keyGroup++) {
      const changed: PaneEntry[] = []
      for (const { start, groups } of this.#panes) {
        const group = groups[keyGroup]
        if (group !== undefined && group.changed > 0) changed.push({ start, group })
      }
      if (changed.length > 0) blocks.push({ keyGroup, ...paneSnapshot(changed) })
    }
    return blocks
  }

  /**
   * Adds the entries of a stored block that begin at `from` or later; newer blocks of a key group come after older ones. Throws
   * `MR_STATE_CORRUPT` where a key belongs to another group or the accumulators are other ones.
   */
  load(block: StateBlock, from: number): void {
    const entries = decodePaneBlock(block.bytes)
    const { times, count, slots } = entries
    if (count > 0 && slots !== this.#slots) throw misfit(`it has ${slots} accumulators per entry, not ${this.#slots}`)
    checkKeyGroup(entries, block.keyGroup, this.#keyGroups)
    let pane: Pane | undefined
    for (let i = 0; i < count; i++) {
      const start = times[i]!
      if (start < from) continue
      if (pane?.start !== start) pane = this.paneAt(start)
      this.#group(pane, block.keyGroup).put(entries, i)
    }
    for (const { groups } of this.#panes) groups[block.keyGroup]?.markClean()
  }

  #group({ groups }: Pane, keyGroup: number): PaneGroup {
    const found = groups[keyGroup]
    if (found !== undefined) return found
    const made = this.#spares.pop() ?? new PaneGroup(this.#slots)
    groups[keyGroup] = made
    return made
  }
}

function misfit(why: string): MillraceError {
  return new MillraceError('MR_STATE_CORRUPT', `a block of panes cannot be used: ${why}`)
}
