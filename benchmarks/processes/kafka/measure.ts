/** What consuming a topic cost. */
export interface ConsumeFigures {
  readonly records: number
  /** Between the first quarter of the records and the last one. */
  readonly steadyRecords: number
  readonly steadyCpuMs: number
  readonly wallMs: number
  readonly peakRssMiB: number
}

const WARM_UP_SHARE = 0.25

/** Counts records and prints the figures when all have come. */
export class ConsumeMeter {
  readonly #expected: number
  readonly #started = performance.now()
  #records = 0
  #warm: { readonly records: number; readonly cpu: NodeJS.CpuUsage } | undefined

  constructor(expected: number) {
    this.#expected = expected
  }

  /** True when that were all. */
  count(records: number): boolean {
    this.#records += records
    if (this.#warm === undefined && this.#records >= WARM_UP_SHARE * this.#expected) {
      this.#warm = { records: this.#records, cpu: process.cpuUsage() }
    }
    return this.#records >= this.#expected
  }

  print(): void {
    const warm = this.#warm!
    const { user, system } = process.cpuUsage(warm.cpu)
    const figures: ConsumeFigures = {
      records: this.#records,
      steadyRecords: this.#records - warm.records,
      steadyCpuMs: (user + system) / 1000,
      wallMs: performance.now() - this.#started,
      peakRssMiB: process.resourceUsage().maxRSS / 1024,
    }
    console.log(JSON.stringify(figures))
  }
}
