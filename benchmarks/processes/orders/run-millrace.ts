// Runs a pipeline of benchmarks/pipelines/orders up to the end of the topic and prints what the peers print. Arguments: URL of
// the pipeline, number of records.
import { hashText } from '../../orders/counting-hash.ts'
import { countedResults } from '../../orders/counting-sink.ts'
import { RESULTS_PATH } from '../../orders/orders-source.ts'
import { measureRun, type RunUsage } from './measure-run.ts'

/** What a system says of its run. CPU time is that of its process, all threads. */
export interface OrderFigures extends Omit<RunUsage, 'quarterMs'> {
  readonly results: number
  readonly hash: string
}

const [pipeline = '', expected = '0'] = process.argv.slice(2)
const usage = await measureRun(pipeline, Number(expected))
const totals = countedResults(RESULTS_PATH)
const figures: OrderFigures = { ...usage, results: totals.results, hash: hashText(totals) }
console.log(JSON.stringify(figures))
