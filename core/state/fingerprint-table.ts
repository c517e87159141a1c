// hot path
import { MillraceError } from '../model/errors.ts'
import { keyGroupOf } from '../model/key-hash.ts'
import type { StateBlock } from '../ports/operator.ts'
import { blockBytes, decodeBlock } from './block.ts'
import { FingerprintGroup } from './fingerprint-group.ts'

/** Entries that one call of `dropBefore` may look at to rebuild groups, a fraction of a millisecond; more is owed to later calls. */
const REBUILT_PER_CALL = 16_384

/**
 * Times by 128-bit key hash: one {@link FingerprintGroup} per key group. Growth and
 * rebuilding happen group by group, so no single call is long. One owner, one thread.
 */
export class FingerprintTable {
  readonly #groups: FingerprintGroup[] = []
  readonly #keyGroups: number
  /** The group that is looked at first for rebuilding. */
  #turn = 0
  /** Entries that may be looked at now; below zero after a large group. */
  #allowance = 0

  /** `keyGroups`: a power of two. */
  constructor(keyGroups: number) {
    this.#keyGroups = keyGroups
    for (let i = 0; i < keyGroups; i++) this.#groups.push(new FingerprintGroup())
  }

  /** Keys, forgotten ones included until their group is rebuilt. */
  get size(): number {
    let size = 0
    for (let i = 0; i < this.#groups.length; i++) size += this.#groups[i]!.size
    return size
  }

  /** Memory in use, in bytes, for limits. */
  get sizeBytes(): number {
    let bytes = 0
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

  /**
   * Entries older than `horizon` may go. Groups grow old together: their rebuilding is spread over many calls, so that none
   * holds records up for longer than one group takes.
   */
  dropBefore(horizon: number): void {
    const groups = this.#groups
    for (let i = 0; i < groups.length; i++) groups[i]!.dropBefore(horizon)
    this.#allowance = Math.min(this.#allowance + REBUILT_PER_CALL, REBUILT_PER_CALL)
    for (let i = 0; i < groups.length && this.#allowance > 0; i++) {
      const group = groups[this.#turn]!
      this.#turn = (this.#turn + 1) % groups.length
      if (!group.isHalfOld) continue
      this.#allowance -= group.size
      group.compact(horizon)
    }
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
   * Adds the entries of a stored block; newer blocks of a key group come after older ones. Throws `MR_STATE_CORRUPT`
   * where a key belongs to another group.
   */
  load(block: StateBlock): void {
    const entries = decodeBlock(block.bytes)
    const group = this.#groups[block.keyGroup]
    for (let i = 0; i < entries.count; i++) {
      if (group === undefined || this.groupOf(entries.words, 4 * i) !== group) throw misplaced(block.keyGroup)
    }
    group?.load(entries)
  }
}

/** Bytes in a snapshot of a group in which so many entries changed. */
function sizeOf(entries: number): number {
  return entries === 0 ? 0 : blockBytes(entries)
}

function misplaced(keyGroup: number): MillraceError {
  const message = `a block of state holds a key that does not belong to key group ${keyGroup}`
  return new MillraceError('MR_STATE_CORRUPT', message, { details: { keyGroup } })
}
