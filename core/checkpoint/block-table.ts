import type { BlockEntry } from './epoch-marker.ts'

/** Blocks of one group that may wait before they are merged. */
export const MERGE_AT = 8

type BlockName = Pick<BlockEntry, 'operator' | 'keyGroup' | 'from' | 'to'>

/** Every epoch asks for the keys of all blocks several times, and most of them stay. */
const known = new WeakMap<BlockName, string>()

/** Where a block is kept: key group first, so that moving groups is a range scan. */
export function blockKey(entry: BlockName): string {
  const before = known.get(entry)
  if (before !== undefined) return before
  const key = keyOf(entry)
  known.set(entry, key)
  return key
}

function keyOf({ operator, keyGroup, from, to }: BlockName): string {
  const group = keyGroup.toString(16).padStart(4, '0')
  return `block/${operator}/${group}/${epochText(from)}-${epochText(to)}`
}

/** An epoch number as text that sorts. */
export function epochText(epoch: number): string {
  return epoch.toString().padStart(16, '0')
}

/**
 * Which runs of neighbouring blocks to merge next, at most `limit` groups: where a group has {@link MERGE_AT} blocks or
 * more, its newest ones back to the first that is larger than twice all after it together. A block that is rewritten
 * becomes part of one half as large again, so each entry is rewritten a logarithmic number of times. Pure.
 */
export function mergesDue(blocks: readonly BlockEntry[], limit: number): readonly (readonly BlockEntry[])[] {
  const due: (readonly BlockEntry[])[] = []
  for (const group of groupsOf(blocks)) {
    const tail = group.length < MERGE_AT ? [] : group.slice(firstOfTail(group))
    if (tail.length < 2) continue
    due.push(tail)
    if (due.length === limit) break
  }
  return due
}

/** Blocks in the order of their keys: by operator, then by key group, oldest first. */
export function inStoredOrder(blocks: readonly BlockEntry[]): BlockEntry[] {
  const keyed = blocks.map((entry) => ({ entry, key: blockKey(entry) }))
  keyed.sort((a, b) => (a.key < b.key ? -1 : 1))
  return keyed.map(({ entry }) => entry)
}

/** For each of the blocks in stored order: bytes of those of the same operator and key group that come after it. */
export function followingBytes(blocks: readonly BlockEntry[]): readonly number[] {
  const following: number[] = []
  let sum = 0
  for (let i = blocks.length - 1; i >= 0; i--) {
    const block = blocks[i]!
    const next = blocks[i + 1]
    const isLast = next?.operator !== block.operator || next.keyGroup !== block.keyGroup
    sum = isLast ? 0 : sum + next.sizeBytes
    following.push(sum)
  }
  return following.reverse()
}

/** Blocks by operator and key group, oldest first. */
export function groupsOf(blocks: readonly BlockEntry[]): readonly (readonly BlockEntry[])[] {
  const operators = new Map<string, Map<number, BlockEntry[]>>()
  for (const block of blocks) {
    const groups = operators.get(block.operator) ?? new Map<number, BlockEntry[]>()
    if (groups.size === 0) operators.set(block.operator, groups)
    const group = groups.get(block.keyGroup)
    if (group === undefined) groups.set(block.keyGroup, [block])
    else group.push(block)
  }
  const all = [...operators.values()].flatMap((groups) => [...groups.values()])
  for (const group of all) group.sort((a, b) => a.from - b.from)
  return all
}

function firstOfTail(group: readonly BlockEntry[]): number {
  let first = group.length - 1
  let size = group[first]!.sizeBytes
  while (first > 0 && group[first - 1]!.sizeBytes <= 2 * size) {
    first--
    size += group[first]!.sizeBytes
  }
  return first
}
