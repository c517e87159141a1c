import { MillraceError } from './errors.ts'
import { daysOf } from './parse-value.ts'

const RFC_3339 = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/

/**
 * Epoch ms of a point in time: whole ms from 1970 on, or RFC 3339 text, which has an offset from UTC, so that it is the same on
 * every machine. Throws `MR_OPTION_INVALID` naming `where` for anything else.
 */
export function timeMs(where: string, time: number | string): number {
  const ms = typeof time === 'string' ? parse(time) : time
  if (Number.isSafeInteger(ms) && ms >= 0) return ms
  const message = `${where}: "${time}" is no time from 1970 on; write epoch ms or for example 2026-01-31T12:00:00Z`
  throw new MillraceError('MR_OPTION_INVALID', message)
}

function parse(text: string): number {
  const day = RFC_3339.exec(text)?.[1]
  // Date.parse takes February 30 for March 2.
  return day === undefined || daysOf(day) === undefined ? Number.NaN : Date.parse(text)
}
