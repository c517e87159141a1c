import { enableCompileCache } from 'node:module'

/** What a run used. CPU time is that of the process, all threads. */
export interface RunUsage {
  /** Records read, invalid ones and closing orders included. */
  readonly records: number
  /** When a quarter of the records was read: how many that were, the CPU time and the time from the start of the process. */
  readonly quarterRecords: number
  readonly quarterCpuMs: number
  readonly quarterMs: number
  /** CPU time when the last record was read. */
  readonly readCpuMs: number
  /** CPU time when all results were committed. */
  readonly cpuMs: number
  readonly wallMs: number
  readonly peakRssMiB: number
}

const WARM_UP_SHARE = 0.25
/** So often that the quarter is one: the peers look after every 256 records of a thread. */
const LOOK_EVERY = '100ms'

interface Sample {
  readonly records: number
  readonly cpuMs: number
  readonly atMs: number
}

function sample(records: number): Sample {
  const { user, system } = process.cpuUsage()
  return { records, cpuMs: (user + system) / 1000, atMs: performance.now() }
}

/**
 * Runs a pipeline over a topic with so many records to its end, as the command line does, and tells what this process used
 * since its start. Throws where the ledger does not balance.
 */
export async function measureRun(pipeline: string, expected: number): Promise<RunUsage> {
  const start = sample(0)
  // As the command line does.
  enableCompileCache()
  const { runPipeline } = await import('millrace/platform')
  let quarter: Sample | undefined
  let read: Sample | undefined
  const job = runPipeline(new URL(pipeline), {
    until: 'caught-up',
    epoch: '10s',
    progressEvery: LOOK_EVERY,
    onProgress: ({ records }) => {
      if (records >= WARM_UP_SHARE * expected && records < expected) quarter ??= sample(records)
      if (records >= expected) read ??= sample(records)
    },
  })
  const { ledger, imbalances } = await job.done
  if (imbalances.length > 0) throw new Error(`the ledger does not balance: ${imbalances.join('; ')}`)
  const end = sample(Object.values(ledger.splits).reduce((sum, { consumed }) => sum + consumed, 0))
  // A run of less than a second is over before anybody looked; then its start is all there is.
  const first = quarter ?? start
  return {
    records: end.records,
    quarterRecords: first.records,
    quarterCpuMs: first.cpuMs,
    quarterMs: first.atMs,
    readCpuMs: (read ?? end).cpuMs,
    cpuMs: end.cpuMs,
    wallMs: end.atMs,
    peakRssMiB: process.resourceUsage().maxRSS / 1024,
  }
}
