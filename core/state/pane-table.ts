// hot path
import { MillraceError } from '../model/errors.ts'
import type { StateBlock } from '../ports/operator.ts'
import { checkKeyGroup } from './check-key-group.ts'
import { byKeyGroup, eachKeyGroup } from './key-group-order.ts'
import { Pane } from './pane.ts'
import { decodePaneBlock } from './pane-block.ts'
import { type PaneSlice, paneSnapshot } from './pane-snapshot.ts'

/** Splits that are read at different paces close several windows at once. */
const SPARE_PANES = 4
/** Dividing so many entries takes a few milliseconds: seldom, as the panes to come begin divided. */
const MOST_UNDIVIDED = 8_192

/** How a {@link PaneTable} is laid out. */
export interface PaneLayout {
  /** A power of two. */
  readonly keyGroups: number
  /** Doubles per entry. */
  readonly slots: number
  /** Panes with more entries have a part per key group. */
  readonly mostUndivided?: number
}

/** Accumulators by window and 128-bit key hash. One owner, one thread. */
export class PaneTable {
  readonly #keyGroups: number
  readonly #slots: number
  readonly #mostUndivided: number
  /** In the order of their beginnings. */
  readonly #panes: Pane[] = []
  /** Empty ones with the memory of those that were released last, for panes to come. */
  readonly #spares: Pane[] = []

  constructor({ keyGroups, slots, mostUndivided = MOST_UNDIVIDED }: PaneLayout) {
    this.#keyGroups = keyGroups
    this.#slots = slots
    this.#mostUndivided = mostUndivided
  }

  /** Memory in use, bytes, spare panes included. */
  get sizeBytes(): number {
    let bytes = 0
    for (const pane of this.#panes) bytes += pane.sizeBytes
    for (const pane of this.#spares) bytes += pane.sizeBytes
    return bytes
  }

  /** The pane that begins at `start`, made where there is none. */
  paneAt(start: number): Pane {
    let at = this.#panes.length
    while (at > 0 && this.#panes[at - 1]!.start >= start) at--
    const found = this.#panes[at]
    if (found?.start === start) return found
    const pane = this.#spares.pop() ?? new Pane(this.#slots)
    pane.start = start
    this.#panes.splice(at, 0, pane)
    return pane
  }

  /** Divides panes that became large: to be called now and then. Positions from before mean nothing after it. */
  divideLarge(): void {
    for (const pane of this.#panes) if (!pane.isDivided && pane.size > this.#mostUndivided) pane.divide(this.#keyGroups)
  }

  /** Takes the panes out that begin before `start`, oldest first. Whoever gets them releases them. */
  takeBefore(start: number): readonly Pane[] {
    let count = 0
    while (count < this.#panes.length && this.#panes[count]!.start < start) count++
    return count === 0 ? [] : this.#panes.splice(0, count)
  }

  /** Entries of a pane, key group by key group and in the order of their coming: an order that a restart does not change. */
  inOrder(pane: Pane): readonly PaneSlice[] {
    return pane.parts.map((values) => {
      const { positions } = byKeyGroup(values, values.positions(), this.#keyGroups)
      return { start: pane.start, values, positions }
    })
  }

  /** Forgets a pane that was taken out. Its memory serves for the next ones: windows that follow each other are much alike. */
  release(pane: Pane): void {
    const isOversized = pane.isDivided && pane.size <= this.#mostUndivided / 2
    if (this.#spares.length === SPARE_PANES || isOversized) {
      pane.free()
      return
    }
    pane.clear()
    this.#spares.push(pane)
  }

  /** What changed since the last call, one block per key group, in their order. The caller owns the bytes. */
  snapshot(): StateBlock[] {
    const changed = Array.from({ length: this.#keyGroups }, (): PaneSlice[] => [])
    for (const { start, parts } of this.#panes) {
      for (const values of parts) {
        if (values.changed === 0) continue
        eachKeyGroup(byKeyGroup(values, values.takeChanged(), this.#keyGroups), (keyGroup, positions) => {
          changed[keyGroup]!.push({ start, values, positions })
        })
      }
    }
    const blocks: StateBlock[] = []
    for (const [keyGroup, slices] of changed.entries())
      if (slices.length > 0) blocks.push({ keyGroup, ...paneSnapshot(slices) })
    return blocks
  }

  /**
   * Adds the entries of a stored block that begin at `from` or later; newer blocks of a key group come after older ones. All blocks
   * come before anything else changes. Throws `MR_STATE_CORRUPT` where a key belongs to another group or the accumulators are other
   * ones.
   */
  load(block: StateBlock, from: number): void {
    const entries = decodePaneBlock(block.bytes)
    const { words, times, count, slots } = entries
    if (count > 0 && slots !== this.#slots) throw misfit(`it has ${slots} accumulators per entry, not ${this.#slots}`)
    checkKeyGroup(entries, block.keyGroup, this.#keyGroups)
    let pane: Pane | undefined
    for (let i = 0; i < count; i++) {
      const start = times[i]!
      if (start < from) continue
      if (pane?.start !== start) pane = this.paneAt(start)
      pane.partOf(words[4 * i]!).put(entries, i)
    }
    this.divideLarge()
    for (const pane of this.#panes) pane.markClean()
  }
}

function misfit(why: string): MillraceError {
  return new MillraceError('MR_STATE_CORRUPT', `a block of panes cannot be used: ${why}`)
}
