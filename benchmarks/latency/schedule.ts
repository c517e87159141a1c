/**
 * When the records of a run are due: number n at `beginMs + n / rate`, whatever happened before. The begin is a whole second of the
 * epoch, so that windows of a second begin with it. Measured is what is due from `measuredFrom` on for `seconds`.
 */
export class Schedule {
  readonly ratePerSecond: number
  readonly seconds: number
  /** Monotonic time of record 0. */
  readonly beginMs: number
  /** Event time of record 0, epoch ms. */
  readonly epochMs: number
  #fromSecond = Number.POSITIVE_INFINITY

  /** Begins half a second after now or up to a second later; `nowMs` is monotonic. */
  constructor(of: {
    readonly ratePerSecond: number
    readonly seconds: number
    readonly nowMs: number
    readonly epochNowMs: number
  }) {
    this.ratePerSecond = of.ratePerSecond
    this.seconds = of.seconds
    this.epochMs = 1_000 * Math.ceil(of.epochNowMs / 1_000 + LEAD_SECONDS)
    this.beginMs = of.nowMs + this.epochMs - of.epochNowMs
  }

  /** Measures from the first whole second on that is `seconds` after now. */
  measureAfter(seconds: number, nowMs: number): void {
    this.#fromSecond = Math.ceil((nowMs - this.beginMs) / 1_000 + seconds)
  }

  /** First second that is measured; infinite until it is known. */
  get fromSecond(): number {
    return this.#fromSecond
  }

  /** Seconds from `fromSecond` on are measured, up to this one. */
  get toSecond(): number {
    return this.#fromSecond + this.seconds
  }

  /** Number of the first record that is due at or after a second. */
  firstOf(second: number): number {
    return Math.ceil(second * this.ratePerSecond)
  }

  isMeasured(number: number): boolean {
    return number >= this.firstOf(this.#fromSecond) && number < this.firstOf(this.toSecond)
  }

  /** Monotonic time at which a record is due. */
  dueMs(number: number): number {
    return this.beginMs + (1_000 * number) / this.ratePerSecond
  }

  /** Event time of a record, epoch ms. */
  eventTime(number: number): number {
    return this.epochMs + Math.floor((1_000 * number) / this.ratePerSecond)
  }

  /** How many records are due by now. */
  dueBy(nowMs: number): number {
    return Math.floor(((nowMs - this.beginMs) * this.ratePerSecond) / 1_000) + 1
  }
}

/** The driver gets ready meanwhile. */
const LEAD_SECONDS = 0.5
