import type { Clock } from '../../core/ports/clock.ts'
import { systemClock } from '../../platform/system/system-clock.ts'

/** The clock of the system; no pause ends while it is held. */
export class HeldClock implements Clock {
  readonly #clock = systemClock()
  #held = Promise.withResolvers<void>()

  constructor() {
    this.release()
  }

  now(): number {
    return this.#clock.now()
  }

  monotonic(): number {
    return this.#clock.monotonic()
  }

  async after(ms: number, signal?: AbortSignal): Promise<void> {
    await this.#clock.after(ms, signal)
    await this.#held.promise
  }

  hold(): void {
    this.#held = Promise.withResolvers<void>()
  }

  release(): void {
    this.#held.resolve()
  }
}
