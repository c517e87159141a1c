import { MillraceError } from '../../core/model/errors.ts'

type Details = Readonly<Record<string, unknown>>

/** The bytes contradict themselves: CRC, lengths, ranges or the record count. */
export function corrupt(reason: string, details: Details = {}, cause?: unknown): MillraceError {
  return new MillraceError('MR_RECORD_BATCH_CORRUPT', `record batch is corrupt: ${reason}`, { details, cause })
}

/** The bytes may be right, but this version cannot read or write such a batch. */
export function unsupported(reason: string, details: Details = {}): MillraceError {
  return new MillraceError('MR_RECORD_BATCH_UNSUPPORTED', `record batch is not supported: ${reason}`, { details })
}

/** The batch would take more memory than its reader or the format allows. */
export function tooLarge(reason: string, details: Details = {}, cause?: unknown): MillraceError {
  return new MillraceError('MR_RECORD_BATCH_TOO_LARGE', `record batch is too large: ${reason}`, { details, cause })
}
