// hot path
import { freeMemory } from '../model/free-memory.ts'
import type { BlockEntries } from './block.ts'

/** So many entries one sort can number beside their first word within a double. */
export const MOST_SORTED = 1 << 20

/** Compares two fingerprints, each of four words: by unsigned words, first to last. */
export function compareFingerprints(a: Int32Array, atA: number, b: { readonly words: Int32Array; at: number }): number {
  for (let word = 0; word < 4; word++) {
    const left = a[atA + word]! >>> 0
    const right = b.words[b.at + word]! >>> 0
    if (left !== right) return left < right ? -1 : 1
  }
  return 0
}

/** The same entries in the order of their fingerprints, which differ. At most {@link MOST_SORTED}. */
export function sortedEntries({ words, times, count }: BlockEntries): BlockEntries {
  const order = orderOf(words, count)
  const sortedWords = new Int32Array(4 * count)
  const sortedTimes = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    const from = order[i]!
    for (let word = 0; word < 4; word++) sortedWords[4 * i + word] = words[4 * from + word]!
    sortedTimes[i] = times[from]!
  }
  freeMemory(order)
  return { words: sortedWords, times: sortedTimes, count }
}

/** Positions in order. First word and position make one number, so that the sort needs no callback; equal first words are rare. */
function orderOf(words: Int32Array, count: number): Int32Array {
  const ranks = new Float64Array(count)
  for (let i = 0; i < count; i++) ranks[i] = (words[4 * i]! >>> 0) * MOST_SORTED + i
  ranks.sort()
  const order = new Int32Array(count)
  for (let i = 0; i < count; i++) order[i] = ranks[i]! % MOST_SORTED
  freeMemory(ranks)
  for (let from = 0; from < count; ) {
    let to = from + 1
    while (to < count && words[4 * order[to]!] === words[4 * order[from]!]) to++
    if (to - from > 1) orderEqual(words, order.subarray(from, to))
    from = to
  }
  return order
}

function orderEqual(words: Int32Array, positions: Int32Array): void {
  positions.sort((a, b) => compareFingerprints(words, 4 * a, { words, at: 4 * b }))
}
