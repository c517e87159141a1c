// Runs a pipeline of benchmarks/pipelines/orders that ends in a table, up to the end of the topic, and prints what it used.
// Arguments: URL of the pipeline, number of records.
import { measureRun } from './measure-run.ts'

const [pipeline = '', records = '0'] = process.argv.slice(2)
console.log(JSON.stringify(await measureRun(pipeline, Number(records))))
