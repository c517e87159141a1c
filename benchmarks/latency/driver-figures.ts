import type { Latencies } from './latency-figures.ts'

/** Queries whose latency is measured. */
export const LATENCY_QUERIES = ['stateless', 'tumbling'] as const
export type LatencyQuery = (typeof LATENCY_QUERIES)[number]

/** What the driver is to do, as its only argument, in JSON. */
export interface DriverOrder {
  readonly query: LatencyQuery
  readonly brokers: string
  readonly input: string
  readonly output: string
  readonly ratePerSecond: number
  readonly seconds: number
  /** From the first result on. */
  readonly warmUpSeconds: number
  readonly systemPid: number
}

/** What the driver found. */
export interface DriverFigures {
  /** Records that were due in the measured time. */
  readonly records: number
  /** From the due time of a record until its result was read. */
  readonly latency: Latencies
  /** From when the broker took the record until it took the result; whole ms. */
  readonly brokerView: Latencies
  /** From the due time until the driver handed the record to its client. */
  readonly driverLag: Latencies
  readonly missing: number
  readonly doubled: number
  /** From the first record until the first result, s. */
  readonly firstResultSeconds: number
  /** CPU time in the measured time as a share of one core. */
  readonly systemCpuShare: number | undefined
  readonly brokerCpuShare: number | undefined
  readonly driverCpuShare: number | undefined
}
