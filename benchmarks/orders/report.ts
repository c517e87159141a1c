import { type Cell, countText } from 'millrace/platform'
import { barChart } from '../chart.ts'
import { optionalText, spreadOf, spreadText } from '../figures.ts'
import { PEERS, type Peer } from '../peers/peers.ts'
import type { OrderFigures } from '../processes/orders/run-millrace.ts'
import type { Report } from '../report.ts'
import { barsOf, barText, brokerMicros, ratiosOf, steadyMicros, wholeMicros } from './bars.ts'
import type { OrderQuery } from './reference.ts'

export type System = 'millrace' | Peer

export const TITLES: Readonly<Record<System, string>> = {
  millrace: 'Millrace',
  'flink-rocksdb': PEERS['flink-rocksdb'].title,
  'flink-heap': PEERS['flink-heap'].title,
  'kafka-streams': PEERS['kafka-streams'].title,
}

// The keys are all peers.
const PEER_NAMES = Object.keys(PEERS) as Peer[]

const QUERY_TITLES: Readonly<Record<OrderQuery, string>> = {
  stateless: 'Validate, filter and project orders from Kafka',
  tumbling: 'Orders from Kafka per user and minute',
  dedupe: 'Orders from Kafka without repetitions',
  seed: 'Paid orders from Kafka, without repetitions, per user and minute',
}

/** What one run of a system gave; `brokerCpuMs` is what the broker used meanwhile, where that is known. */
export type MeasuredRun = OrderFigures & { readonly brokerCpuMs: number | undefined }

export interface OrderReportParts {
  readonly query: OrderQuery
  readonly events: number
  /** Runs of each system, in the order of the rounds. */
  readonly runs: ReadonlyMap<System, readonly MeasuredRun[]>
  readonly expected: { readonly results: number; readonly hash: string }
}

/** The report of a query in which all systems gave the results of the reference. */
export function orderReport({ query, events, runs, expected }: OrderReportParts): Report {
  const systems = [...runs.keys()]
  const own = runs.get('millrace')
  const rounds = runs.get(systems[0]!)!.length
  const { results, hash } = expected
  const bars =
    own === undefined
      ? []
      : PEER_NAMES.flatMap((peer) => {
          const found = runs.get(peer)
          return found === undefined ? [] : barsOf({ query, events }, own, { peer, title: TITLES[peer], runs: found })
        })
  return {
    query,
    title: QUERY_TITLES[query],
    method: `${countText(events)} seeded orders of about 200 bytes of JSON (5 % repeated, 1 % invalid, up to 2 s out of order; lz4, 4 partitions)
are read from a broker on the same machine to their end, by each system in a process of its own, one after the other in
every round. CPU time is that of the system's process, all threads: steady from a quarter of the records to the commit of
the last result, whole from the start of the process. What the query computes and how each system is set up stands in
[benchmarks/peers](../../benchmarks/peers/README.md). Figures are medians with least and greatest of ${rounds} rounds.`,
    command: `npm run kafka -- npm run benchmark -- --query ${query} --events ${events}`,
    columns: [
      'system',
      'steady, µs',
      'times Millrace',
      'whole, µs',
      'times Millrace',
      'broker, µs',
      'wall, s',
      'peak resident, MiB',
    ],
    lines: systems.map((system) => lineOf(TITLES[system], runs.get(system)!, own)),
    verdict: [
      `All systems and the reference gave the same ${countText(results)} results, hash ${hash}.`,
      ...bars.map(barText),
    ].join('\n'),
    isMet: bars.every(({ isMet }) => isMet),
    figures: { events, expected, runs: Object.fromEntries(runs) },
    chart: barChart(
      'CPU time per record, steady',
      'µs',
      systems.map((system) => {
        const { median, min, max } = spreadOf(runs.get(system)!.map(steadyMicros))
        return { label: TITLES[system], value: median, min, max }
      }),
    ),
  }
}

function lineOf(title: string, runs: readonly MeasuredRun[], own: readonly MeasuredRun[] | undefined): readonly Cell[] {
  const times = (figure: (run: OrderFigures) => number): string =>
    optionalText(own === undefined ? undefined : ratiosOf(runs, own, figure))
  return [
    title,
    spreadText(spreadOf(runs.map(steadyMicros))),
    times(steadyMicros),
    spreadText(spreadOf(runs.map(wholeMicros))),
    times(wholeMicros),
    optionalText(brokerMicros(runs)),
    spreadText(spreadOf(runs.map(({ wallMs }) => wallMs / 1000)), 1),
    spreadText(spreadOf(runs.map(({ peakRssMiB }) => peakRssMiB)), 0),
  ]
}
