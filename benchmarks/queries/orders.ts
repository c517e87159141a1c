import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { brokerCpuMs } from '../broker.ts'
import { fillOrders } from '../kafka-topic.ts'
import { steadyMicros, wholeMicros } from '../orders/bars.ts'
import { hashText } from '../orders/counting-hash.ts'
import { allOrders, ORDER_PARTITIONS } from '../orders/generate-orders.ts'
import { type OrderQuery, referenceResults } from '../orders/reference.ts'
import { type MeasuredRun, type OrderReportParts, orderReport, type System, TITLES } from '../orders/report.ts'
import { type Collector, PEERS, type Peer, type PeerRun, readyPeers, runPeer } from '../peers/peers.ts'
import type { OrderFigures } from '../processes/orders/run-millrace.ts'
import { callTree } from '../profile/call-tree.ts'
import { profileReport } from '../profile/profile-report.ts'
import type { Report } from '../report.ts'
import { buildPackage, profilingTo, removeBuild, runProcess, SYSTEM_OPTIONS, workspace } from '../workspace.ts'

const SEED = 20261127
/** By then the code is compiled. */
const PROFILE_FROM = 0.5

export interface OrderOptions {
  readonly events: number
  readonly pairs: number
  /** One of them or `all`. */
  readonly peer: string
  readonly collector: Collector
}

/** Runs one query over one frozen topic in Millrace and its peers, in turn. Needs `KAFKA_BROKERS`. */
export async function orderQuery(query: OrderQuery, options: OrderOptions): Promise<Report> {
  const { events, collector } = options
  const brokers = brokersFor(query)
  const runs = new Map(systemsOf(query, options.peer).map((system) => [system, [] as MeasuredRun[]]))
  const topic = await fillOrders(brokers, { events, seed: SEED })
  const expected = expectedOf(query, events)
  buildPackage()
  try {
    const run = { query, brokers, topic, records: events + ORDER_PARTITIONS, collector }
    for (let round = 1; round <= options.pairs; round++) {
      for (const [system, found] of runs) {
        const measured = await measuredRun(system, run)
        refuseOther(system, measured, expected)
        found.push(measured)
        console.error(`round ${round}: ${TITLES[system]} ${microsText(measured)}`)
      }
    }
  } finally {
    removeBuild()
  }
  return orderReport({ query, events, runs, expected })
}

/** Where the CPU time of a query goes in Millrace, from the middle of a run on. */
export async function orderProfile(query: OrderQuery, events: number): Promise<Report> {
  const brokers = brokersFor(query)
  const topic = await fillOrders(brokers, { events, seed: SEED })
  const profiles = mkdtempSync(join(workspace('orders'), 'profile-'))
  buildPackage()
  try {
    const run = { query, brokers, topic, records: events + ORDER_PARTITIONS, collector: 'parallel' } as const
    const found = await measuredRun('millrace', { ...run, profiles })
    refuseOther('millrace', found, expectedOf(query, events))
    return profileReport({ query, events, found, calls: callTree(profiles, PROFILE_FROM) })
  } finally {
    removeBuild()
    rmSync(profiles, { recursive: true })
  }
}

function brokersFor(query: OrderQuery): string {
  const brokers = process.env.KAFKA_BROKERS
  if (brokers !== undefined) return brokers
  throw new Error(`KAFKA_BROKERS is not set; run \`npm run kafka -- npm run benchmark -- --query ${query}\``)
}

function microsText(run: MeasuredRun): string {
  return `${steadyMicros(run).toFixed(2)} µs, ${wholeMicros(run).toFixed(2)} µs with its start`
}

function systemsOf(query: OrderQuery, peer: string): readonly System[] {
  // The keys are all peers.
  const peers = readyPeers(Object.keys(PEERS) as Peer[], peer)
  if (existsSync(pipelineOf(query))) return ['millrace', ...peers]
  console.error(`Millrace skipped: it has no pipeline for ${query} yet`)
  if (peers.length === 0) throw new Error('no system is left to be measured')
  return peers
}

function pipelineOf(query: string): URL {
  return new URL(`../pipelines/orders/${query}.ts`, import.meta.url)
}

type Expected = OrderReportParts['expected']

function expectedOf(query: OrderQuery, events: number): Expected {
  const totals = referenceResults(query, allOrders(events, SEED))
  return { results: totals.results, hash: hashText(totals) }
}

/** Other results make a run void. */
function refuseOther(system: System, found: OrderFigures, expected: Expected): void {
  if (found.results === expected.results && found.hash === expected.hash) return
  const gave = ({ results, hash }: Expected) => `${results} results with hash ${hash}`
  throw new Error(`${TITLES[system]} gave ${gave(found)}, the reference ${gave(expected)}: the run is void`)
}

interface OrderRun extends PeerRun {
  /** Where profiles of the CPU go; none are made without it. */
  readonly profiles?: string
}

/** A run in a fresh process with an empty directory for its state. */
async function measuredRun(system: System, query: Omit<OrderRun, 'directory'>): Promise<MeasuredRun> {
  const directory = mkdtempSync(join(workspace('orders'), 'run-'))
  try {
    const run = { ...query, directory }
    const before = brokerCpuMs()
    const figures = await (system === 'millrace' ? runMillrace(run) : runPeer(system, run))
    const after = brokerCpuMs()
    return { ...figures, brokerCpuMs: before === undefined || after === undefined ? undefined : after - before }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

async function runMillrace({ query, brokers, topic, records, directory, profiles }: OrderRun): Promise<OrderFigures> {
  // The process prints just this shape.
  return (await runProcess('orders/run-millrace', {
    cwd: directory,
    args: [pipelineOf(query).href, String(records)],
    env: { KAFKA_BROKERS: brokers, BENCHMARK_TOPIC: topic },
    isBuilt: true,
    nodeOptions: [...SYSTEM_OPTIONS, ...profilingTo(profiles)],
  })) as OrderFigures
}
