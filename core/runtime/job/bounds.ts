import { MillraceError } from '../../model/errors.ts'
import { nearest } from '../../model/nearest.ts'
import type { Position, Split } from '../../model/position.ts'
import type { ResolvedUntil } from '../../model/until.ts'
import type { Source } from '../../ports/source.ts'

/** Where a bounded run stops reading each split, by its id: the offset after the last record. */
export type Bounds = ReadonlyMap<string, number>

/** A split and who reads it. */
export interface SourceSplit {
  readonly source: Source
  readonly split: Split
}

/**
 * Decides the bounds of a run, once: every attempt of it ends at the same ones, however often it restarts and whatever is written
 * meanwhile. Throws `MR_OPTION_INVALID` where offsets do not name exactly the splits that there are.
 */
export async function decideBounds(until: ResolvedUntil, splits: readonly SourceSplit[]): Promise<Bounds> {
  switch (until.kind) {
    case 'caught-up':
      return boundsBy(splits, ({ source, split }) => source.endPosition(split))
    case 'time':
      return boundsBy(splits, ({ source, split }) => source.positionAt(split, until.timeMs))
    case 'offsets':
      refuseMisnamed(
        until.offsets,
        splits.map(({ split }) => split.id),
      )
      return until.offsets
  }
}

async function boundsBy(
  splits: readonly SourceSplit[],
  find: (split: SourceSplit) => Promise<Position>,
): Promise<Bounds> {
  const bounds = new Map<string, number>()
  for (const one of splits) bounds.set(one.split.id, (await find(one)).offset)
  return bounds
}

function refuseMisnamed(offsets: Bounds, ids: readonly string[]): void {
  const missing = ids.filter((id) => !offsets.has(id))
  const unknown = [...offsets.keys()].filter((id) => !ids.includes(id))
  if (missing.length === 0 && unknown.length === 0) return
  const problems = unknown.map((id) => `there is no split "${id}"${guess(id, missing)}`)
  if (missing.length > 0) problems.push(`no offset is given for ${missing.join(', ')}`)
  throw new MillraceError('MR_OPTION_INVALID', `until: offsets: ${problems.join('; ')}`, {
    details: { missing, unknown },
  })
}

/** Only a split that is not named yet can be meant. */
function guess(id: string, missing: readonly string[]): string {
  const near = nearest(id, missing)
  return near === undefined ? '' : ` (did you mean "${near}"?)`
}
