import { type Spread, spreadOf, spreadText } from '../figures.ts'
import type { Peer } from '../peers/peers.ts'
import type { RunUsage } from '../processes/orders/measure-run.ts'
import type { OrderFigures } from '../processes/orders/run-millrace.ts'
import type { OrderQuery } from './reference.ts'

/** How many times cheaper than each peer a query is to be in steady state. */
const STEADY: Readonly<Record<OrderQuery, Readonly<Partial<Record<Peer, number>>>>> = {
  stateless: { 'flink-rocksdb': 1.5, 'flink-heap': 1.5 },
  tumbling: { 'flink-rocksdb': 7, 'flink-heap': 2, 'kafka-streams': 5 },
  dedupe: { 'flink-rocksdb': 4, 'flink-heap': 4, 'kafka-streams': 4 },
  seed: { 'flink-rocksdb': 7, 'flink-heap': 3.5, 'kafka-streams': 7 },
}
/** How many times cheaper every query is to be with the start of the process, at this number of events. */
const WHOLE = 3
const WHOLE_EVENTS = 3_000_000
/** With fewer events a run is mostly start: no bar is judged. */
const LEAST_EVENTS = 1_000_000
/** Share of the peak memory of each peer that `seed` may take. */
const MEMORY_SHARE = 0.35

/** A bar with what was found: a ratio of each pair. */
export interface JudgedBar {
  readonly what: string
  readonly found: Spread
  readonly isMet: boolean
}

export interface PeerRuns {
  readonly peer: Peer
  readonly title: string
  readonly runs: readonly OrderFigures[]
}

/** CPU per record between the first quarter and the commit of the last result, µs. */
export function steadyMicros(run: Omit<RunUsage, 'quarterMs'>): number {
  const { records, quarterRecords, cpuMs, quarterCpuMs } = run
  return (1000 * (cpuMs - quarterCpuMs)) / (records - quarterRecords)
}

/** CPU per record of the whole process, µs. */
export function wholeMicros({ records, cpuMs }: Pick<RunUsage, 'records' | 'cpuMs'>): number {
  return (1000 * cpuMs) / records
}

/** CPU of the broker per record of some runs, µs; `undefined` where it is not known. */
export function brokerMicros(
  runs: readonly { readonly records: number; readonly brokerCpuMs: number | undefined }[],
): Spread | undefined {
  const known = runs.flatMap(({ brokerCpuMs, records }) =>
    brokerCpuMs === undefined ? [] : [(1000 * brokerCpuMs) / records],
  )
  return known.length === 0 ? undefined : spreadOf(known)
}

/** What is measured of a run. */
type Figure = (run: OrderFigures) => number

/** A figure of some runs in units of the ones of the same rounds. */
export function ratiosOf(runs: readonly OrderFigures[], own: readonly OrderFigures[], figure: Figure): Spread {
  return spreadOf(runs.map((run, round) => figure(run) / figure(own[round]!)))
}

/** The bars of a query against one peer, by the median of the ratios of pairs. */
export function barsOf(
  of: { readonly query: OrderQuery; readonly events: number },
  own: readonly OrderFigures[],
  { peer, title, runs }: PeerRuns,
): readonly JudgedBar[] {
  if (of.events < LEAST_EVENTS) return []
  const ratios = (figure: Figure) => ratiosOf(runs, own, figure)
  const bars: JudgedBar[] = []
  const steady = STEADY[of.query][peer]
  if (steady !== undefined) bars.push(atLeast(`steady, ${title}`, steady, ratios(steadyMicros)))
  if (of.events >= WHOLE_EVENTS) bars.push(atLeast(`whole, ${title}`, WHOLE, ratios(wholeMicros)))
  if (of.query === 'seed') {
    const shares = ratiosOf(own, runs, ({ peakRssMiB }) => peakRssMiB)
    const what = `peak memory, ${title}: at most ${MEMORY_SHARE} ×`
    bars.push({ what, found: shares, isMet: shares.median <= MEMORY_SHARE })
  }
  return bars
}

function atLeast(what: string, least: number, found: Spread): JudgedBar {
  return { what: `${what}: at least ${least} ×`, found, isMet: found.median >= least }
}

/** What was found, in words. */
export function barText({ what, found, isMet }: JudgedBar): string {
  return `${what}, found ${spreadText(found)}: ${isMet ? 'met' : 'MISSED'}`
}
