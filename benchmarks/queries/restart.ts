import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { chdir, cwd } from 'node:process'
import { PartitionedLog } from 'millrace/connectors/log'
import { countText, systemPorts } from 'millrace/platform'
import { generateEvents } from '../../examples/events-curated/generate-events.ts'
import { fillEvents } from '../events-topic.ts'
import { spreadOf, spreadText } from '../figures.ts'
import type { PipelineFigures } from '../processes/run-pipeline.ts'
import type { Report } from '../report.ts'
import { runProcess, workspace } from '../workspace.ts'

/** From the start of the process to the first record, with a million live keys. */
const BAR_SECONDS = 2
const RUNS = 5
/** So many that each thread gets some. */
const PROBES = 64
/** What the fill of the topic uses: the first events can be made again. */
const SEED = 20240301
const SPLITS = 4

const encoder = new TextEncoder()

interface Restart {
  readonly seconds: number
  /** CPU time of the whole process: tells a slow start from a busy machine. */
  readonly cpuSeconds: number
  readonly duplicates: number
}

/** How fast a process with many live keys in its checkpoint is back at work. */
export async function restart({ events }: { readonly events: number }): Promise<Report> {
  const directory = workspace('restart')
  rmSync(directory, { recursive: true, force: true })
  workspace('restart')
  await fillEvents(directory, events)
  const first = await run(directory, { events, stamps: undefined })
  const { consumed, refused, duplicates, tombstones } = first
  const keys = consumed - refused - tombstones - duplicates
  const restarts: Restart[] = []
  let known = duplicates
  for (let index = 0; index < RUNS; index++) {
    const restarted = await restartOnce(directory, { events, index, known })
    known = restarted.duplicates
    restarts.push(restarted)
    console.error(`restart ${index + 1}: ${restarted.seconds.toFixed(2)} s`)
  }
  return reportOf(keys, restarts)
}

async function restartOnce(
  directory: string,
  { events, index, known }: { readonly events: number; readonly index: number; readonly known: number },
): Promise<Restart> {
  const stamps = join(directory, `stamps-${index}`)
  await appendProbes(directory, events, index)
  const startedAt = performance.timeOrigin + performance.now()
  const { duplicates, cpuMs } = await run(directory, { events, stamps })
  if (duplicates !== known + 1) throw new Error(`the duplicate of the oldest key was not dropped in run ${index + 1}`)
  const times = readFileSync(stamps, 'utf8').trim().split('\n').map(Number)
  return { seconds: (Math.max(...times) - startedAt) / 1000, cpuSeconds: cpuMs / 1000, duplicates }
}

async function run(
  directory: string,
  { events, stamps }: { readonly events: number; readonly stamps: string | undefined },
): Promise<PipelineFigures> {
  const url = new URL('../pipelines/restart.ts', import.meta.url).href
  // The process prints just this shape.
  const figures = (await runProcess('run-pipeline', {
    cwd: directory,
    args: [url, String(events)],
    ...(stamps === undefined ? {} : { env: { MILLRACE_BENCHMARK_STAMPS: stamps } }),
  })) as PipelineFigures
  if (figures.imbalances.length > 0) throw new Error(`the ledger does not balance: ${figures.imbalances.join('; ')}`)
  return figures
}

/** Appends a duplicate of the oldest key that is alive, then probes with new keys, all to one partition. */
async function appendProbes(directory: string, events: number, run: number): Promise<void> {
  const [duplicate, last] = [oldest(), lastOf(events)]
  const probes = Array.from({ length: PROBES }, (_, probe) => ({
    ...last,
    event_id: `probe-${run}-${probe}`,
    kind: 'probe',
  }))
  const before = cwd()
  chdir(directory)
  try {
    const log = new PartitionedLog(systemPorts(), '.millrace/log')
    const appender = await log.openAppender('events')
    try {
      const records = [duplicate, ...probes].map((event) => ({
        timestamp: last.event_ts,
        key: null,
        value: encoder.encode(JSON.stringify(event)),
        headers: [],
      }))
      await appender.append(0, records)
      await appender.sync()
    } finally {
      await appender.close()
    }
  } finally {
    chdir(before)
  }
}

interface ProbeEvent {
  readonly event_id: string
  readonly source_system: string
  readonly event_ts: number
  readonly kind: string
}

function oldest(): ProbeEvent {
  return eventsBetween(0, 400).reduce((found, event) => (event.event_ts < found.event_ts ? event : found))
}

function lastOf(events: number): ProbeEvent {
  return eventsBetween(events - 400, events).at(-1)!
}

function eventsBetween(from: number, to: number): readonly ProbeEvent[] {
  const events = generateEvents({ from, to }, { seed: SEED, splits: SPLITS })
  return events.flatMap(({ expected }) => {
    if (expected.class !== 'valid' && expected.class !== 'filtered') return []
    const { event_id, source_system, event_ts, kind } = expected.event
    return [{ event_id, source_system, event_ts, kind }]
  })
}

function reportOf(keys: number, restarts: readonly Restart[]): Report {
  const seconds = spreadOf(restarts.map((one) => one.seconds))
  return {
    query: 'restart',
    title: 'Restart with a million live keys',
    method: `A deduplication remembers ${countText(keys)} keys, all within their time to live, in its checkpoint. A fresh process
starts on it; every block of state is read and its CRC checked. In the topic wait a duplicate of the oldest key and ${PROBES}
records with new keys. Measured is the time from the start of the process, with Node's own, until the last worker thread has
its first new record out of the deduplication; the duplicate must be dropped. ${restarts.length} restarts, one after the other.`,
    command: 'npm run benchmark -- --query restart',
    columns: ['figure', 'median (min–max)'],
    lines: [
      ['live keys in the checkpoint', countText(keys)],
      ['time to the first record, s', spreadText(seconds)],
      ['CPU time of the whole process, start to end, s', spreadText(spreadOf(restarts.map((one) => one.cpuSeconds)))],
      ['duplicates of the oldest key dropped', `${restarts.length} of ${restarts.length}`],
    ],
    verdict: `The first record is through after ${spreadText(seconds)} s; the bar is ${BAR_SECONDS} s: ${seconds.median <= BAR_SECONDS ? 'met' : 'NOT met'}.`,
    isMet: seconds.median <= BAR_SECONDS,
    figures: { keys, barSeconds: BAR_SECONDS, seconds, restarts },
  }
}
