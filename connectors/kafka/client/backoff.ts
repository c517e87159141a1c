import type { Clock } from '../../../core/ports/clock.ts'
import type { Random } from '../../../core/ports/random.ts'

const FIRST_MS = 100
const LONGEST_MS = 5_000

/** The pause after so many failures: doubled from 100 ms to 5 s, shortened by chance to as little as half. */
export function pauseMs(failures: number, random: Random): number {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures, 16))
  return longest * (0.5 + random.uint32() / 2 ** 33)
}

/** Waits between attempts: doubled from 100 ms to 5 s, each shortened by chance to as little as half, so that many do not come at once. */
export class Backoff {
  readonly #clock: Clock
  readonly #random: Random
  #failures = 0
  #since: number | undefined

  constructor(ports: { readonly clock: Clock; readonly random: Random }) {
    this.#clock = ports.clock
    this.#random = ports.random
  }

  /** Failures since the last success. */
  get failures(): number {
    return this.#failures
  }

  /** Milliseconds since the first of these failures. */
  get failingForMs(): number {
    return this.#since === undefined ? 0 : this.#clock.monotonic() - this.#since
  }

  succeeded(): void {
    this.#failures = 0
    this.#since = undefined
  }

  /** Counts a failure and waits; rejects when aborted. */
  async failed(signal?: AbortSignal): Promise<void> {
    this.#since ??= this.#clock.monotonic()
    await this.#clock.after(pauseMs(this.#failures++, this.#random), signal)
  }
}
