import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { brokerCpuMs, storedBytes } from '../broker.ts'
import { fillOrders } from '../kafka-topic.ts'
import { type HashTotals, hashText } from '../orders/counting-hash.ts'
import { allOrders, ORDER_PARTITIONS, type OrderRecord } from '../orders/generate-orders.ts'
import { TABLE_PATH } from '../orders/orders-source.ts'
import { CURATED_FIELDS, referenceTables, type TableTotals } from '../orders/reference.ts'
import type { RunUsage } from '../processes/orders/measure-run.ts'
import { callTree } from '../profile/call-tree.ts'
import { profileReport } from '../profile/profile-report.ts'
import type { Report } from '../report.ts'
import { inputText, type TableRun, tableReport } from '../tables/table-report.ts'
import { tableTotals } from '../tables/table-totals.ts'
import { buildPackage, profilingTo, removeBuild, runProcess, SYSTEM_OPTIONS, workspace } from '../workspace.ts'

const SEED = 20261127
/** By then the code is compiled. */
const PROFILE_FROM = 0.5

/** The tables that orders are written to; columns in the order of their text. */
const TABLES = {
  seed: { pipeline: 'seed-delta', columns: ['user_id', 'window_start', 'n', 'total'] },
  curated: { pipeline: 'curated-delta', columns: CURATED_FIELDS },
} as const
type Table = keyof typeof TABLES

/** Orders from Kafka into partitioned Delta tables, each run checked by a reader that is not ours. Needs `KAFKA_BROKERS`. */
export async function deltaQuery({ events, pairs }: Readonly<Record<'events' | 'pairs', number>>): Promise<Report> {
  const input = await filledTopic(events)
  const { expected, valueBytes } = expectedOf(events)
  const runs: Record<Table, TableRun[]> = { seed: [], curated: [] }
  buildPackage()
  try {
    for (let round = 1; round <= pairs; round++) {
      for (const table of Object.keys(TABLES) as Table[]) {
        const run = await measuredRun(table, input, expected[table])
        runs[table].push(run)
        console.error(`round ${round}: ${TABLES[table].pipeline} ${inputText(run, valueBytes)}`)
      }
    }
  } finally {
    removeBuild()
  }
  return tableReport({
    input: { events, valueBytes, storedBytes: storedBytes(input.topic) },
    runs,
    rows: { seed: expected.seed.results, curated: expected.curated.results },
  })
}

/** Where the CPU time of one of the tables goes, from the middle of a run on. */
export async function deltaProfile(table: Table, events: number): Promise<Report> {
  const input = await filledTopic(events)
  const { expected } = expectedOf(events)
  const profiles = mkdtempSync(join(workspace('orders'), 'profile-'))
  buildPackage()
  try {
    const found = await measuredRun(table, { ...input, profiles }, expected[table])
    return profileReport({ query: TABLES[table].pipeline, events, found, calls: callTree(profiles, PROFILE_FROM) })
  } finally {
    removeBuild()
    rmSync(profiles, { recursive: true })
  }
}

async function filledTopic(events: number): Promise<Input> {
  const brokers = process.env.KAFKA_BROKERS
  if (brokers === undefined)
    throw new Error('KAFKA_BROKERS is not set; run `npm run kafka -- npm run benchmark -- --query seed-delta`')
  const topic = await fillOrders(brokers, { events, seed: SEED })
  return { brokers, topic, records: events + ORDER_PARTITIONS }
}

/** What the tables have to hold, and the bytes of all values. */
function expectedOf(events: number): { readonly expected: TableTotals; readonly valueBytes: number } {
  let valueBytes = 0
  const records = counted(allOrders(events, SEED), (bytes) => {
    valueBytes += bytes
  })
  const expected = referenceTables(records)
  return { expected, valueBytes }
}

function* counted(records: Iterable<OrderRecord>, count: (bytes: number) => void): Generator<OrderRecord> {
  for (const record of records) {
    count(record.value.length)
    yield record
  }
}

interface Input {
  readonly brokers: string
  readonly topic: string
  readonly records: number
  /** Where profiles of the CPU go; none are made without it. */
  readonly profiles?: string
}

/** A run in a fresh process and directory. Another table than the reference has makes it void. */
async function measuredRun(name: Table, input: Input, expected: HashTotals): Promise<TableRun> {
  const { brokers, topic, records, profiles } = input
  const { pipeline, columns } = TABLES[name]
  const directory = mkdtempSync(join(workspace('orders'), 'run-'))
  const table = join(directory, TABLE_PATH)
  try {
    const before = brokerCpuMs()
    // The process prints just this shape.
    const usage = (await runProcess('orders/run-table', {
      cwd: directory,
      args: [new URL(`../pipelines/orders/${pipeline}.ts`, import.meta.url).href, String(records)],
      env: { KAFKA_BROKERS: brokers, BENCHMARK_TOPIC: topic },
      isBuilt: true,
      nodeOptions: [...SYSTEM_OPTIONS, ...profilingTo(profiles)],
    })) as RunUsage
    const after = brokerCpuMs()
    if (usage.records !== records) throw new Error(`${pipeline} read ${usage.records} records of ${records}`)
    refuseOther(pipeline, await tableTotals(table, columns), expected)
    const brokerUsedMs = before === undefined || after === undefined ? undefined : after - before
    return { ...usage, brokerCpuMs: brokerUsedMs, ...writtenTo(table) }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function refuseOther(pipeline: string, found: HashTotals, expected: HashTotals): void {
  const [has, should] = [found, expected].map((totals) => `${totals.results} rows with hash ${hashText(totals)}`)
  if (has !== should) throw new Error(`the table of ${pipeline} has ${has}, the reference ${should}: the run is void`)
}

function writtenTo(table: string): { readonly files: number; readonly fileBytes: number; readonly versions: number } {
  const names = readdirSync(table, { recursive: true, encoding: 'utf8' })
  const versions = names.filter((name) => /^_delta_log.\d+\.json$/.test(name)).length
  const files = names.filter((name) => name.endsWith('.parquet') && !name.startsWith('_delta_log'))
  const fileBytes = files.reduce((sum, name) => sum + statSync(join(table, name)).size, 0)
  return { files: files.length, fileBytes, versions }
}
