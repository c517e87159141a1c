import type { MillraceError } from '../model/errors.ts'

/** How often the tasks may be restarted before the job gives up. */
export interface RestartPolicy {
  /** Restarts allowed within `windowMs`. */
  readonly maxRestarts: number
  readonly windowMs: number
  /** Delay before the first restart; doubles with each one in the window, up to `maxDelayMs`. */
  readonly initialDelayMs: number
  readonly maxDelayMs: number
}

/** Three restarts in five minutes, as most failures that a restart heals are rare, and the others should be seen. */
export const DEFAULT_RESTART_POLICY: RestartPolicy = {
  maxRestarts: 3,
  windowMs: 300_000,
  initialDelayMs: 200,
  maxDelayMs: 10_000,
}

/**
 * What a supervisor does about a failure. There is no `resume` for tasks: half a batch of their state is done.
 * `exhausted` stops like `stop`, but because of the budget.
 */
export type Directive =
  | { readonly kind: 'restart'; readonly delayMs: number }
  | { readonly kind: 'stop' }
  | { readonly kind: 'exhausted' }

/** Judges a failure at `now` (monotonic ms), given the times of the restarts before it. Pure. */
export function decideDirective(
  error: MillraceError,
  past: { readonly restarts: readonly number[]; readonly now: number },
  policy: RestartPolicy,
): Directive {
  if (error.retry === 'never') return { kind: 'stop' }
  const recent = past.restarts.filter((time) => past.now - time < policy.windowMs).length
  if (recent >= policy.maxRestarts) return { kind: 'exhausted' }
  return { kind: 'restart', delayMs: Math.min(policy.maxDelayMs, policy.initialDelayMs * 2 ** recent) }
}
