import { type EpochMarker, exchangeWatermarkKey } from '../../checkpoint/epoch-marker.ts'
import { NO_WATERMARK } from '../../model/control.ts'
import { MillraceError } from '../../model/errors.ts'
import type { Position, Split } from '../../model/position.ts'
import { type Clock, pause } from '../../ports/clock.ts'
import type { Logger } from '../../ports/logger.ts'
import type { Source } from '../../ports/source.ts'
import type { OwnedSplit } from '../host-messages.ts'
import type { Bounds } from './bounds.ts'

/** All splits of all sources with the position to go on from, and the table of their ids. */
export interface SplitPlan {
  readonly splits: readonly OwnedSplit[]
  readonly table: readonly string[]
  /** Where splits begin that no checkpoint knows. */
  readonly begins: Readonly<Record<string, number>>
}

/**
 * Lists the splits of all sources. Known ones go on from the checkpoint, new ones from the start position; an index in
 * the table, once given, stays. Throws `MR_POSITION_LOST` where the checkpoint knows a split that is gone, and
 * `MR_PLAN_DUPLICATE_ID` where two sources read the same split: positions are kept by its id.
 */
export async function planSplits(
  sources: ReadonlyMap<string, Source>,
  last: EpochMarker | undefined,
  bounds?: Bounds,
): Promise<SplitPlan> {
  const table = [...(last?.splits ?? [])]
  const splits: OwnedSplit[] = []
  const begins: Record<string, number> = {}
  for (const [id, source] of sources) {
    const isLate = hasStarted(last, id)
    for (const split of await source.splits()) {
      const known = last?.positions[split.id]
      const position: Position = known ?? (await source.startPosition(split, isLate))
      if (known === undefined) begins[split.id] = position.offset
      if (!table.includes(split.id)) table.push(split.id)
      const limit = limitOf(bounds, split, position)
      const watermark = last?.watermarks[split.id] ?? NO_WATERMARK
      splits.push({ source: id, split, index: table.indexOf(split.id), position, watermark, limit })
    }
  }
  refuseSharedSplits(splits)
  refuseLostSplits(splits, last)
  return { splits, table, begins }
}

/** Where a bounded run stops reading a split. One without a bound has appeared since they were decided: it is left as it is. */
function limitOf(bounds: Bounds | undefined, split: Split, position: Position): number | undefined {
  return bounds === undefined ? undefined : (bounds.get(split.id) ?? position.offset)
}

/** Whether splits of this source were read before: one that is new then has appeared since. */
function hasStarted(last: EpochMarker | undefined, source: string): boolean {
  return Object.values(last?.ledger.splits ?? {}).some((counts) => counts.source === source)
}

/** A split that is not in the table: it appeared since the table was made. */
export async function findNewSplit(
  sources: ReadonlyMap<string, Source>,
  table: readonly string[],
): Promise<Split | undefined> {
  for (const source of sources.values()) {
    const found = (await source.splits()).find(({ id }) => !table.includes(id))
    if (found !== undefined) return found
  }
  return undefined
}

/** When and for what splits are looked for. */
export interface Discovery {
  readonly clock: Clock
  readonly logger: Logger
  readonly table: readonly string[]
  readonly everyMs: number
  /** Ends the search. */
  readonly signal: AbortSignal
}

/** Looks until a split appeared; `undefined` where it was told to end. A source that cannot say is asked again later. */
export async function discoverSplit(
  sources: ReadonlyMap<string, Source>,
  { clock, logger, table, everyMs, signal }: Discovery,
): Promise<Split | undefined> {
  while ((await pause(clock, everyMs, signal)) === 'over') {
    try {
      const found = await findNewSplit(sources, table)
      if (found === undefined || signal.aborted) continue
      logger.info('a split appeared; the tasks are assigned anew after this epoch', { split: found.id })
      return found
    } catch (error) {
      if (!signal.aborted) logger.warn('splits cannot be listed now', { message: String(error) })
    }
  }
  return undefined
}

/** The splits of one worker: every `workers`-th one. */
export function splitsOfWorker(splits: readonly OwnedSplit[], worker: number, workers: number): readonly OwnedSplit[] {
  return splits.filter((_, index) => index % workers === worker)
}

/** Watermark per exchange at the checkpoint. */
export function exchangeWatermarks(last: EpochMarker | undefined): Readonly<Record<string, number>> {
  const prefix = exchangeWatermarkKey('')
  const entries = Object.entries(last?.watermarks ?? {}).filter(([key]) => key.startsWith(prefix))
  return Object.fromEntries(entries.map(([key, time]) => [key.slice(prefix.length), time]))
}

function refuseSharedSplits(splits: readonly OwnedSplit[]): void {
  const sources = new Map<string, string>()
  for (const { source, split } of splits) {
    const other = sources.get(split.id)
    if (other !== undefined) {
      throw new MillraceError(
        'MR_PLAN_DUPLICATE_ID',
        `split "${split.id}" is read by sources "${other}" and "${source}"; read it once and let several operators follow`,
      )
    }
    sources.set(split.id, source)
  }
}

function refuseLostSplits(splits: readonly OwnedSplit[], last: EpochMarker | undefined): void {
  const present = new Set(splits.map(({ split }) => split.id))
  const lost = Object.keys(last?.positions ?? {}).find((id) => !present.has(id))
  if (lost !== undefined) {
    throw new MillraceError(
      'MR_POSITION_LOST',
      `split "${lost}" of the checkpoint does not exist any more; its topic was deleted or shrunk`,
    )
  }
}
