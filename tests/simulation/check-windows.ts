import type { EpochMarker } from '../../core/checkpoint/epoch-marker.ts'
import type { OperatorCounts } from '../../core/checkpoint/ledger.ts'
import { decodePaneBlock } from '../../core/state/pane-block.ts'
import type { GeneratedRecord } from '../../examples/events-curated/generate-events.ts'
import { type FoundLetter, shown } from './invariants.ts'
import { WINDOWS, type WindowTiming } from './kept-windows.ts'
import { keyOfRow, rowOf, rowText } from './oracle.ts'
import { type BlockReader, isIdOf, keyWords, storedBlocks, wordsText } from './stored-blocks.ts'
import type { TableRow } from './table-reader.ts'

/** Why the operator refuses a record. */
const LATE = 'MR_RECORD_LATE'

/** What a drained pipeline left that has a table of kept records and one of their windows by region. */
export interface WindowEvidence {
  readonly timing: WindowTiming
  readonly records: readonly GeneratedRecord[]
  /** Of the table of kept records. */
  readonly kept: readonly TableRow[]
  /** Of the table of windows. */
  readonly results: readonly TableRow[]
  readonly letters: readonly FoundLetter[]
  readonly last: EpochMarker
  readonly state: BlockReader
}

/** Whether a record was refused because its window was final: which ones depends on what was kept before them. */
export function isLate({ code }: FoundLetter): boolean {
  return code === LATE
}

/**
 * Every record that was kept is in one window once, or is a dead letter because its window was final; final windows, and no other
 * ones, have one result, which is that of a plain calculation; windows that are not final are in the state.
 */
export function checkWindows(evidence: WindowEvidence): readonly string[] {
  const { timing, results, last, state } = evidence
  const horizon = horizonOf(evidence)
  const late = lateRows(evidence, horizon)
  const expected = windowsOf(rowsInWindows(evidence.kept, late.rows), timing)
  const final = expected.filter(({ start }) => start < horizon).map((window) => resultOf(window, timing))
  return [
    ...late.violations,
    ...checkResults(final.map(rowText), results.map(rowText)),
    ...storedBlocks(state, last, 'window').missing.map((key) => `I4: block ${key} is missing`),
    ...checkOpen(openWindows(expected, horizon, last), openEntries(evidence, horizon)),
    ...checkLedger(last, { kept: evidence.kept.length, late: late.rows.length, results: results.length }),
  ]
}

/** Where the first window begins that is not final when all records have passed. */
export function horizonOf({ records, last, timing }: Pick<WindowEvidence, 'records' | 'last' | 'timing'>): number {
  const newest = new Map(last.splits.map((_, split) => [split, Number.NEGATIVE_INFINITY]))
  for (const { split, expected } of records) {
    if (expected.class !== 'valid' && expected.class !== 'filtered') continue
    newest.set(split, Math.max(newest.get(split) ?? Number.NEGATIVE_INFINITY, expected.event.event_ts))
  }
  const watermark = Math.min(...newest.values()) - timing.outOfOrdernessMs
  return startOf(watermark - timing.latenessMs, timing)
}

function startOf(timeMs: number, { sizeMs }: WindowTiming): number {
  return Math.floor(timeMs / sizeMs) * sizeMs
}

/** The rows of the records that were refused, each of which was kept before and is in a window that is final. */
function lateRows(
  { records, letters, kept, timing }: WindowEvidence,
  horizon: number,
): { readonly rows: readonly TableRow[]; readonly violations: readonly string[] } {
  const byPlace = new Map(records.map((record) => [placeOf(record), record]))
  const texts = new Set(kept.map(rowText))
  const rows: TableRow[] = []
  const wrong: string[] = []
  const seen = new Set<string>()
  for (const letter of letters.filter(isLate)) {
    const place = placeOf(letter)
    const expected = byPlace.get(place)?.expected
    const row = expected?.class === 'valid' ? rowOf(expected.event) : undefined
    if (seen.has(place)) wrong.push(`${place} is a late letter twice`)
    else if (row === undefined || !texts.has(rowText(row))) wrong.push(`${place} is late and was not kept before`)
    else if (startOf(timeOf(row), timing) >= horizon) wrong.push(`${place} is refused as late, its window is not final`)
    else rows.push(row)
    seen.add(place)
  }
  return { rows, violations: shown('I13', wrong, (text) => text) }
}

function placeOf({ split, offset }: { readonly split: number; readonly offset: number }): string {
  return `${split}@${offset}`
}

function rowsInWindows(kept: readonly TableRow[], late: readonly TableRow[]): readonly TableRow[] {
  const refused = new Set(late.map(keyOfRow))
  return kept.filter((row) => !refused.has(keyOfRow(row)))
}

/** A window of one region with the rows that belong to it. */
export interface ExpectedWindow {
  readonly region: string
  readonly start: number
  readonly rows: TableRow[]
}

