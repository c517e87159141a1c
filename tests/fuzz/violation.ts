import type { ErrorCode } from '../../core/model/error-codes.ts'
import { MillraceError } from '../../core/model/errors.ts'

/** What bytes came to: records, or the code that refused them. */
export type Outcome = 'decoded' | ErrorCode

/** Something that must not happen, whatever the bytes are. */
export class Violation extends Error {}

/** Codes that the bytes of a batch may be refused with. */
export const BATCH_CODES: readonly ErrorCode[] = [
  'MR_RECORD_BATCH_CORRUPT',
  'MR_RECORD_BATCH_UNSUPPORTED',
  'MR_RECORD_BATCH_TOO_LARGE',
]

/** The code of a refusal; anything else that was thrown is a violation. */
export function refusalOf(error: unknown, codes: readonly ErrorCode[] = BATCH_CODES): ErrorCode {
  if (error instanceof Violation) throw error
  if (error instanceof MillraceError && codes.includes(error.code)) return error.code
  throw new Violation(`threw ${error instanceof Error ? (error.stack ?? String(error)) : String(error)}`, {
    cause: error,
  })
}

export function must(isSo: boolean, what: string): asserts isSo {
  if (!isSo) throw new Violation(what)
}
