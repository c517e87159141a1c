import type { Ledger } from '../../core/checkpoint/ledger.ts'
import { type Expectation, keyOfRow, rowText } from './oracle.ts'
import type { EpochCommit, TableHistory, TableRow } from './table-reader.ts'

/** At most so many violations of one kind are spelled out. */
const SHOWN = 5

/** A dead letter as it was found in its topic. */
export interface FoundLetter {
  readonly split: number
  readonly offset: number
  readonly code: string
  readonly value: Uint8Array | null
}

/** What the job's ledger says about one split, or about all of them. */
export interface LedgerCounts {
  readonly consumed: number
  readonly tombstones: number
  readonly violations: number
  readonly filtered: number
  readonly duplicates: number
  /** Records handed to the sink. */
  readonly kept: number
}

/** The ledger of a job in the words of the oracle; `sink` is the id of the sink that gets the deduplicated records. */
export function countsOf(ledger: Ledger, sink: string): LedgerCounts {
  const splits = Object.values(ledger.splits)
  const dropped = (reason: string): number =>
    total(Object.values(ledger.operators).map((counts) => counts.dropped[reason] ?? 0))
  return {
    consumed: total(splits.map((counts) => counts.consumed)),
    tombstones: total(splits.map((counts) => counts.tombstones)),
    violations: total(splits.map((counts) => counts.rejected)),
    filtered: dropped('filtered'),
    duplicates: dropped('duplicate'),
    kept: ledger.sinks[sink]?.staged ?? 0,
  }
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0)
}

/** I1: every key of the oracle is in the table. */
export function checkNoLoss(expectation: Expectation, rows: readonly TableRow[]): readonly string[] {
  const found = new Set(rows.map(keyOfRow))
  const lost = [...expectation.candidates.keys()].filter((key) => !found.has(key))
  return shown('I1', lost, (key) => `key ${key} is lost`)
}

/** I2: every row of the table is one that the oracle knows, and no key is there twice. */
export function checkNoDuplicate(expectation: Expectation, rows: readonly TableRow[]): readonly string[] {
  const seen = new Set<string>()
  const twice: string[] = []
  const wrong: string[] = []
  for (const row of rows) {
    const key = keyOfRow(row)
    if (seen.has(key)) twice.push(key)
    seen.add(key)
    const candidates = expectation.candidates.get(key) ?? []
    if (!candidates.some((candidate) => rowText(candidate) === rowText(row))) wrong.push(rowText(row))
  }
  return [
    ...shown('I2', twice, (key) => `key ${key} is there twice`),
    ...shown('I2', wrong, (row) => `row ${row} has no record behind it`),
  ]
}

/** How far the ranges of a sink must have come, and whether they may leave out what no row came of. */
export interface TilingRule {
  readonly committed?: ReadonlyMap<string, number>
  readonly gaps?: 'refused' | 'allowed'
}

/**
 * I3: the ranges of the commits of one sink, in the order of versions, tile [0, committed) of every split, and each
 * epoch follows the one that it names.
 */
export function checkTiling(commits: readonly EpochCommit[], rule: TilingRule = {}): readonly string[] {
  const violations: string[] = []
  const ends = new Map<string, number>()
  let epoch = -1
  for (const commit of commits) {
    if (commit.previousEpoch !== epoch || commit.epoch <= epoch) {
      violations.push(
        `I3: epoch ${commit.epoch} says that it follows ${commit.previousEpoch}; the one before is ${epoch}`,
      )
    }
    epoch = commit.epoch
    violations.push(...rangeViolations(commit, ends, rule.gaps ?? 'refused'))
  }
  for (const [split, end] of rule.committed ?? []) {
    const reached = ends.get(split) ?? 0
    if (reached !== end) violations.push(`I3: ${split} is covered up to ${reached} instead of ${end}`)
  }
  return violations.slice(0, SHOWN)
}

