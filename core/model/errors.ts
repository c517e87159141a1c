import { ERROR_CODES, type ErrorCode, type ErrorDomain, type ErrorRetry } from './error-codes.ts'

export interface ErrorContext {
  /** Ids and figures that help to find the place: operator, split, offset, path. Plain data only. */
  readonly details?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

/**
 * The one error class of Millrace. `code` is stable; `domain` says who has to act, `retry` what helps.
 *
 * @example
 * throw new MillraceError('MR_LOG_TOPIC_UNKNOWN', 'topic "orders" does not exist; create it with `millrace log create orders`')
 */
export class MillraceError extends Error {
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, context: ErrorContext = {}) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause })
    this.name = 'MillraceError'
    this.code = code
    this.details = context.details ?? {}
  }

  get domain(): ErrorDomain {
    return ERROR_CODES[this.code].domain
  }

  get retry(): ErrorRetry {
    return ERROR_CODES[this.code].retry
  }

  get exitCode(): number {
    return ERROR_CODES[this.code].exit
  }
}

/** An error as plain data: structured clone between threads drops class, code and details of an Error. */
export interface EncodedError {
  readonly code: ErrorCode
  readonly message: string
  readonly details: Readonly<Record<string, unknown>>
  readonly stack: string
  readonly cause: EncodedError | undefined
}

/** Turns anything thrown into plain data that survives a thread border. Foreign errors become `fallback`. */
export function encodeError(error: unknown, fallback: ErrorCode = 'MR_INTERNAL'): EncodedError {
  if (error instanceof MillraceError) {
    const cause = error.cause === undefined ? undefined : encodeError(error.cause, fallback)
    return { code: error.code, message: error.message, details: error.details, stack: error.stack ?? '', cause }
  }
  if (error instanceof Error) {
    return { code: fallback, message: error.message, details: {}, stack: error.stack ?? '', cause: undefined }
  }
  return { code: fallback, message: String(error), details: {}, stack: '', cause: undefined }
}

/** The inverse of {@link encodeError}. */
export function decodeError(encoded: EncodedError): MillraceError {
  const cause = encoded.cause === undefined ? {} : { cause: decodeError(encoded.cause) }
  const error = new MillraceError(encoded.code, encoded.message, { details: encoded.details, ...cause })
  if (encoded.stack !== '') error.stack = encoded.stack
  return error
}

/** Wraps a foreign error; a MillraceError passes unchanged. */
export function toMillraceError(error: unknown, code: ErrorCode, message?: string): MillraceError {
  if (error instanceof MillraceError) return error
  const text = error instanceof Error ? error.message : String(error)
  return new MillraceError(code, message === undefined ? text : `${message}: ${text}`, { cause: error })
}
