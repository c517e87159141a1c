// hot path
import { freeMemory } from '../model/free-memory.ts'
import type { BlockEntries } from './block.ts'

/** Which of `parts` parts an entry belongs to: `numbers` at the bits of its first word from bit `shift` on, as many as there are places. */
export interface Sharing {
  readonly parts: number
  readonly numbers: Int32Array
  readonly shift: number
}

/** The entries of each part, in the order in which they stand; views on one copy. */
export function sharedEntries(entries: BlockEntries, sharing: Sharing): readonly BlockEntries[] {
  const counts = countsOf(entries, sharing)
  const begins = new Int32Array(sharing.parts)
  for (let part = 1; part < begins.length; part++) begins[part] = begins[part - 1]! + counts[part - 1]!
  const { count } = entries
  const copy = { words: new Int32Array(4 * count), times: new Float64Array(count), count }
  copyTo(copy, begins.slice(), { entries, sharing })
  return Array.from(counts, (count, part) => ({
    words: copy.words.subarray(4 * begins[part]!, 4 * (begins[part]! + count)),
    times: copy.times.subarray(begins[part]!, begins[part]! + count),
    count,
  }))
}

/** A copy of all entries of some parts, one part after the other. */
export function joinedEntries(parts: readonly BlockEntries[]): BlockEntries {
  const count = parts.reduce((sum, part) => sum + part.count, 0)
  const joined = { words: new Int32Array(4 * count), times: new Float64Array(count), count }
  let at = 0
  for (const { words, times, count } of parts) {
    joined.words.set(words.subarray(0, 4 * count), 4 * at)
    joined.times.set(times.subarray(0, count), at)
    at += count
  }
  return joined
}

/** Gives the memory of entries back; what lies in a part of something is left alone. */
export function freeEntries({ words, times }: Pick<BlockEntries, 'words' | 'times'>): void {
  freeMemory(words)
  freeMemory(times)
}

function countsOf({ words, count }: BlockEntries, { parts, numbers, shift }: Sharing): Int32Array {
  const counts = new Int32Array(parts)
  for (let i = 0; i < count; i++) counts[numbers[(words[4 * i]! >>> shift) & (numbers.length - 1)]!]!++
  return counts
}

/** `ends`: where the next entry of each part goes; they move on. */
function copyTo(
  target: BlockEntries,
  ends: Int32Array,
  { entries, sharing }: { readonly entries: BlockEntries; readonly sharing: Sharing },
): void {
  const { words, times, count } = entries
  const { numbers, shift } = sharing
  for (let i = 0; i < count; i++) {
    const to = ends[numbers[(words[4 * i]! >>> shift) & (numbers.length - 1)]!]!++
    for (let word = 0; word < 4; word++) target.words[4 * to + word] = words[4 * i + word]!
    target.times[to] = times[i]!
  }
}
