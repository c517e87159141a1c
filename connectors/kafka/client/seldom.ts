import type { Clock } from '../../../core/ports/clock.ts'
import type { Logger } from '../../../core/ports/logger.ts'

const SAY_AGAIN_MS = 30_000

/** Warns not more often than twice a minute: of an outage many hear at once, and again and again. */
export function seldom(logger: Logger, clock: Clock): Pick<Logger, 'warn'> {
  let saidAt = Number.NEGATIVE_INFINITY
  return {
    warn: (message, fields) => {
      const now = clock.monotonic()
      if (now - saidAt < SAY_AGAIN_MS) return
      saidAt = now
      logger.warn(message, fields)
    },
  }
}
