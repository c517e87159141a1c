import type { Clock } from '../../core/ports/clock.ts'

/** Node fires a longer timer at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** The machine's time. */
export function systemClock(): Clock {
  return { now: () => Date.now(), monotonic: () => performance.now(), after }
}

async function after(ms: number, signal?: AbortSignal): Promise<void> {
  let left = ms
  while (left > LONGEST_TIMER_MS) {
    await timer(LONGEST_TIMER_MS, signal)
    left -= LONGEST_TIMER_MS
  }
  await timer(left, signal)
}

function timer(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason)
      return
    }
    const abort = (): void => {
      clearTimeout(timeout)
      reject(signal?.reason)
    }
    const timeout = setTimeout(() => {
      signal?.removeEventListener('abort', abort)
      resolve()
    }, ms)
    signal?.addEventListener('abort', abort, { once: true })
  })
}
