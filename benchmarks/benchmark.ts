import { parseArgs } from 'node:util'
import { founding } from './queries/founding.ts'
import { kafka } from './queries/kafka.ts'
import { memory } from './queries/memory.ts'
import { restart } from './queries/restart.ts'
import { publish, type Report } from './report.ts'

const USAGE = `npm run benchmark -- --query founding|restart|memory|kafka|micro [--events n] [--pairs n] [--smoke]

  founding  CPU per event of the pipeline of the guide beside JSON.parse alone
  restart   time from process start to the first record with a million live keys
  memory    resident memory of a long run beside that of its beginning
  kafka     CPU per record consumed from Kafka beside other clients; begin with npm run kafka --
  micro     microbenchmarks of the hot pieces, µs per record
  --smoke   few events, nothing written to docs/benchmarks, no bar: proves that the benchmark runs`

const { values } = parseArgs({
  options: {
    query: { type: 'string', default: 'founding' },
    events: { type: 'string' },
    pairs: { type: 'string', default: '5' },
    smoke: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

interface Size {
  readonly events: number
  readonly pairs: number
}

/** Each query with its numbers of events: in earnest, and as a smoke test. */
const QUERIES: Readonly<
  Record<string, { readonly events: number; readonly smoke: number; readonly run: (size: Size) => Promise<Report> }>
> = {
  founding: { events: 9_000_000, smoke: 400_000, run: founding },
  restart: { events: 1_120_000, smoke: 100_000, run: restart },
  memory: { events: 5_000_000, smoke: 1_000_000, run: memory },
  kafka: { events: 4_000_000, smoke: 200_000, run: kafka },
  micro: { events: 100_000, smoke: 10_000, run: micro },
}

/** Loaded when asked for: it reaches into rooms that the others do not know. */
async function micro(size: Size): Promise<Report> {
  const { microbenchmarks } = await import('./micro/microbenchmarks.ts')
  return microbenchmarks(size)
}

const query = QUERIES[values.query]
if (values.help || query === undefined) {
  console.log(USAGE)
  process.exitCode = values.help ? 0 : 2
} else {
  const events = Number(values.events ?? (values.smoke ? query.smoke : query.events))
  const pairs = values.smoke ? 1 : Number(values.pairs)
  if (!(Number.isInteger(events) && events > 0 && Number.isInteger(pairs) && pairs > 0)) throw new Error(USAGE)
  publish(await query.run({ events, pairs }), !values.smoke)
  if (values.smoke) process.exitCode = 0
}
