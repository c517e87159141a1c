// hot path
import { keyGroupOf } from '../model/key-hash.ts'
import type { StateBlock } from '../ports/operator.ts'
import { checkKeyGroup } from './check-key-group.ts'
import { ExactGroup } from './exact-group.ts'
import { Forgetting } from './forgetting.ts'
import { decodePaneBlock } from './pane-block.ts'

/** Times by key, told apart by the bytes of the key: one {@link ExactGroup} per key group. One owner, one thread. */
export class ExactTable {
  readonly #groups: readonly ExactGroup[]
  readonly #forgetting = new Forgetting()

  /** `keyGroups`: a power of two. */
  constructor(keyGroups: number) {
    this.#groups = Array.from({ length: keyGroups }, () => new ExactGroup())
  }

  /** Keys, forgotten ones included until their group is rebuilt. */
  get size(): number {
    return this.#groups.reduce((sum, { size }) => sum + size, 0)
  }

  /** Memory in use, bytes. */
  get sizeBytes(): number {
    let bytes = 0
    for (let i = 0; i < this.#groups.length; i++) bytes += this.#groups[i]!.sizeBytes
    return bytes
  }

  /** The group that holds the key whose hash is `words[at … at+3]`. */
  groupOf(words: Int32Array, at: number): ExactGroup {
    return this.#groups[keyGroupOf(words[at]!, this.#groups.length)]!
  }

  /** Entries older than `horizon` may go. */
  dropBefore(horizon: number): void {
    this.#forgetting.dropBefore(this.#groups, horizon)
  }

  /** What changed since the last call, one block per key group, in their order. The caller owns the bytes. */
  snapshot(): StateBlock[] {
    const blocks: StateBlock[] = []
    for (const [keyGroup, group] of this.#groups.entries()) {
      if (group.changed > 0) blocks.push({ keyGroup, ...group.snapshot() })
    }
    return blocks
  }

  /**
   * Adds the entries of a stored block; newer blocks of a key group come after older ones. Throws `MR_STATE_CORRUPT` where a key
   * belongs to another group.
   */
  load({ bytes, keyGroup }: StateBlock): void {
    const entries = decodePaneBlock(bytes, 3)
    checkKeyGroup(entries, keyGroup, this.#groups.length)
    const group = this.#groups[keyGroup]
    group?.load(entries)
    group?.markClean()
  }
}