function rangeViolations(
  { epoch, ranges }: EpochCommit,
  ends: Map<string, number>,
  gaps: 'refused' | 'allowed',
): readonly string[] {
  const violations: string[] = []
  for (const { split, from, to } of ranges) {
    const end = ends.get(split) ?? 0
    const fits = from === end || (gaps === 'allowed' && from > end)
    if (!fits || to < from)
      violations.push(`I3: epoch ${epoch} covers ${split} [${from}, ${to}), but [0, ${end}) was covered`)
    ends.set(split, to)
  }
  return violations
}

/** The commits of one sink in a table, oldest first. */
export function commitsOf(history: TableHistory, appId: string): readonly EpochCommit[] {
  return history.versions.flatMap(({ commit }) => (commit?.appId === appId ? [commit] : []))
}

/** I11: consumed = kept + dropped by reason + dead letters, and each of them is what the oracle says. */
export function checkAccounting(expectation: Expectation, ledger: LedgerCounts): readonly string[] {
  const { counts, candidates } = expectation
  const expected: LedgerCounts = { ...counts, kept: candidates.size, duplicates: counts.valid - candidates.size }
  const violations: string[] = []
  for (const name of ['consumed', 'tombstones', 'violations', 'filtered', 'duplicates', 'kept'] as const) {
    if (ledger[name] !== expected[name]) violations.push(`I11: ${name} is ${ledger[name]} instead of ${expected[name]}`)
  }
  const { consumed, tombstones, violations: refused, filtered, duplicates, kept } = ledger
  const accounted = tombstones + refused + filtered + duplicates + kept
  if (consumed !== accounted) violations.push(`I11: ${consumed} records were consumed, ${accounted} are accounted for`)
  return violations
}

/** I13: every bad record is a dead letter exactly once, with its place, code and original bytes; nothing else is. */
export function checkDeadLetters(expectation: Expectation, letters: readonly FoundLetter[]): readonly string[] {
  const open = new Map(expectation.letters.map((letter) => [`${letter.split}@${letter.offset}`, letter]))
  const seen = new Set<string>()
  const violations: string[] = []
  for (const letter of letters) {
    const place = `${letter.split}@${letter.offset}`
    const expected = open.get(place)
    if (seen.has(place)) violations.push(`I13: ${place} is a dead letter twice`)
    else if (expected === undefined) violations.push(`I13: ${place} is a dead letter (${letter.code}) without a reason`)
    else if (expected.code !== letter.code)
      violations.push(`I13: ${place} has code ${letter.code} instead of ${expected.code}`)
    else if (!sameBytes(expected.value, letter.value)) violations.push(`I13: ${place} lost its original bytes`)
    seen.add(place)
  }
  for (const [place, { code }] of open)
    if (!seen.has(place)) violations.push(`I13: ${place} (${code}) is not among the dead letters`)
  return violations.slice(0, SHOWN)
}

/** I19: the log has no gap, every checkpoint says what the log says, every file of the table is there and whole. */
export function checkTable(history: TableHistory): readonly string[] {
  return shown('I19', history.problems, (problem) => problem)
}

/** I9: what a reader saw before is a prefix of what it sees now; nothing shrinks in a table that is only appended to. */
export function checkGrowth(before: TableHistory, now: TableHistory): readonly string[] {
  const lost = [...before.live.keys()].filter((path) => !now.live.has(path))
  const shrunk =
    now.versions.length < before.versions.length
      ? [`${before.versions.length} versions became ${now.versions.length}`]
      : []
  return [...shown('I9', lost, (path) => `${path} was visible and is gone`), ...shown('I9', shrunk, (text) => text)]
}

/** The first few of what was found under an invariant, and how many more. */
export function shown<T>(invariant: string, found: readonly T[], text: (item: T) => string): readonly string[] {
  const lines = found.slice(0, SHOWN).map((item) => `${invariant}: ${text(item)}`)
  if (found.length > SHOWN) lines.push(`${invariant}: and ${found.length - SHOWN} more`)
  return lines
}

function sameBytes(a: Uint8Array | null, b: Uint8Array | null): boolean {
  if (a === null || b === null) return a === b
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}
