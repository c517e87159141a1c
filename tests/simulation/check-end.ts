import type { GroupOffset } from '../../connectors/kafka/index.ts'
import type { EpochMarker } from '../../core/checkpoint/epoch-marker.ts'
import { splitId } from '../../core/model/position.ts'
import { type BlockEntries, blockVersion, decodeBlock } from '../../core/state/block.ts'
import { decodePaneBlock } from '../../core/state/pane-block.ts'
import type { GeneratedRecord } from '../../examples/events-curated/generate-events.ts'
import { checkWindows, isLate, type WindowEvidence } from './check-windows.ts'
import {
  checkAccounting,
  checkDeadLetters,
  checkNoDuplicate,
  checkNoLoss,
  checkTable,
  checkTiling,
  commitsOf,
  countsOf,
} from './invariants.ts'
import { WINDOWS, type WindowTiming } from './kept-windows.ts'
import { type Expectation, expectationOf, keyOfRow } from './oracle.ts'
import { LOG_DIRECTORY, TABLE, TOPIC, WINDOW_TABLE } from './scenario.ts'
import { type BlockReader, keyWords, storedBlocks, wordsText } from './stored-blocks.ts'
import { readWholeTable, type TableFiles, type TableHistory } from './table-reader.ts'

/** A record of a topic as it was found. */
export interface FoundRecord {
  readonly headers: Readonly<Record<string, string>>
  readonly value: Uint8Array | null
}

/** What the second sink has. */
export interface Mirrored {
  readonly records: readonly FoundRecord[]
  /** It is at least once: a crash may have brought records again. */
  readonly mayRepeat: boolean
}

export interface EndState {
  readonly view: TableFiles
  /** Timing of the windows, where the pipeline has them. */
  readonly windows: WindowTiming | undefined
  readonly records: readonly GeneratedRecord[]
  /** The last marker of the job that drained. */
  readonly last: EpochMarker | undefined
  readonly state: BlockReader
  readonly letters: readonly FoundRecord[]
  readonly mirrored: Mirrored | undefined
  /** Offsets of the pipeline's group in Kafka. */
  readonly group: readonly GroupOffset[]
}

/** Everything that must hold when all input is processed and the job has drained. */
export async function checkEnd(end: EndState): Promise<readonly string[]> {
  const { last } = end
  if (last === undefined) return ['the job drained without an epoch']
  const table = await readWholeTable(end.view, TABLE).catch(unreadable)
  if (typeof table === 'string') return [table]
  const { history, rows } = table
  const expectation = expectationOf(end.records)
  const letters = end.letters.map(({ headers, value }) => ({
    split: Number(headers['__streams.errors.partition']),
    offset: Number(headers['__streams.errors.offset']),
    code: headers['__millrace.errors.code'] ?? '',
    value,
  }))
  return [
    ...checkTable(history),
    ...checkNoLoss(expectation, rows),
    ...checkNoDuplicate(expectation, rows),
    ...checkRanges(history, last, 'table'),
    ...checkDeadLetters(
      expectation,
      letters.filter((letter) => end.windows === undefined || !isLate(letter)),
    ),
    ...checkAccounting(expectation, countsOf(last.ledger, 'table')),
    ...checkState(end.state, last, expectation),
    ...checkAdvice(end.view, last, LOG_DIRECTORY),
    ...checkGroup(end.group, last),
    ...checkMirror(end.mirrored, rows.map(keyOfRow)),
    ...(await checkWindowTable(end, { last, kept: rows, letters })),
  ]
}

function unreadable(error: unknown): string {
  return `I19: nobody can read the table: ${String(error)}`
}

/** I3: the commits of a sink cover the input without a gap. */
export function checkRanges(
  history: TableHistory,
  { pipeline, covered }: EpochMarker,
  sink: string,
): readonly string[] {
  const committed = new Map(Object.entries(covered[sink] ?? {}))
  return checkTiling(commitsOf(history, `${pipeline}/${sink}/0`), { committed })
}

