import { MillraceError } from './errors.ts'
import { refuseUnknownKeys, suggestion } from './nearest.ts'
import { timeMs } from './time.ts'

/** Where a source begins where no checkpoint says so; an offset or time holds for every partition. A timestamp is epoch ms or RFC 3339 text. */
export type SourceStart = 'earliest' | 'latest' | { readonly offset: number } | { readonly timestamp: number | string }

/** The same, checked, with times in epoch ms. */
export type ResolvedStart = 'earliest' | 'latest' | { readonly offset: number } | { readonly timestamp: number }

/** Checks the option `start` of a source; `where` names the source. Throws `MR_OPTION_INVALID`, `MR_OPTION_UNKNOWN`. */
export function resolveStart(where: string, start: SourceStart): ResolvedStart {
  if (start === 'earliest' || start === 'latest') return start
  if (typeof start === 'string') throw invalid(where, `start "${start}"${suggestion(start, ['earliest', 'latest'])}`)
  refuseUnknownKeys(`${where}: start`, start, ['offset', 'timestamp'])
  if ('offset' in start) {
    if (Number.isSafeInteger(start.offset) && start.offset >= 0) return { offset: start.offset }
    throw invalid(where, `start: ${start.offset} is no offset`)
  }
  return { timestamp: timeMs(`${where}: start`, start.timestamp) }
}

function invalid(where: string, what: string): MillraceError {
  return new MillraceError('MR_OPTION_INVALID', `${where}: ${what}`)
}
