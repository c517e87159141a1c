// Runs a pipeline of benchmarks/pipelines/orders up to the end of the topic and prints what the peers print. Arguments: URL of
// the pipeline, number of records.
import { enableCompileCache } from 'node:module'
import { hashText } from '../../orders/counting-hash.ts'
import { countedResults } from '../../orders/counting-sink.ts'
import { RESULTS_PATH } from '../../orders/orders-source.ts'

/** What a system says of its run. CPU time is that of its process, all threads. */
export interface OrderFigures {
  /** Records read, invalid ones and closing orders included. */
  readonly records: number
  readonly results: number
  readonly hash: string
  /** When a quarter of the records was read: how many that were, and the CPU time so far. */
  readonly quarterRecords: number
  readonly quarterCpuMs: number
  /** CPU time when the last record was read. */
  readonly readCpuMs: number
  /** CPU time when all results were committed. */
  readonly cpuMs: number
  readonly wallMs: number
  readonly peakRssMiB: number
}

const WARM_UP_SHARE = 0.25

interface Sample {
  readonly records: number
  readonly cpuMs: number
}

const [pipeline = '', expectedText = '0'] = process.argv.slice(2)
const expected = Number(expectedText)

function sample(records: number): Sample {
  const { user, system } = process.cpuUsage()
  return { records, cpuMs: (user + system) / 1000 }
}

const start = sample(0)
// As the command line does.
enableCompileCache()
const { runPipeline } = await import('millrace/platform')
let quarter: Sample | undefined
let read: Sample | undefined

const job = runPipeline(new URL(pipeline), {
  until: 'caught-up',
  epoch: '10s',
  onProgress: ({ records }) => {
    if (records >= WARM_UP_SHARE * expected && records < expected) quarter ??= sample(records)
    if (records >= expected) read ??= sample(records)
  },
})
const { ledger, imbalances } = await job.done
if (imbalances.length > 0) throw new Error(`the ledger does not balance: ${imbalances.join('; ')}`)

const end = sample(Object.values(ledger.splits).reduce((sum, { consumed }) => sum + consumed, 0))
const totals = countedResults(RESULTS_PATH)
// A run of less than a second is over before anybody looked; then its start is all there is.
const { records: quarterRecords, cpuMs: quarterCpuMs } = quarter ?? start
const figures: OrderFigures = {
  records: end.records,
  results: totals.results,
  hash: hashText(totals),
  quarterRecords,
  quarterCpuMs,
  readCpuMs: (read ?? end).cpuMs,
  cpuMs: end.cpuMs,
  wallMs: performance.now(),
  peakRssMiB: process.resourceUsage().maxRSS / 1024,
}
console.log(JSON.stringify(figures))
