// hot path
import { keyGroupOf } from '../model/key-hash.ts'
import type { StateBlock } from '../ports/operator.ts'
import type { SpillChange, SpillPage } from '../ports/spill.ts'
import { type BlockEntries, beginBlock, blockBytes, decodeBlock, entriesWithin } from './block.ts'
import { checkKeyGroup } from './check-key-group.ts'
import { PIECE_ENTRIES } from './entry-memory.ts'
import type { FingerprintGroup } from './fingerprint-group.ts'
import { MOST_SORTED } from './fingerprint-order.ts'
import { FingerprintParts, placeIn } from './fingerprint-parts.ts'
import { Forgetting } from './forgetting.ts'
import { freeEntries, joinedEntries } from './share-entries.ts'
import { SpilledRuns } from './spilled-runs.ts'

/** A key group with fewer entries in a snapshot spills all of them: runs of less than a few pages cost more than they spare. */
const FEW_ENTRIES = 680
/** Others spill so much of them that what is left of a full part needs half of its room. */
const SPILLED_SHARE = 5 / 8
/** In the place of a figure that must be counted anew. */
const UNKNOWN = -1
const NONE: readonly string[] = []

/**
 * Times by 128-bit key hash: {@link FingerprintParts} of each key group, and entries that were moved out of memory
 * ({@link SpilledRuns}). Growth and rebuilding happen part by part, so no single call is long. One owner, one thread.
 */
export class FingerprintTable {
  readonly #parts: FingerprintParts
  readonly #keyGroups: number
  readonly #largestPart: number
  readonly #forgetting = new Forgetting()
  readonly #spilled: SpilledRuns
  /** What was read back for the batch under way. */
  #found: FingerprintGroup | undefined
  #horizon = Number.NEGATIVE_INFINITY
  /** The key group that spills next. */
  #spillTurn = 0
  /** Memory of all parts, bytes; {@link UNKNOWN} when one was rebuilt. */
  #partBytes = UNKNOWN

  /** `keyGroups`: a power of two. `operator`: its id, for the names of spilled pages. `largestPart`: a part that would need room for more entries is divided. */
  constructor(keyGroups: number, operator = '', largestPart = PIECE_ENTRIES) {
    this.#keyGroups = keyGroups
    this.#largestPart = largestPart
    this.#spilled = new SpilledRuns(operator)
    this.#parts = new FingerprintParts(keyGroups)
  }

  /** Keys in memory, forgotten ones included until their part is rebuilt. */
  get size(): number {
    return this.#parts.all.reduce((sum, { size }) => sum + size, 0)
  }

  /** Memory in use, in bytes, for limits. */
  get sizeBytes(): number {
    if (this.#partBytes === UNKNOWN)
      this.#partBytes = this.#parts.all.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    return this.#spilled.sizeBytes + this.#partBytes
  }

  /** What holds the key whose hash is `words[at … at+3]`, until the next {@link put}. */
  partOf(words: Int32Array, at: number): FingerprintGroup {
    return this.#parts.of(words[at]!)
  }

  /** Sets the time of a key. It never goes back. */
  put(words: Int32Array, at: number, time: number): void {
    const part = this.partOf(words, at)
    if (part.isFull) this.#makeRoom(part, words[at]!)
    this.partOf(words, at).put(words, at, time)
  }

  /**
   * Reads ahead where the keys of rows `rows[from, to)` will be looked for. The lookups themselves come one after the other
   * and would each wait for main memory; these reads do not hang on each other, so the processor has many under way.
   */
  readAhead(keys: Int32Array, rows: Int32Array, range: { readonly from: number; readonly to: number }): number {
    const { directory } = this.#parts
    let seen = 0
    for (let i = range.from; i < range.to; i++) {
      const at = 4 * rows[i]!
      seen ^= directory[placeIn(directory, keys[at]!)]!.peek(keys[at + 2]!)
    }
    return seen
  }

  /** Entries older than `horizon` may go. */
  dropBefore(horizon: number): void {
    this.#horizon = horizon
    if (this.#forgetting.dropBefore(this.#parts.all, horizon)) this.#partBytes = UNKNOWN
  }

  /**
   * What changed since the last call, one block per key group, in their order. The caller owns the bytes: one piece of
   * memory for all, which goes as it came; many small ones would leave holes.
   */
  snapshot(): StateBlock[] {
    const changed = Array.from({ length: this.#keyGroups }, (_, keyGroup) =>
      changedIn(this.#parts.ofKeyGroup(keyGroup)),
    )
    const bytes = new Uint8Array(changed.reduce((sum, { entries }) => sum + sizeOf(entries), 0))
    const blocks: StateBlock[] = []
    let end = 0
    for (const [keyGroup, { parts, entries }] of changed.entries()) {
      if (entries === 0) continue
      const block = bytes.subarray(end, end + sizeOf(entries))
      snapshotOf(parts, beginBlock(block, entries))
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
      const pages = this.#spillGroup(this.#spillTurn)
      for (const page of pages) write.push(page)
      failed = pages.length > 0 ? 0 : failed + 1
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
      if (this.partOf(keys, at).lookup(keys, at) < 0) spilled.want(keyGroup, at, this.#horizon)
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

  #makeRoom(part: FingerprintGroup, firstWord: number): void {
    this.#partBytes = UNKNOWN
    if (part.isLargerThan(this.#largestPart) && this.#parts.divide(firstWord)) return
    part.compact(this.#horizon)
  }

  #spillGroup(keyGroup: number): readonly SpillPage[] {
    const parts = this.#parts.ofKeyGroup(keyGroup).filter(({ clean, isLarge }) => clean > 0 && isLarge)
    const clean = parts.reduce((sum, part) => sum + part.clean, 0)
    if (clean === 0) return []
    this.#partBytes = UNKNOWN
    const share = Math.min(clean < FEW_ENTRIES ? 1 : SPILLED_SHARE, (MOST_SORTED - parts.length) / clean)
    const taken = parts.map((part) => part.takeOldest(Math.ceil(share * part.clean)))
    const joined = joinedEntries(taken)
    for (const entries of taken) freeEntries(entries)
    return this.#spilled.add(keyGroup, joined)
  }

  /**
   * Adds the entries of a stored block; newer blocks of a key group come after older ones. `followingBytes`: those of the blocks of
   * this key group that are still to come. Throws `MR_STATE_CORRUPT` where a key belongs to another group.
   */
  load(block: StateBlock, followingBytes = 0): void {
    const entries = decodeBlock(block.bytes)
    checkKeyGroup(entries, block.keyGroup, this.#keyGroups)
    const following = entriesWithin(followingBytes)
    this.#partBytes = UNKNOWN
    this.#parts.divideInto(block.keyGroup, (entries.count + following) / this.#largestPart)
    this.#parts.load(block.keyGroup, entries, following)
  }
}

interface ChangedParts {
  readonly parts: readonly FingerprintGroup[]
  readonly entries: number
}

function changedIn(parts: readonly FingerprintGroup[]): ChangedParts {
  return { parts, entries: parts.reduce((sum, { changed }) => sum + changed, 0) }
}

function snapshotOf(parts: readonly FingerprintGroup[], target: BlockEntries): void {
  let at = 0
  for (const part of parts) {
    const { changed } = part
    part.snapshot(target, at)
    at += changed
  }
}

/** Bytes in a snapshot of a group in which so many entries changed. */
function sizeOf(entries: number): number {
  return entries === 0 ? 0 : blockBytes(entries)
}
