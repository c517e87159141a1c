import { MillraceError } from './errors.ts'
import { refuseUnknownKeys, suggestion } from './nearest.ts'
import { timeMs } from './time.ts'

/**
 * Where a bounded run stops reading each split. `caught-up`: where it ends at the start of the run. `offsets`: by the id of each
 * split, the offset after the last record; one that is not there yet is waited for. `time`, epoch ms or RFC 3339 text: before the
 * first record whose timestamp in the log is this one or later, or where the split ends at the start if there is none.
 */
export type Until =
  | 'caught-up'
  | { readonly offsets: Readonly<Record<string, number>> }
  | { readonly time: number | string }

/** The same, checked. */
export type ResolvedUntil =
  | { readonly kind: 'caught-up' }
  | { readonly kind: 'offsets'; readonly offsets: ReadonlyMap<string, number> }
  | { readonly kind: 'time'; readonly timeMs: number }

/** Checks the option `until` of a run. Throws `MR_OPTION_INVALID`, `MR_OPTION_UNKNOWN`. */
export function resolveUntil(until: Until): ResolvedUntil {
  if (until === 'caught-up') return { kind: 'caught-up' }
  if (typeof until === 'string') throw invalid(`until "${until}"${suggestion(until, ['caught-up'])}`)
  refuseUnknownKeys('until', until, ['offsets', 'time'])
  if ('offsets' in until === 'time' in until) throw invalid('until: give offsets or time, one of them and not both')
  return 'offsets' in until
    ? { kind: 'offsets', offsets: resolveOffsets(until.offsets) }
    : { kind: 'time', timeMs: timeMs('until: time', until.time) }
}

function resolveOffsets(given: Readonly<Record<string, number>>): ReadonlyMap<string, number> {
  if (typeof given !== 'object' || given === null) throw invalid('until: offsets is an object, { "orders-0": 1200 }')
  const offsets = new Map(Object.entries(given))
  for (const [id, offset] of offsets) {
    if (!Number.isSafeInteger(offset) || offset < 0) throw invalid(`until: ${offset} is no offset of split "${id}"`)
  }
  return offsets
}

function invalid(message: string): MillraceError {
  return new MillraceError('MR_OPTION_INVALID', message)
}
