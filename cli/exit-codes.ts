import { MillraceError } from '../core/model/errors.ts'

/** Exit codes that do not come from an error's code. */
export const EXIT_OK = 0
export const EXIT_FAILURE = 1
export const EXIT_USAGE = 2

/**
 * Exit code of a command that ends with `error`. What is not ours is a failure at run time; a job that gave up restarting
 * ends with the code of its last failure.
 */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof MillraceError)) return EXIT_FAILURE
  const isGivenUp = error.code === 'MR_RESTARTS_EXHAUSTED' && error.cause instanceof MillraceError
  return isGivenUp ? exitCodeOf(error.cause) : error.exitCode
}
