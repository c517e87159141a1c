import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'

/** Latencies of one run in ms. */
export interface Latencies {
  readonly samples: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly max: number
  /** Percentile and latency in ms, for a chart. */
  readonly curve: readonly (readonly [percentile: number, ms: number])[]
}

const MOST_SECONDS = 600
const CURVE = [0, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99]

/** Counts latencies in an HdrHistogram: microseconds, three digits. */
export class LatencyHistogram {
  readonly #histogram: RecordableHistogram = createHistogram({ lowest: 1, highest: MOST_SECONDS * 1e6, figures: 3 })

  /** One latency; what is below a microsecond counts as one. */
  record(ms: number): void {
    this.#histogram.record(Math.max(1, Math.round(1_000 * ms)))
  }

  figures(): Latencies {
    const histogram = this.#histogram
    // Percentile 0 is not defined by the histogram.
    const at = (percentile: number) => (percentile === 0 ? histogram.min : histogram.percentile(percentile)) / 1_000
    return {
      samples: histogram.count,
      p50: at(50),
      p90: at(90),
      p99: at(99),
      p999: at(99.9),
      max: histogram.count === 0 ? 0 : histogram.max / 1_000,
      curve: histogram.count === 0 ? [] : CURVE.map((percentile) => [percentile, at(percentile)] as const),
    }
  }
}
