import { parseArgs } from 'node:util'
import { ORDER_QUERIES } from './orders/reference.ts'
import { COLLECTORS, type Collector } from './peers/peers.ts'
import { deltaProfile, deltaQuery } from './queries/delta.ts'
import { founding } from './queries/founding.ts'
import { kafka } from './queries/kafka.ts'
import { largeState, largeStateSpill } from './queries/large-state.ts'
import { latency } from './queries/latency.ts'
import { memory } from './queries/memory.ts'
import { orderProfile, orderQuery } from './queries/orders.ts'
import { restart } from './queries/restart.ts'
import { publish, type Report } from './report.ts'

const USAGE = `npm run benchmark -- --query founding|restart|large-state|memory|kafka|seed-delta|micro|latency|${ORDER_QUERIES.join('|')}
                        [--events n] [--keys n] [--only spill] [--pairs n] [--peer p] [--collector c] [--profile] [--smoke]

  founding  CPU per event of the pipeline of the guide beside JSON.parse alone
  restart   time from process start to the first record with a million live keys
  large-state  memory, restarts and barriers of a deduplication with --keys live keys, default 10,000,000, and
            its CPU and memory with most of them on disk; --only spill: that alone, nothing written to docs/benchmarks
  memory    resident memory of a long run beside that of its beginning
  kafka     CPU per record consumed from Kafka beside other clients; begin with npm run kafka --
  seed-delta
            input of Kafka to a partitioned Delta table, MB/s; begin with npm run kafka --
  micro     microbenchmarks of the hot pieces, µs per record, compared with benchmarks/micro/baseline.json
  stateless, tumbling, dedupe, seed
            CPU per record of a query beside Flink and Kafka Streams; begin with npm run kafka --
  latency   time from Kafka to Kafka at a fixed rate beside Flink and Kafka Streams; begin with npm run kafka --
  --peer    flink-rocksdb, flink-heap, kafka-streams or all, of these queries; default all
  --collector  parallel or g1, of the peers' JVM; default parallel, for latency g1
  --profile  where the time of one of these queries goes in Millrace, with a flame graph
  --of      stateless, tumbling or all, of latency; default all
  --rate, --seconds, --warm-up, --threads
            of latency: records per second, measured seconds and those before, threads of each system; default
            20000, 60, 30 and 1
  --baseline  of micro: what later runs are compared with is this run
  --smoke   few events, nothing written to docs/benchmarks, no bar: proves that the benchmark runs`

const { values } = parseArgs({
  options: {
    query: { type: 'string', default: 'founding' },
    events: { type: 'string' },
    keys: { type: 'string' },
    only: { type: 'string' },
    pairs: { type: 'string', default: '5' },
    peer: { type: 'string', default: 'all' },
    collector: { type: 'string' },
    of: { type: 'string', default: 'all' },
    rate: { type: 'string', default: '20000' },
    seconds: { type: 'string' },
    threads: { type: 'string', default: '1' },
    'warm-up': { type: 'string' },
    profile: { type: 'boolean', default: false },
    smoke: { type: 'boolean', default: false },
    baseline: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

interface Size {
  readonly events: number
  readonly pairs: number
}

/** A query with its numbers of events: in earnest, and as a smoke test. */
interface Query {
  readonly events: number
  readonly smoke: number
  readonly run: (size: Size) => Promise<Report>
}

const QUERIES: Readonly<Record<string, Query>> = {
  founding: { events: 9_000_000, smoke: 400_000, run: founding },
  restart: { events: 1_120_000, smoke: 100_000, run: restart },
  'large-state': { events: 10_000_000, smoke: 100_000, run: values.only === undefined ? largeState : largeStateSpill },
  memory: { events: 5_000_000, smoke: 1_000_000, run: memory },
  kafka: { events: 4_000_000, smoke: 200_000, run: kafka },
  'seed-delta': { events: 10_000_000, smoke: 200_000, run: delta },
  latency: { events: 1, smoke: 1, run: latencyQuery },
  micro: { events: 100_000, smoke: 10_000, run: micro },
  ...Object.fromEntries(
    ORDER_QUERIES.map((query): [string, Query] => {
      const run = (size: Size) =>
        values.profile
          ? orderProfile(query, size.events)
          : orderQuery(query, { ...size, peer: values.peer, collector: collector('parallel') })
      return [query, { events: 3_000_000, smoke: 100_000, run }]
    }),
  ),
}

function collector(otherwise: Collector): Collector {
  const { collector = otherwise } = values
  if (!Object.hasOwn(COLLECTORS, collector)) throw new Error(USAGE)
  // It is one of the keys.
  return collector as Collector
}

/** Its size is a time, not a number of events. */
function latencyQuery({ pairs }: Size): Promise<Report> {
  const seconds = whole(values.seconds ?? (values.smoke ? '5' : '60'))
  const warmUpSeconds = whole(values['warm-up'] ?? (values.smoke ? '5' : '30'))
  const { of, peer } = values
  const [ratePerSecond, threads] = [whole(values.rate), whole(values.threads)]
  return latency({ of, peer, pairs, ratePerSecond, threads, seconds, warmUpSeconds, collector: collector('g1') })
}

function whole(text: string): number {
  const number = Number(text)
  if (!(Number.isInteger(number) && number > 0)) throw new Error(USAGE)
  return number
}

function delta(size: Size): Promise<Report> {
  return values.profile ? deltaProfile('seed', size.events) : deltaQuery(size)
}

/** Loaded when asked for: it reaches into rooms that the others do not know. */
async function micro(size: Size): Promise<Report> {
  const { microbenchmarks } = await import('./micro/microbenchmarks.ts')
  return microbenchmarks({ ...size, takesBaseline: values.baseline })
}

const query = QUERIES[values.query]
const isOnlyKnown = values.only === undefined || (values.query === 'large-state' && values.only === 'spill')
if (values.help || query === undefined || !isOnlyKnown) {
  console.log(USAGE)
  process.exitCode = values.help ? 0 : 2
} else {
  const asked = values.query === 'large-state' ? values.keys : values.events
  const events = whole(asked ?? String(values.smoke ? query.smoke : query.events))
  const pairs = values.smoke ? 1 : whole(values.pairs)
  publish(await query.run({ events, pairs }), !values.smoke && values.only === undefined)
  if (values.smoke) process.exitCode = 0
}
