// hot path
import { keyGroupOf } from '../model/key-hash.ts'
import type { StateBlock } from '../ports/operator.ts'
import type { SpillChange, SpillPage } from '../ports/spill.ts'
import { blockBytes, decodeBlock, entriesWithin } from './block.ts'
import { checkKeyGroup } from './check-key-group.ts'
import { FingerprintGroup } from './fingerprint-group.ts'
import { MOST_SORTED } from './fingerprint-order.ts'
import { Forgetting } from './forgetting.ts'
import { SpilledRuns } from './spilled-runs.ts'

/** A group with fewer entries in a snapshot spills all of them, not half: runs of less than a few pages cost more than they spare. */
const FEW_ENTRIES = 680
const NONE: readonly string[] = []

/**
 * Times by 128-bit key hash: one {@link FingerprintGroup} per key group, and entries that were moved out of memory
 * ({@link SpilledRuns}). Growth and rebuilding happen group by group, so no single call is long. One owner, one thread.
 */
export class FingerprintTable {
  readonly #groups: FingerprintGroup[] = []
  readonly #keyGroups: number
  readonly #forgetting: Forgetting
  readonly #spilled: SpilledRuns
  /** What was read back for the batch under way. */
  #found: FingerprintGroup | undefined
  #horizon = Number.NEGATIVE_INFINITY
  /** The key group that spills next. */
  #spillTurn = 0

  /** `keyGroups`: a power of two. `operator`: its id, for the names of spilled pages. */
  constructor(keyGroups: number, operator = '') {
    this.#keyGroups = keyGroups
    this.#spilled = new SpilledRuns(operator)
    for (let i = 0; i < keyGroups; i++) this.#groups.push(new FingerprintGroup())
    this.#forgetting = new Forgetting(this.#groups)
  }

  /** Keys in memory, forgotten ones included until their group is rebuilt. */
  get size(): number {
    let size = 0
    for (let i = 0; i < this.#groups.length; i++) size += this.#groups[i]!.size
    return size
  }

  /** Memory in use, in bytes, for limits. */
  get sizeBytes(): number {
    let bytes = this.#spilled.sizeBytes
    for (let i = 0; i < this.#groups.length; i++) bytes += this.#groups[i]!.sizeBytes
    return bytes
  }

  /** The group that holds the key whose hash is `words[at … at+3]`. */
  groupOf(words: Int32Array, at: number): FingerprintGroup {
    return this.#groups[keyGroupOf(words[at]!, this.#keyGroups)]!
  }

  /**
   * Reads ahead where the keys of rows `rows[from, to)` will be looked for. The lookups themselves come one after the other
   * and would each wait for main memory; these reads do not hang on each other, so the processor has many under way.
   */
  readAhead(keys: Int32Array, rows: Int32Array, range: { readonly from: number; readonly to: number }): number {
    let seen = 0
    for (let i = range.from; i < range.to; i++) {
      const at = 4 * rows[i]!
      seen ^= this.groupOf(keys, at).peek(keys[at + 2]!)
    }
    return seen
  }

  /** Entries older than `horizon` may go. */
  dropBefore(horizon: number): void {
    this.#horizon = horizon
    this.#forgetting.dropBefore(horizon)
  }

  /**
   * What changed since the last call, one block per key group, in their order. The caller owns the bytes: one piece of
   * memory for all, which goes as it came; many small ones would leave holes.
   */
  snapshot(): StateBlock[] {
    const changed = this.#groups.map((group) => group.changed)
    const bytes = new Uint8Array(changed.reduce((sum, entries) => sum + sizeOf(entries), 0))
    const blocks: StateBlock[] = []
    let end = 0
    for (const [keyGroup, entries] of changed.entries()) {
      if (entries === 0) continue
      const block = bytes.subarray(end, end + sizeOf(entries))
      this.#groups[keyGroup]!.snapshot(block)
      blocks.push({ keyGroup, bytes: block, entries })
      end += block.length
    }
    return blocks
  }

  /**
   * Moves the oldest entries that are in a snapshot out of memory, key group by key group, until `bytes` less are in use or no more
   * can go; drops spilled runs that are older than the horizon.
   */
  spill(bytes: number): SpillChange {
    if (bytes <= 0 && this.#spilled.isEmpty) return { write: [], forget: NONE }
    const forget = this.#spilled.expire(this.#horizon)
    const write: SpillPage[] = []
    const enough = this.sizeBytes - bytes
    for (let failed = 0; failed < this.#keyGroups && this.sizeBytes > enough; ) {
      const before = this.sizeBytes
      for (const page of this.#spillGroup(this.#spillTurn)) write.push(page)
      failed = this.sizeBytes < before ? 0 : failed + 1
      this.#spillTurn = (this.#spillTurn + 1) % this.#keyGroups
    }
    return { write, forget }
  }

  /** Names of the pages that hold, or may hold, keys of the rows `rows` that are not in memory. */
  missing(keys: Int32Array, rows: Int32Array): readonly string[] {
    this.#found = undefined
    const spilled = this.#spilled
    if (spilled.isEmpty) return NONE
    spilled.begin(keys)
    for (let i = 0; i < rows.length; i++) {
      const at = 4 * rows[i]!
      const keyGroup = keyGroupOf(keys[at]!, this.#keyGroups)
      if (this.#groups[keyGroup]!.lookup(keys, at) < 0) spilled.want(keyGroup, at, this.#horizon)
    }
    return spilled.wantedNames()
  }

  /** Takes the pages that `missing` named, in its order: {@link spilledTime} knows what they hold until the next batch. */
  provide(pages: readonly Uint8Array[]): void {
    this.#found = this.#spilled.find(pages)
  }

  /** The time of a key that is outside memory, as far as pages were provided; −∞ where it is unknown. */
  spilledTime(words: Int32Array, at: number): number {
    if (this.#found === undefined) return Number.NEGATIVE_INFINITY
    const position = this.#found.lookup(words, at)
    return position < 0 ? Number.NEGATIVE_INFINITY : this.#found.timeAt(position)
  }

  /** The batch that pages were provided for is done. */
  endBatch(): void {
    this.#found = undefined
  }

  /** Names of the pages of spilled runs that are to become one. */
  toMerge(): readonly string[] {
    return this.#spilled.toMerge()
  }

  /** Takes the pages that `toMerge` named, in its order. */
  merge(pages: readonly Uint8Array[]): SpillChange {
    return this.#spilled.merge(pages, this.#horizon)
  }

  #spillGroup(keyGroup: number): readonly SpillPage[] {
    const group = this.#groups[keyGroup]!
    if (group.clean === 0 || !group.isLarge) return []
    const most = group.clean < FEW_ENTRIES ? group.clean : group.clean >> 1
    return this.#spilled.add(keyGroup, group.takeOldest(Math.min(most, MOST_SORTED)))
  }

  /**
   * Adds the entries of a stored block; newer blocks of a key group come after older ones. `followingBytes`: those of the blocks of
   * this key group that are still to come. Throws `MR_STATE_CORRUPT` where a key belongs to another group.
   */
  load(block: StateBlock, followingBytes = 0): void {
    const entries = decodeBlock(block.bytes)
    checkKeyGroup(entries, block.keyGroup, this.#keyGroups)
    this.#groups[block.keyGroup]?.load(entries, entriesWithin(followingBytes))
  }
}

/** Bytes in a snapshot of a group in which so many entries changed. */
function sizeOf(entries: number): number {
  return entries === 0 ? 0 : blockBytes(entries)
}
