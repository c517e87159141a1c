import type { Scheduler } from '../../core/ports/scheduler.ts'

/** So many pieces run before I/O and timers get their turn. */
const PIECES_PER_TURN = 64

/**
 * A scheduler for the thread that calls this: pieces run in the order of posting, never inside `post`. A piece that
 * throws ends the process as any uncaught error does, and does not keep the others from running where that is caught.
 */
export function systemScheduler(): Scheduler {
  let waiting: (() => void)[] = []
  let next = 0
  let isScheduled = false

  const schedule = (): void => {
    if (isScheduled || next === waiting.length) return
    isScheduled = true
    setImmediate(drain)
  }
  const drain = (): void => {
    isScheduled = false
    const end = Math.min(waiting.length, next + PIECES_PER_TURN)
    try {
      while (next < end) waiting[next++]!()
    } finally {
      waiting = waiting.slice(next)
      next = 0
      schedule()
    }
  }
  return {
    post(_label, run) {
      waiting.push(run)
      schedule()
    },
  }
}
