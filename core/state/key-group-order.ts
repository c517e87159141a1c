import { keyGroupOf } from '../model/key-hash.ts'
import type { KeyedValues } from './keyed-values.ts'

/** Positions key group by key group: those of key group g end at `ends[g]` and begin where those before it end. */
export interface KeyGroupOrder {
  readonly positions: Int32Array
  readonly ends: Int32Array
}

/** Orders positions of `values` by their key groups; within one their order stays. `keyGroups`: a power of two. */
export function byKeyGroup(values: KeyedValues, positions: Int32Array, keyGroups: number): KeyGroupOrder {
  // Counts first, then where each key group begins; placing the positions turns beginnings into ends.
  const ends = new Int32Array(keyGroups)
  for (let i = 0; i < positions.length; i++) ends[keyGroupOf(values.wordAt(positions[i]!, 0), keyGroups)]!++
  let begin = 0
  for (let keyGroup = 0; keyGroup < keyGroups; keyGroup++) {
    const count = ends[keyGroup]!
    ends[keyGroup] = begin
    begin += count
  }
  const ordered = new Int32Array(positions.length)
  for (let i = 0; i < positions.length; i++) {
    const position = positions[i]!
    ordered[ends[keyGroupOf(values.wordAt(position, 0), keyGroups)]!++] = position
  }
  return { positions: ordered, ends }
}

/** Calls back with the positions of each key group that has some. */
export function eachKeyGroup(
  { positions, ends }: KeyGroupOrder,
  take: (keyGroup: number, positions: Int32Array) => void,
): void {
  let from = 0
  for (let keyGroup = 0; keyGroup < ends.length; keyGroup++) {
    const to = ends[keyGroup]!
    if (to > from) take(keyGroup, positions.subarray(from, to))
    from = to
  }
}
