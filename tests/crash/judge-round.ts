import { rm } from 'node:fs/promises'
import { blockKey } from '../../core/checkpoint/block-table.ts'
import type { EpochMarker } from '../../core/checkpoint/epoch-marker.ts'
import { StateKeeper } from '../../core/checkpoint/state-keeper.ts'
import type { GeneratedRecord } from '../../examples/events-curated/generate-events.ts'
import { openFileStore } from '../../platform/system/file-store.ts'
import { openLevelStore } from '../../state/level-store.ts'
import { valueCodec } from '../../state/value-codec.ts'
import { checkRanges, checkState } from '../simulation/check-end.ts'
import { checkWindows, isLate } from '../simulation/check-windows.ts'
import {
  checkAccounting,
  checkDeadLetters,
  checkNoDuplicate,
  checkNoLoss,
  checkTable,
  countsOf,
} from '../simulation/invariants.ts'
import { WINDOWS } from '../simulation/kept-windows.ts'
import { expectationOf } from '../simulation/oracle.ts'
import { readWholeTable, type TableRow } from '../simulation/table-reader.ts'
import type { RoundSource } from './crash-source.ts'
import { TIMING } from './pipelines/curated.ts'
import { RealTableFiles, type RoundPlace, SINK } from './round-place.ts'

/** What a drained round left, in numbers for the report and for readers that are not ours. */
export interface Verdict {
  readonly violations: readonly string[]
  readonly rows: readonly TableRow[]
  /** Results of windows. */
  readonly windows: number
  readonly letters: number
  readonly versions: number
  readonly epoch: number
}

/** Compares everything that a drained round left on disk with what the oracle makes of the appended records. */
export async function judgeRound(
  place: RoundPlace,
  source: RoundSource,
  records: readonly GeneratedRecord[],
): Promise<Verdict> {
  const stored = await readState(place.state)
  const files = new RealTableFiles()
  const { history, rows } = await readWholeTable(files, place.table)
  const windows = await readWholeTable(files, place.windows)
  const letters = await source.readLetters(place)
  const { marker } = stored
  const expectation = expectationOf(records)
  const violations = [
    ...checkTable(history),
    ...checkNoLoss(expectation, rows),
    ...checkNoDuplicate(expectation, rows),
    ...checkRanges(history, marker, SINK),
    ...checkDeadLetters(
      expectation,
      letters.filter((letter) => !isLate(letter)),
    ),
    ...checkAccounting(expectation, countsOf(marker.ledger, SINK)),
    ...checkState(stored.blocks, marker, expectation),
    ...(await source.checkAdvice(place, marker)),
    ...checkTable(windows.history),
    ...checkRanges(windows.history, marker, WINDOWS),
    ...checkWindows({
      timing: TIMING,
      records,
      kept: rows,
      results: windows.rows,
      letters,
      last: marker,
      state: stored.blocks,
    }),
  ]
  const counts = { windows: windows.rows.length, letters: letters.length, versions: history.versions.length }
  return { violations, rows, ...counts, epoch: marker.epoch }
}

/** Removes everything of a round. */
export async function clearRound(place: RoundPlace): Promise<void> {
  await rm(place.directory, { recursive: true, force: true })
}

interface StoredEpoch {
  readonly marker: EpochMarker
  readonly blocks: ReadonlyMap<string, Uint8Array>
}

async function readState(directory: string): Promise<StoredEpoch> {
  const store = await openLevelStore(`${directory}/state`, openFileStore())
  try {
    const keeper = new StateKeeper(store, valueCodec())
    const stored = await keeper.load()
    if (stored.kind !== 'epoch') throw new Error(`the drained state in ${directory} is ${stored.kind}`)
    const { marker } = stored.sealed
    const bytes = await keeper.read(marker.blocks)
    return { marker, blocks: new Map(marker.blocks.map((entry, index) => [blockKey(entry), bytes[index]!])) }
  } finally {
    await store.close()
  }
}
