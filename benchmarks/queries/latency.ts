import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type DriverFigures, type DriverOrder, LATENCY_QUERIES, type LatencyQuery } from '../latency/driver-figures.ts'
import {
  LATENCY_TITLES,
  type LatencyRuns,
  type LatencySystem,
  latencyReport,
  type SystemRuns,
} from '../latency/report.ts'
import { ORDER_PARTITIONS } from '../orders/generate-orders.ts'
import { argumentsOf, type Collector, chosen, readyPeers } from '../peers/peers.ts'
import type { Report } from '../report.ts'
import {
  buildPackage,
  nodeArguments,
  type RunningProcess,
  removeBuild,
  runProcess,
  startProcess,
  workspace,
} from '../workspace.ts'

/** Flink on the heap: with RocksDB a window of a second is only slower. */
const MAINS = { 'flink-heap': 'FlinkLatency', 'kafka-streams': 'KafkaStreamsLatency' } as const
type LatencyPeer = keyof typeof MAINS
// The keys are all of them.
const LATENCY_PEERS = Object.keys(MAINS) as LatencyPeer[]

export interface LatencyOptions {
  /** One of the queries or `all`. */
  readonly of: string
  /** One of the peers or `all`. */
  readonly peer: string
  readonly pairs: number
  readonly ratePerSecond: number
  /** Measured in each run. */
  readonly seconds: number
  /** Before that, from the first result on. */
  readonly warmUpSeconds: number
  readonly collector: Collector
  /** Workers of Millrace, parallelism of Flink, stream threads of Kafka Streams. */
  readonly threads: number
}

/** How long records take from Kafka to Kafka in Millrace and its peers, in turn. Needs `KAFKA_BROKERS`. */
export async function latency(options: LatencyOptions): Promise<Report> {
  const brokers = process.env.KAFKA_BROKERS
  if (brokers === undefined)
    throw new Error('KAFKA_BROKERS is not set; run `npm run kafka -- npm run benchmark -- --query latency`')
  const queries = chosen('query', LATENCY_QUERIES, options.of)
  const systems: readonly LatencySystem[] = ['millrace', ...readyPeers(LATENCY_PEERS, options.peer)]
  const runs: LatencyRuns = new Map(
    queries.map((query) => [query, new Map(systems.map((system) => [system, [] as DriverFigures[]]))]),
  )
  buildPackage()
  try {
    for (let round = 1; round <= options.pairs; round++) {
      for (const [query, ofSystems] of runs) {
        const measured = await measuredRound(ofSystems, { ...options, query, brokers })
        console.error(`round ${round}: ${query}: median / p99 / most in ms: ${measured.join(', ')}`)
      }
    }
  } finally {
    removeBuild()
  }
  return latencyReport({ ...options, runs })
}

/** A run of each system; gives what they found, in words. */
async function measuredRound(runs: SystemRuns, run: Omit<LatencyRun, 'system'>): Promise<readonly string[]> {
  const texts: string[] = []
  for (const [system, found] of runs) {
    const figures = await measuredRun({ ...run, system })
    found.push(figures)
    const { p50, p99, max } = figures.latency
    texts.push(`${LATENCY_TITLES[system]} ${[p50, p99, max].map((ms) => ms.toFixed(2)).join(' / ')}`)
  }
  return texts
}

interface LatencyRun extends LatencyOptions {
  readonly query: LatencyQuery
  readonly system: LatencySystem
  readonly brokers: string
}

/** A run in a fresh process between two fresh topics, which the driver fills and reads from its own process. */
async function measuredRun(run: LatencyRun): Promise<DriverFigures> {
  const directory = mkdtempSync(join(workspace('latency'), 'run-'))
  const topics = ['input', 'output'].map(
    (end) => `latency-${run.query}-${run.system}-${process.pid}-${Date.now()}-${end}`,
  )
  // Both ends are there.
  const [input, output] = topics as [string, string]
  try {
    await changeTopics('create', run.brokers, topics)
    const system = startSystem(run, { directory, input, output })
    try {
      const figures = await Promise.race([system.failed, drive(run, { input, output, systemPid: system.pid })])
      refuseMissing(run, figures)
      return figures
    } finally {
      await system.stop()
      await changeTopics('delete', run.brokers, topics)
    }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

async function changeTopics(what: 'create' | 'delete', brokers: string, topics: readonly string[]): Promise<void> {
  await runProcess('kafka/latency-topics', {
    cwd: '.',
    args: [what, brokers, String(ORDER_PARTITIONS), ...topics],
    isBuilt: true,
  })
}

interface Place {
  readonly directory: string
  readonly input: string
  readonly output: string
}

function startSystem({ query, system, brokers, collector, threads }: LatencyRun, place: Place): RunningProcess {
  const { directory, input, output } = place
  if (system !== 'millrace') {
    const own = [query, brokers, input, output, directory, String(threads)]
    return startProcess('java', argumentsOf(system, { main: MAINS[system], collector, own }), { cwd: directory })
  }
  const pipeline = new URL(`../pipelines/latency/${query}.ts`, import.meta.url)
  const options = {
    cwd: directory,
    args: [pipeline.href, String(threads)],
    env: { KAFKA_BROKERS: brokers, BENCHMARK_TOPIC: input, BENCHMARK_OUTPUT: output },
    isBuilt: true,
  }
  return startProcess(process.execPath, nodeArguments('latency/run-millrace', options), options)
}

async function drive(
  { query, brokers, ratePerSecond, seconds, warmUpSeconds }: LatencyRun,
  of: Pick<DriverOrder, 'input' | 'output' | 'systemPid'>,
): Promise<DriverFigures> {
  const order: DriverOrder = { query, brokers, ratePerSecond, seconds, warmUpSeconds, ...of }
  // The process prints just this shape.
  return (await runProcess('latency/drive', {
    cwd: '.',
    args: [JSON.stringify(order)],
    isBuilt: true,
  })) as DriverFigures
}

/** No system may lose a result: the figures of the others would say nothing. */
function refuseMissing({ query, system }: LatencyRun, { missing }: DriverFigures): void {
  if (missing > 0)
    throw new Error(
      `${LATENCY_TITLES[system]} lacks ${missing} results of ${query}, or they are wrong: the run is void`,
    )
}
