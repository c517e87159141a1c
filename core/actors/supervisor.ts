import { MillraceError } from '../model/errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import { DEFAULT_RESTART_POLICY, decideDirective, type RestartPolicy } from './restart-policy.ts'

export interface Supervision {
  readonly clock: Clock
  readonly logger: Logger
  readonly policy?: RestartPolicy
}

/**
 * Runs `attempt` until it ends, starting it anew after failures that a restart can heal, with growing delays. Every
 * attempt starts from durable state, never from the instance before. Rejects with the failure that no restart may heal,
 * or `MR_RESTARTS_EXHAUSTED`. `toError` turns foreign errors into coded ones.
 */
export async function supervise<Result>(
  supervision: Supervision,
  attempt: (number: number) => Promise<Result>,
  toError: (error: unknown) => MillraceError,
): Promise<Result> {
  const restarts: number[] = []
  for (let number = 0; ; number++) {
    try {
      return await attempt(number)
    } catch (thrown) {
      const error = toError(thrown)
      const delayMs = delayBeforeRestart(supervision, restarts, error)
      restarts.push(supervision.clock.monotonic())
      supervision.logger.warn('tasks failed, restarting from the last checkpoint', {
        code: error.code,
        message: error.message,
        delayMs,
      })
      await supervision.clock.after(delayMs)
    }
  }
}

function delayBeforeRestart(supervision: Supervision, restarts: readonly number[], error: MillraceError): number {
  const past = { restarts, now: supervision.clock.monotonic() }
  const directive = decideDirective(error, past, supervision.policy ?? DEFAULT_RESTART_POLICY)
  switch (directive.kind) {
    case 'restart':
      return directive.delayMs
    case 'stop':
      throw error
    case 'exhausted':
      throw new MillraceError(
        'MR_RESTARTS_EXHAUSTED',
        `the tasks failed ${restarts.length + 1} times; the last failure: ${error.message}`,
        { cause: error, details: { lastCode: error.code } },
      )
  }
}
