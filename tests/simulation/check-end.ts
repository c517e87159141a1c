import type { GroupOffset } from '../../connectors/kafka/index.ts'
import { blockKey } from '../../core/checkpoint/block-table.ts'
import type { EpochMarker } from '../../core/checkpoint/epoch-marker.ts'
import { KeyHasher } from '../../core/model/key.ts'
import { hashKey } from '../../core/model/key-hash.ts'
import { splitId } from '../../core/model/position.ts'
import { decodeBlock } from '../../core/state/block.ts'
import {
  checkAccounting,
  checkDeadLetters,
  checkNoDuplicate,
  checkNoLoss,
  checkTable,
  checkTiling,
  commitsOf,
} from './invariants.ts'
import { type Expectation, keyOfRow } from './oracle.ts'
import { LOG_DIRECTORY, TABLE, TOPIC } from './scenario.ts'
import type { SimulatedBytes } from './simulated-bytes.ts'
import { readRows, readTable, type TableFiles, type TableHistory, type TableRow } from './table-reader.ts'

/** A record of a topic as it was found. */
export interface FoundRecord {
  readonly headers: Readonly<Record<string, string>>
  readonly value: Uint8Array | null
}

export interface EndState {
  readonly view: TableFiles
  readonly expectation: Expectation
  /** The last marker of the job that drained. */
  readonly last: EpochMarker | undefined
  readonly state: SimulatedBytes
  readonly letters: readonly FoundRecord[]
  readonly mirrored: readonly FoundRecord[] | undefined
  /** Offsets of the pipeline's group in Kafka. */
  readonly group: readonly GroupOffset[]
}

/** Everything that must hold when all input is processed and the job has drained. */
export async function checkEnd(end: EndState): Promise<readonly string[]> {
  const { expectation, last } = end
  if (last === undefined) return ['the job drained without an epoch']
  const table = await tableOf(end.view).catch((error: unknown) => `I19: nobody can read the table: ${String(error)}`)
  if (typeof table === 'string') return [table]
  const { history, rows } = table
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
    ...checkTiling(commitsOf(history, `${last.pipeline}/table/0`), {
      committed: new Map(Object.entries(last.covered.table ?? {})),
    }),
    ...checkDeadLetters(expectation, letters),
    ...checkAccounting(expectation, ledgerCounts(last)),
    ...checkState(end.state, last, expectation),
    ...checkAdvice(end.view, last, LOG_DIRECTORY),
    ...checkGroup(end.group, last),
    ...checkMirror(end.mirrored, rows.map(keyOfRow)),
  ]
}

async function tableOf(
  view: TableFiles,
): Promise<{ readonly history: TableHistory; readonly rows: readonly TableRow[] }> {
  const history = await readTable(view, TABLE)
  return { history, rows: await readRows(view, history, history.live.values()) }
}

function ledgerCounts({ ledger }: EpochMarker): Parameters<typeof checkAccounting>[1] {
  const splits = Object.values(ledger.splits)
  const operators = Object.values(ledger.operators)
  const dropped = (reason: string): number => operators.reduce((sum, counts) => sum + (counts.dropped[reason] ?? 0), 0)
  return {
    consumed: splits.reduce((sum, split) => sum + split.consumed, 0),
    tombstones: splits.reduce((sum, split) => sum + split.tombstones, 0),
    violations: splits.reduce((sum, split) => sum + split.rejected, 0),
    filtered: dropped('filtered'),
    duplicates: dropped('duplicate'),
    kept: ledger.sinks.table?.staged ?? 0,
  }
}

/** I4: the keys in the stored state are exactly those of the oracle. */
export function checkState(
  state: { get(key: string): Uint8Array | undefined },
  last: EpochMarker,
  expectation: Expectation,
): readonly string[] {
  const stored = new Set<string>()
  for (const entry of last.blocks) {
    const bytes = state.get(blockKey(entry))
    if (bytes === undefined) return [`I4: block ${blockKey(entry)} is missing`]
    const { words, count } = decodeBlock(bytes)
    for (let i = 0; i < count; i++) stored.add(words.subarray(4 * i, 4 * i + 4).join(','))
  }
  const hasher = new KeyHasher({ kind: 'fields', names: [] }, last.hashSeed, { id: 'judge', splitOf: String })
  const missing = [...expectation.candidates.keys()].filter((key) => {
    const canonical = hasher.canonical(key.split('|'))
    const words = new Int32Array(4)
    hashKey(canonical, canonical.length, { out: words, at: 0, seed: last.hashSeed })
    return !stored.has(words.join(','))
  })
  if (missing.length === 0 && stored.size === expectation.candidates.size) return []
  return [
    `I4: the state holds ${stored.size} keys instead of ${expectation.candidates.size}, ${missing.length} of those are missing`,
  ]
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

/** The second sink has the same records as the table, each once. */
function checkMirror(mirrored: readonly FoundRecord[] | undefined, tableKeys: readonly string[]): readonly string[] {
  if (mirrored === undefined) return []
  const keys = mirrored.map(({ value }) => {
    const record = JSON.parse(new TextDecoder().decode(value ?? new Uint8Array())) as {
      readonly event_id: string
      readonly source_system: string
    }
    return `${record.event_id}|${record.source_system}`
  })
  const expected = new Set(tableKeys)
  const found = new Set(keys)
  const violations: string[] = []
  if (found.size !== keys.length) violations.push(`I2: the mirror topic has ${keys.length - found.size} records twice`)
  const lost = [...expected].filter((key) => !found.has(key))
  if (lost.length > 0) violations.push(`I1: the mirror topic lacks ${lost.length} records, the first is ${lost[0]}`)
  const extra = [...found].filter((key) => !expected.has(key))
  if (extra.length > 0) violations.push(`I2: the mirror topic has ${extra.length} records that the table lacks`)
  return violations
}
