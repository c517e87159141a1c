import { MillraceError } from './errors.ts'

/** A length of time: milliseconds, or a number with a unit such as `500ms`, `30s`, `5m`, `24h`, `7d`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `ms` itself. Throws `MR_OPTION_INVALID` naming `where` when it is no time at all. */
export function positiveMs(where: string, ms: number): number {
  if (ms > 0) return ms
  throw new MillraceError('MR_OPTION_INVALID', `${where} must be longer than 0`)
}

/** Milliseconds of a {@link Duration}. Throws `MR_OPTION_INVALID` naming `where` for anything else or a negative one. */
export function durationMs(where: string, duration: Duration): number {
  const match = typeof duration === 'string' ? /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration) : null
  const value = typeof duration === 'number' ? duration : match ? Number(match[1]) * UNIT_MS[match[2]!]! : Number.NaN
  if (!Number.isFinite(value) || value < 0) {
    throw new MillraceError(
      'MR_OPTION_INVALID',
      `${where}: "${duration}" is no duration; write for example 500ms, 30s, 5m, 24h`,
    )
  }
  return value
}
