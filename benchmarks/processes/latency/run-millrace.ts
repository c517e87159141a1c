// Runs a pipeline of benchmarks/pipelines/latency until it is told to end by SIGTERM. Argument: URL of the pipeline.
import { enableCompileCache } from 'node:module'

// As the command line does.
enableCompileCache()
const { runPipeline } = await import('millrace/platform')
const job = runPipeline(new URL(process.argv[2] ?? ''), { epoch: '10s' })
process.once('SIGTERM', () => job.drain())
const { imbalances } = await job.done
if (imbalances.length > 0) throw new Error(`the ledger does not balance: ${imbalances.join('; ')}`)
