import type { CuratedEvent, GeneratedRecord } from '../../examples/events-curated/generate-events.ts'
import type { TableRow } from './table-reader.ts'

/** A record that must become a dead letter. */
export interface ExpectedLetter {
  readonly split: number
  readonly offset: number
  readonly code: string
  readonly value: Uint8Array | null
}

/** How many records of a split end where. `kept` and `duplicates` depend on the interleaving; only their sum is known. */
export interface ClassCounts {
  readonly consumed: number
  readonly tombstones: number
  readonly violations: number
  readonly filtered: number
  /** Records that reach `deduplicate`: kept + duplicates. */
  readonly valid: number
}

/** What a correct run of the pipeline leaves behind. */
export interface Expectation {
  /** Per key the rows that may stand for it; exactly one of them must. */
  readonly candidates: ReadonlyMap<string, readonly TableRow[]>
  readonly letters: readonly ExpectedLetter[]
  readonly bySplit: ReadonlyMap<number, ClassCounts>
  readonly counts: ClassCounts
}

const NOTHING: ClassCounts = { consumed: 0, tombstones: 0, violations: 0, filtered: 0, valid: 0 }

/**
 * The pipeline validate → filter(amount_cents > 0) → deduplicate(event_id, source_system) → derive(partition_date),
 * interpreted on one thread without epochs. `deduplicate` keeps the first record that it processes of a key, so each
 * record of a key may be the kept one; its `ttl` must be longer than duplicates lie apart, and no record may be late.
 * With `until`, only records before that offset of each split count.
 */
export function expectationOf(records: Iterable<GeneratedRecord>, until?: ReadonlyMap<number, number>): Expectation {
  const candidates = new Map<string, TableRow[]>()
  const letters: ExpectedLetter[] = []
  const bySplit = new Map<number, ClassCounts>()
  for (const record of records) {
    const { split, offset, value, expected } = record
    if (until !== undefined && offset >= (until.get(split) ?? 0)) continue
    bySplit.set(split, counted(bySplit.get(split) ?? NOTHING, expected.class))
    if (expected.class === 'violation') letters.push({ split, offset, code: expected.code, value })
    if (expected.class !== 'valid') continue
    const rows = candidates.get(expected.key) ?? []
    rows.push(rowOf(expected.event))
    candidates.set(expected.key, rows)
  }
  return { candidates, letters, bySplit, counts: [...bySplit.values()].reduce(sum, NOTHING) }
}

/** The row that an event becomes, as {@link TableRow} shows it. */
export function rowOf(event: CuratedEvent): TableRow {
  const { user_id, event_ts, amount_cents, ...texts } = event
  return {
    ...texts,
    ...(user_id === undefined ? {} : { user_id }),
    event_ts: BigInt(event_ts) * 1000n,
    amount_cents: BigInt(amount_cents),
    partition_date: new Date(event_ts).toISOString().slice(0, 10),
  }
}

/** The key of a row in {@link Expectation.candidates}. */
export function keyOfRow(row: TableRow): string {
  return `${row.event_id}|${row.source_system}`
}

/** Equal rows, equal text. */
export function rowText(row: TableRow): string {
  const fields = Object.entries(row).filter(([, value]) => value !== undefined && value !== null)
  return fields
    .map(([name, value]) => `${name}=${JSON.stringify(String(value))}`)
    .sort()
    .join(' ')
}

function counted(counts: ClassCounts, found: GeneratedRecord['expected']['class']): ClassCounts {
  const one = (name: typeof found): number => (name === found ? 1 : 0)
  return sum(counts, {
    consumed: 1,
    tombstones: one('tombstone'),
    violations: one('violation'),
    filtered: one('filtered'),
    valid: one('valid'),
  })
}

function sum(a: ClassCounts, b: ClassCounts): ClassCounts {
  return {
    consumed: a.consumed + b.consumed,
    tombstones: a.tombstones + b.tombstones,
    violations: a.violations + b.violations,
    filtered: a.filtered + b.filtered,
    valid: a.valid + b.valid,
  }
}
