import { DelayLog } from './delay-log.ts'

/** What one thread measured in one epoch: plain data on its way to the committer. Times are of the clock of clock.ts. */
export interface Measured {
  readonly records: number
  /** When the barrier reached the sink. */
  readonly cutAt: number
  /** When the first record of the run reached the sink; `null` before it. */
  readonly firstAt: number | null
  readonly snapshotCpuMs: number
  readonly longestBatchCpuMs: number
  readonly longestWatermarkCpuMs: number
  /** CPU time that loading of stored state took, before the first record. */
  readonly restoreCpuMs: number
}

/** Measures on one thread; shared by what stands before and behind the state. */
export class Meter {
  #records = 0
  #firstAt: number | null = null
  #snapshotCpuMs = 0
  #longestBatchCpuMs = 0
  #longestWatermarkCpuMs = 0
  #restoreCpuMs = 0
  readonly #delays = new DelayLog()

  /** Records reached the sink at `now`, due at `due[row]` each. */
  arrived(now: number, rows: Int32Array, due: ArrayLike<number>): void {
    this.#firstAt ??= now
    this.#records += rows.length
    let last = Number.NaN
    for (let i = 0; i < rows.length; i++) {
      const time = due[rows[i]!]!
      const ms = Math.floor(time)
      // The first record of a millisecond waited longest.
      if (ms === last) continue
      last = ms
      this.#delays.add(ms, now - time)
    }
  }

  snapshotTook(ms: number): void {
    this.#snapshotCpuMs += ms
  }

  batchTook(ms: number): void {
    this.#longestBatchCpuMs = Math.max(this.#longestBatchCpuMs, ms)
  }

  watermarkTook(ms: number): void {
    this.#longestWatermarkCpuMs = Math.max(this.#longestWatermarkCpuMs, ms)
  }

  restoreTook(ms: number): void {
    this.#restoreCpuMs += ms
  }

  /** What was measured since the last cut. */
  cut(now: number): Measured {
    const measured: Measured = {
      records: this.#records,
      cutAt: now,
      firstAt: this.#firstAt,
      snapshotCpuMs: this.#snapshotCpuMs,
      longestBatchCpuMs: this.#longestBatchCpuMs,
      longestWatermarkCpuMs: this.#longestWatermarkCpuMs,
      restoreCpuMs: this.#restoreCpuMs,
    }
    this.#records = 0
    this.#snapshotCpuMs = 0
    this.#longestBatchCpuMs = 0
    this.#longestWatermarkCpuMs = 0
    this.#delays.flush()
    return measured
  }
}
