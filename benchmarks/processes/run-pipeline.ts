// Runs a pipeline over topic `events` until it has read so many and tells how CPU time and memory went. Arguments: URL of the
// pipeline, number of events, length of an epoch or `default`, `follow` where the events are still to come, else nothing, and how
// many bytes its state may take in memory where that is to be little.
import { readFileSync } from 'node:fs'
import { runPipeline } from 'millrace/platform'

/** What the process had used when so many records were read. */
export interface UsageSample {
  readonly records: number
  readonly atMs: number
  readonly cpuMs: number
  readonly rssMiB: number
  /** The part of it that is mapped files, LevelDB's tables above all: the system takes it back when it needs it. 0 where it is not told. */
  readonly mappedMiB: number
}

export interface PipelineFigures {
  readonly events: number
  readonly samples: readonly UsageSample[]
  readonly wallMs: number
  readonly cpuMs: number
  readonly peakRssMiB: number
  readonly written: number
  readonly duplicates: number
  readonly consumed: number
  readonly refused: number
  readonly tombstones: number
  readonly imbalances: readonly string[]
}

const MIB = 2 ** 20
const RSS_EVERY_MS = 100

const [pipeline = '', eventsText = '0', epoch = 'default', follow = '', stateBytes = ''] = process.argv.slice(2)
const events = Number(eventsText)
const begin = performance.now()
let records = 0
const samples: UsageSample[] = []

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Linux alone tells. */
function mappedMiB(): number {
  if (process.platform !== 'linux') return 0
  const [, kib = '0'] = /RssFile:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  return Number(kib) / 1024
}

function sample(): void {
  const rssMiB = process.memoryUsage.rss() / MIB
  samples.push({ records, atMs: performance.now() - begin, cpuMs: cpuMs(), rssMiB, mappedMiB: mappedMiB() })
}

const job = runPipeline(new URL(pipeline), {
  ...(follow === '' ? { until: 'caught-up' } : {}),
  // Checked by the job: it refuses what is no length of time.
  ...(epoch === 'default' ? {} : { epoch: epoch as `${number}s` }),
  ...(stateBytes === '' ? {} : { stateMemory: Number(stateBytes) }),
  onProgress: (progress) => {
    records = progress.records
    sample()
    if (records >= events) job.drain()
  },
})
const timer = setInterval(sample, RSS_EVERY_MS)
const { ledger, imbalances } = await job.done
clearInterval(timer)
records = events
sample()

const operators = Object.values(ledger.operators)
const splits = Object.values(ledger.splits)
const figures: PipelineFigures = {
  events,
  samples,
  wallMs: performance.now() - begin,
  cpuMs: cpuMs(),
  peakRssMiB: process.resourceUsage().maxRSS / 1024,
  written: Math.max(...Object.values(ledger.sinks).map(({ staged }) => staged)),
  duplicates: operators.reduce((sum, { dropped }) => sum + (dropped.duplicate ?? 0), 0),
  consumed: splits.reduce((sum, split) => sum + split.consumed, 0),
  refused: splits.reduce((sum, split) => sum + split.rejected, 0),
  tombstones: splits.reduce((sum, split) => sum + split.tombstones, 0),
  imbalances,
}
console.log(JSON.stringify(figures))
