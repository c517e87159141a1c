import { type Cell, countText } from 'millrace/platform'
import { type Spread, spreadOf, spreadText } from '../figures.ts'
import { PEERS } from '../peers/peers.ts'
import type { Report } from '../report.ts'
import type { DriverFigures, LatencyQuery } from './driver-figures.ts'
import { type Curve, percentileChart } from './percentile-chart.ts'

export const LATENCY_TITLES = {
  millrace: 'Millrace',
  'flink-heap': PEERS['flink-heap'].title,
  'kafka-streams': PEERS['kafka-streams'].title,
} as const
export type LatencySystem = keyof typeof LATENCY_TITLES

/** Runs of each system, in the order of the rounds. */
export type SystemRuns = ReadonlyMap<LatencySystem, DriverFigures[]>
export type LatencyRuns = ReadonlyMap<LatencyQuery, SystemRuns>

export interface LatencyReportParts {
  readonly runs: LatencyRuns
  readonly of: string
  readonly ratePerSecond: number
  readonly seconds: number
  readonly warmUpSeconds: number
  readonly threads: number
}

/** p99 of `stateless`, ms. */
const BAR_MS = 15

interface JudgedLine {
  readonly text: string
  readonly isMet: boolean
}

/** The report of a run in which no system lost a result. */
export function latencyReport(parts: LatencyReportParts): Report {
  const { runs, of, ratePerSecond, seconds, warmUpSeconds, threads } = parts
  const rounds = [...[...runs.values()][0]!.values()][0]!.length
  const judged = [...runs].flatMap(([query, ofSystems]) => judge(query, ofSystems))
  return {
    query: 'latency',
    title: 'Latency from Kafka to Kafka at a fixed rate',
    method: `${countText(ratePerSecond)} orders per second are sent to a topic with 4 partitions, each when it is due, whatever became of those before (an
open loop), and results are read from another topic by the same process, so by one clock. Latency is the time from when a record was due
until its result was read: a driver or broker that is late counts against the system. It includes writing and reading on both sides
and up to a millisecond for which the driver collects records. A window waits for the first record of the next one. Each system runs in
a fresh process with fresh topics and ${threads} ${threads === 1 ? 'thread' : 'threads'}, is warmed up for ${warmUpSeconds} s at the same rate and then measured for ${seconds} s; percentiles are of an HdrHistogram.
System, broker and driver share the cores of one machine. All of them deliver at least once; their latency profiles stand in
[benchmarks/peers](../../benchmarks/peers/README.md). Broker's view is the time between the broker's stamps on record and result, in whole
milliseconds; driver's lag is what the driver itself was late, and is part of the latency. Figures are medians with least and greatest of the rounds: ${rounds}.`,
    command: `npm run kafka -- npm run benchmark -- --query latency${of === 'all' ? '' : ` --of ${of}`} --rate ${ratePerSecond} --seconds ${seconds} --warm-up ${warmUpSeconds} --threads ${threads}`,
    columns: [
      'query',
      'system',
      'median, ms',
      'p90, ms',
      'p99, ms',
      'p99.9, ms',
      'most, ms',
      'p99 in the broker’s view, ms',
      'p99 of the driver’s lag, ms',
      'doubled',
      'cores: system + broker',
    ],
    lines: [...runs].flatMap(([query, ofSystems]) =>
      [...ofSystems].map(([system, found]) => lineOf(query, system, found)),
    ),
    verdict: ['No result was missing.', ...judged.map(({ text }) => text)].join('\n'),
    isMet: judged.every(({ isMet }) => isMet),
    figures: Object.fromEntries([...runs].map(([query, ofSystems]) => [query, Object.fromEntries(ofSystems)])),
    chart: percentileChart(
      [...runs].map(([query, ofSystems]) => ({
        title: `Latency, ${query}`,
        curves: [...ofSystems].map(([system, found]) => curveOf(LATENCY_TITLES[system], found)),
      })),
    ),
  }
}

/** The bars of `stateless`; the other query has none. */
function judge(query: LatencyQuery, runs: SystemRuns): readonly JudgedLine[] {
  const own = runs.get('millrace')!
  const p99 = spreadOf(own.map(p99Of))
  const hasBar = query === 'stateless'
  const isFast = !hasBar || p99.median <= BAR_MS
  const bar = hasBar ? ` at most ${BAR_MS} ms: ${wordOf(isFast)}` : ''
  const lines: JudgedLine[] = [{ text: `${query}: p99 of Millrace ${spreadText(p99)} ms${bar}`, isMet: isFast }]
  const better = betterPeer(runs)
  if (better === undefined) return lines
  const ratio = spreadOf(runs.get(better)!.map((run, round) => p99Of(own[round]!) / p99Of(run)))
  const isBetter = !hasBar || ratio.median <= 1
  const peerBar = hasBar ? `, at most 1: ${wordOf(isBetter)}` : ''
  const text = `${query}: p99 of Millrace in units of that of ${LATENCY_TITLES[better]}, the better peer, ${spreadText(ratio)}${peerBar}`
  return [...lines, { text, isMet: isBetter }]
}

function betterPeer(runs: SystemRuns): LatencySystem | undefined {
  const peers = [...runs].filter(([system]) => system !== 'millrace')
  return peers.sort(([, a], [, b]) => medianP99(a) - medianP99(b))[0]?.[0]
}

function medianP99(runs: readonly DriverFigures[]): number {
  return spreadOf(runs.map(p99Of)).median
}

function p99Of({ latency }: DriverFigures): number {
  return latency.p99
}

function wordOf(isMet: boolean): string {
  return isMet ? 'met' : 'MISSED'
}

function lineOf(query: LatencyQuery, system: LatencySystem, runs: readonly DriverFigures[]): readonly Cell[] {
  const text = (figure: (run: DriverFigures) => number, digits = 2) => spreadText(spreadOf(runs.map(figure)), digits)
  return [
    query,
    LATENCY_TITLES[system],
    text(({ latency }) => latency.p50),
    text(({ latency }) => latency.p90),
    text(p99Of),
    text(({ latency }) => latency.p999),
    text(({ latency }) => latency.max, 1),
    text(({ brokerView }) => brokerView.p99, 0),
    text(({ driverLag }) => driverLag.p99),
    String(runs.reduce((sum, { doubled }) => sum + doubled, 0)),
    `${shareText(runs.map(({ systemCpuShare }) => systemCpuShare))} + ${shareText(runs.map(({ brokerCpuShare }) => brokerCpuShare))}`,
  ]
}

function shareText(shares: readonly (number | undefined)[]): string {
  const known = shares.filter((share) => share !== undefined)
  return known.length === 0 ? '–' : spreadOf(known).median.toFixed(2)
}

/** The middle of the rounds at each percentile. */
function curveOf(label: string, runs: readonly DriverFigures[]): Curve {
  const percentiles = runs[0]!.latency.curve.map(([percentile]) => percentile)
  const spreads = percentiles.map((_, at): Spread => spreadOf(runs.map(({ latency }) => latency.curve[at]![1])))
  return { label, points: percentiles.map((percentile, at) => ({ percentile, ms: spreads[at]!.median })) }
}
