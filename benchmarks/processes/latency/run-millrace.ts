// Runs a pipeline of benchmarks/pipelines/latency until it is told to end by SIGTERM. Arguments: URL of the pipeline, number of workers.
import { enableCompileCache } from 'node:module'

// As the command line does.
enableCompileCache()
const { runPipeline } = await import('millrace/platform')
const [pipeline = '', workers = ''] = process.argv.slice(2)
const job = runPipeline(new URL(pipeline), { epoch: '10s', workers: Number(workers) })
process.once('SIGTERM', () => job.drain())
const { imbalances } = await job.done
if (imbalances.length > 0) throw new Error(`the ledger does not balance: ${imbalances.join('; ')}`)
