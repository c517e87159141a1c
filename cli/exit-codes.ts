import { MillraceError } from '../core/model/errors.ts'

/** Exit codes that do not come from an error's code. */
export const EXIT_OK = 0
export const EXIT_FAILURE = 1
export const EXIT_USAGE = 2

/** Exit code of a command that ends with `error`. What is not ours is a failure at run time. */
export function exitCodeOf(error: unknown): number {
  return error instanceof MillraceError ? error.exitCode : EXIT_FAILURE
}