async function checkWindowTable(
  { view, windows: timing, records, state }: EndState,
  found: Pick<WindowEvidence, 'last' | 'kept' | 'letters'>,
): Promise<readonly string[]> {
  if (timing === undefined) return []
  const table = await readWholeTable(view, WINDOW_TABLE).catch(unreadable)
  if (typeof table === 'string') return [table]
  const { history, rows: results } = table
  return [
    ...checkTable(history),
    ...checkRanges(history, found.last, WINDOWS),
    ...checkWindows({ timing, records, results, state, ...found }),
  ]
}

/** I4: the keys in the stored state are exactly those of the oracle. */
export function checkState(state: BlockReader, last: EpochMarker, expectation: Expectation): readonly string[] {
  const { found, missing } = storedBlocks(state, last, 'deduplicate')
  if (missing.length > 0) return [`I4: block ${missing[0]} is missing`]
  const stored = new Set<string>()
  for (const { words, count } of found.map(keysIn)) for (let i = 0; i < count; i++) stored.add(wordsText(words, i))
  const wordsOf = keyWords(last)
  const lost = [...expectation.candidates.keys()].filter((key) => !stored.has(wordsOf(...key.split('|'))))
  if (lost.length === 0 && stored.size === expectation.candidates.size) return []
  return [
    `I4: the state holds ${stored.size} keys instead of ${expectation.candidates.size}, ${lost.length} of those are missing`,
  ]
}

function keysIn(block: Uint8Array): BlockEntries {
  return blockVersion(block) === 3 ? decodePaneBlock(block, 3) : decodeBlock(block)
}

/** I7: what lag tools are told is never ahead of the checkpoint. */
export function checkAdvice(view: TableFiles, last: EpochMarker, logDirectory: string): readonly string[] {
  const bytes = view.read(`${logDirectory}/${TOPIC}/groups/${last.pipeline}.json`)
  if (bytes === undefined) return []
  const advice = JSON.parse(new TextDecoder().decode(bytes)) as { readonly offsets: Readonly<Record<string, number>> }
  return Object.entries(advice.offsets)
    .filter(([partition, offset]) => offset > (last.positions[`${TOPIC}-${partition}`]?.offset ?? 0))
    .map(([partition, offset]) => `I7: partition ${partition} is advised at ${offset}, ahead of the checkpoint`)
}

/** I7, in Kafka. */
function checkGroup(group: readonly GroupOffset[], last: EpochMarker): readonly string[] {
  return group
    .map((advised) => ({ ...advised, split: splitId(advised.topic, advised.partition) }))
    .filter(({ split, offset }) => offset > (last.positions[split]?.offset ?? 0))
    .map(({ split, offset }) => `I7: ${split} is advised at ${offset}, ahead of the checkpoint`)
}

/** The second sink has the same records as the table, each once unless it may repeat them. */
function checkMirror(mirrored: Mirrored | undefined, tableKeys: readonly string[]): readonly string[] {
  if (mirrored === undefined) return []
  const keys = mirrored.records.map(({ value }) => {
    const record = JSON.parse(new TextDecoder().decode(value ?? new Uint8Array())) as {
      readonly event_id: string
      readonly source_system: string
    }
    return `${record.event_id}|${record.source_system}`
  })
  const expected = new Set(tableKeys)
  const found = new Set(keys)
  const violations: string[] = []
  if (found.size !== keys.length && !mirrored.mayRepeat)
    violations.push(`I2: the mirror topic has ${keys.length - found.size} records twice`)
  const lost = [...expected].filter((key) => !found.has(key))
  if (lost.length > 0) violations.push(`I1: the mirror topic lacks ${lost.length} records, the first is ${lost[0]}`)
  const extra = [...found].filter((key) => !expected.has(key))
  if (extra.length > 0) violations.push(`I2: the mirror topic has ${extra.length} records that the table lacks`)
  return violations
}
