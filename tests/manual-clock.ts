import type { Clock } from '../core/ports/clock.ts'

interface Sleeper {
  readonly at: number
  readonly wake: () => void
}

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  readonly #sleepers: Sleeper[] = []
  #elapsedMs = 0
  readonly #startMs: number

  constructor(startMs = 1_700_000_000_000) {
    this.#startMs = startMs
  }

  now(): number {
    return this.#startMs + this.#elapsedMs
  }

  monotonic(): number {
    return this.#elapsedMs
  }

  /** How many calls of `after` are not resolved yet. */
  get sleepers(): number {
    return this.#sleepers.length
  }

  after(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason)
        return
      }
      const sleeper = { at: this.#elapsedMs + ms, wake: resolve }
      this.#sleepers.push(sleeper)
      signal?.addEventListener('abort', () => {
        this.#sleepers.splice(this.#sleepers.indexOf(sleeper), 1)
        reject(signal.reason)
      })
    })
  }

  /** Lets time pass, wakes who is due in the order of their times, and lets everything that follows run. */
  async advance(ms: number): Promise<void> {
    await settle()
    this.#elapsedMs += ms
    const due = this.#sleepers.filter((sleeper) => sleeper.at <= this.#elapsedMs).sort((a, b) => a.at - b.at)
    for (const sleeper of due) {
      this.#sleepers.splice(this.#sleepers.indexOf(sleeper), 1)
      sleeper.wake()
      await settle()
    }
  }
}

/** Lets every promise reaction run. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