/** The windows of some rows. */
export function windowsOf(rows: readonly TableRow[], timing: WindowTiming): readonly ExpectedWindow[] {
  const windows = new Map<string, ExpectedWindow>()
  for (const row of rows) {
    const region = String(row.region)
    const start = startOf(timeOf(row), timing)
    const found = windows.get(`${start} ${region}`)
    if (found === undefined) windows.set(`${start} ${region}`, { region, start, rows: [row] })
    else found.rows.push(row)
  }
  return [...windows.values()]
}

function timeOf({ event_ts }: TableRow): number {
  return Number((event_ts as bigint) / 1000n)
}

/** What the aggregates of the pipelines make of the rows of a window. */
export function resultOf({ region, start, rows }: ExpectedWindow, timing: WindowTiming): TableRow {
  const amounts = rows.map(({ amount_cents }) => amount_cents as bigint)
  const users = rows.flatMap(({ user_id }) => (user_id === undefined ? [] : [BigInt(user_id as bigint)]))
  const times = rows.map(({ event_ts }) => event_ts as bigint)
  const total = sumOf(amounts)
  return {
    region,
    window_start: BigInt(start) * 1000n,
    window_end: BigInt(start + timing.sizeMs) * 1000n,
    total,
    mean: Number(total) / rows.length,
    least: ascending(amounts)[0],
    latest: ascending(times).at(-1),
    users: users.length === 0 ? undefined : sumOf(users),
    with_user: BigInt(users.length),
    records: BigInt(rows.length),
  }
}

function ascending(values: readonly bigint[]): readonly bigint[] {
  return [...BigInt64Array.from(values).sort()]
}

function sumOf(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => a + b, 0n)
}

function checkResults(expected: readonly string[], found: readonly string[]): readonly string[] {
  const wanted = new Set(expected)
  const seen = new Set(found)
  const twice = found.length - seen.size
  return [
    ...(twice === 0 ? [] : [`I2: ${twice} results of windows are there twice`]),
    ...shown(
      'I1',
      expected.filter((text) => !seen.has(text)),
      (text) => `the result ${text} of a window is lost`,
    ),
    ...shown(
      'I2',
      [...seen].filter((text) => !wanted.has(text)),
      (text) => `no window has the result ${text}`,
    ),
  ]
}

/** Windows that are not final, by beginning and hash of their key, with how many records are in each. */
type OpenWindows = ReadonlyMap<string, number>

function openWindows(
  windows: readonly ExpectedWindow[],
  horizon: number,
  last: Pick<EpochMarker, 'hashSeed'>,
): OpenWindows {
  const wordsOf = keyWords(last)
  const open = new Map<string, number>()
  for (const { region, start, rows } of windows)
    if (start >= horizon) open.set(`${start} ${wordsOf(region)}`, rows.length)
  return open
}

/** Those in the state; newer blocks replace entries of older ones. */
function openEntries({ state, last }: WindowEvidence, horizon: number): OpenWindows {
  const open = new Map<string, number>()
  for (const bytes of storedBlocks(state, last, 'window').found) {
    const { count, words, times, slots, values } = decodePaneBlock(bytes)
    for (let i = 0; i < count; i++) {
      if (times[i]! < horizon) continue
      // The number of records is the last aggregate.
      open.set(`${times[i]} ${wordsText(words, i)}`, values[slots * (i + 1) - 1]!)
    }
  }
  return open
}

/** I4: the state holds the windows that are not final, with as many records as were kept for them. */
function checkOpen(expected: OpenWindows, found: OpenWindows): readonly string[] {
  const wrong = [...expected].filter(([window, records]) => found.get(window) !== records)
  if (wrong.length === 0 && found.size === expected.size) return []
  return [`I4: the state holds ${found.size} windows instead of ${expected.size}, ${wrong.length} of those are wrong`]
}

const EMPTY: OperatorCounts = { in: 0, out: 0, dropped: {} }

/** I11: what the operator took in is in its windows or late, and what it made is in the table. */
function checkLedger(
  { ledger }: Pick<EpochMarker, 'ledger'>,
  expected: { readonly kept: number; readonly late: number; readonly results: number },
): readonly string[] {
  const counts = Object.entries(ledger.operators).find(([id]) => isIdOf('window', id))?.[1]
  const { in: taken, absorbed, created, dropped } = counts ?? EMPTY
  const found = { taken, absorbed, created, late: dropped[LATE] ?? 0, staged: ledger.sinks[WINDOWS]?.staged ?? 0 }
  const { kept, late, results } = expected
  const right = { taken: kept, absorbed: kept - late, created: results, late, staged: results }
  const names = Object.keys(right) as (keyof typeof right)[]
  return names
    .filter((name) => (found[name] ?? 0) !== right[name])
    .map((name) => `I11: ${name} of the windows is ${found[name]} instead of ${right[name]}`)
}
