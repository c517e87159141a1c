// hot path
import type { BlockEntries } from './block.ts'
import { compareFingerprints } from './fingerprint-order.ts'

/** Smaller runs of one key group that may wait before they are merged. */
const MERGE_AT = 5
/** A run of more entries than half of this stays as it is: it goes as a whole, once it is old. */
const MOST_RUN_ENTRIES = 1 << 20

/**
 * Which runs to merge: where {@link MERGE_AT} or more are small enough, the smallest ones up to the first that is larger than twice
 * all before it together, so each entry is rewritten a logarithmic number of times. Pure.
 */
export function runsToMerge<Run extends { readonly entries: number }>(runs: readonly Run[]): readonly Run[] {
  const smaller = runs.filter(({ entries }) => entries <= MOST_RUN_ENTRIES / 2).sort((a, b) => a.entries - b.entries)
  if (smaller.length < MERGE_AT) return []
  const chosen: Run[] = []
  let total = 0
  for (const run of smaller) {
    if (total + run.entries > MOST_RUN_ENTRIES) break
    if (chosen.length > 1 && run.entries > 2 * total) break
    chosen.push(run)
    total += run.entries
  }
  return chosen.length > 1 ? chosen : []
}

/** One sorted run instead of several: of each key the greatest time, without those before `horizon`. */
export function mergedRuns(runs: readonly BlockEntries[], horizon: number): BlockEntries {
  const most = runs.reduce((sum, { count }) => sum + count, 0)
  const words = new Int32Array(4 * most)
  const times = new Float64Array(most)
  const heads = new Int32Array(runs.length)
  let count = 0
  for (let least = leastOf(runs, heads); least >= 0; least = leastOf(runs, heads)) {
    const run = runs[least]!
    const at = heads[least]!++
    const time = run.times[at]!
    if (time < horizon) continue
    const isSame = count > 0 && compareFingerprints(run.words, 4 * at, { words, at: 4 * (count - 1) }) === 0
    if (isSame) {
      times[count - 1] = Math.max(time, times[count - 1]!)
      continue
    }
    for (let word = 0; word < 4; word++) words[4 * count + word] = run.words[4 * at + word]!
    times[count++] = time
  }
  return { words, times, count }
}

/** The run whose next entry comes first; −1 where all are at their end. */
function leastOf(runs: readonly BlockEntries[], heads: Int32Array): number {
  let least = -1
  let leastWord = 0
  for (let i = 0; i < runs.length; i++) {
    const { words, count } = runs[i]!
    if (heads[i]! >= count) continue
    const word = words[4 * heads[i]!]! >>> 0
    if (least >= 0 && word > leastWord) continue
    if (least >= 0 && word === leastWord && !isBefore(runs, heads, { run: i, other: least })) continue
    least = i
    leastWord = word
  }
  return least
}

function isBefore(
  runs: readonly BlockEntries[],
  heads: Int32Array,
  { run, other }: { readonly run: number; readonly other: number },
): boolean {
  const head = { words: runs[other]!.words, at: 4 * heads[other]! }
  return compareFingerprints(runs[run]!.words, 4 * heads[run]!, head) < 0
}
