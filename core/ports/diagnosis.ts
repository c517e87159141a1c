import { ERROR_CODES, type ErrorCode } from '../model/error-codes.ts'
import { toMillraceError } from '../model/errors.ts'
import type { Position } from '../model/position.ts'
import { type Clock, pause } from './clock.ts'
import type { ConnectorPorts } from './connector-ports.ts'

/** What one check found; `advice` is what to do about it. A run would end with `code`. */
export type Finding =
  | { readonly kind: 'ok'; readonly subject: string; readonly found: string }
  | { readonly kind: 'warning'; readonly subject: string; readonly found: string; readonly advice: string }
  | {
      readonly kind: 'failed'
      readonly subject: string
      readonly found: string
      readonly advice: string
      readonly code: ErrorCode
    }

/** What the diagnosis of a source gets. */
export interface SourceDiagnosisContext extends ConnectorPorts {
  /** Where the last committed epoch stands, by split, also of other sources; empty before the first. */
  readonly positions: ReadonlyMap<string, Position>
}

/** What is found of a source. */
export interface SourceDiagnosis {
  readonly findings: readonly Finding[]
  /** Topics that it reads: sinks for dead letters name theirs after them. */
  readonly topics: readonly string[]
}

/** Longest time of one check. */
const CHECK_MS = 10_000

/** How a check is bounded and what it is about. */
export interface Check {
  readonly clock: Clock
  readonly subject: string
  /** Code of a check that does not end in time. */
  readonly late: ErrorCode
  /** Default ten seconds. */
  readonly limitMs?: number
}

/** Does a check. What it throws, and that it does not end in time, are findings: one failed check hides no other. */
export async function checked(check: Check, work: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  const { clock, subject, late, limitMs = CHECK_MS } = check
  const done = new AbortController()
  try {
    const first = await Promise.race([work(), pause(clock, limitMs, done.signal)])
    return typeof first === 'string' ? [failure(subject, late, `no answer within ${limitMs / 1_000} s`)] : first
  } catch (error) {
    const { code, message } = toMillraceError(error, 'MR_INTERNAL')
    return [failure(subject, code, message)]
  } finally {
    done.abort()
  }
}

/** A failed check; its advice is what the reference says of the code, unless the caller knows better. */
export function failure(subject: string, code: ErrorCode, found: string): Finding & { readonly kind: 'failed' } {
  return { kind: 'failed', subject, found, advice: ERROR_CODES[code].text, code }
}
