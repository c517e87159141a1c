import { rmSync } from 'node:fs'
import { countText } from 'millrace/platform'
import { barChart } from '../chart.ts'
import { type Spread, spreadOf, spreadText } from '../figures.ts'
import type { Delays } from '../large-state/delays.ts'
import { hold, type Prepared, passBarriers, prepare, type Restart, restartOn, settledIn } from '../large-state/runs.ts'
import { compareSpill, SPILL_METHOD, type SpillComparison, spillLines } from '../large-state/spill-comparison.ts'
import type { PipelineFigures } from '../processes/run-pipeline.ts'
import type { Report } from '../report.ts'
import { workspace } from '../workspace.ts'

const BARS = { bytesPerKey: 64, restartSeconds: 3, delayMs: 10, rate: 100_000 } as const
const FEW_KEYS = 1_000
const RESTARTS = 5
const RATES = [100_000, 200_000, 300_000, 400_000, 500_000]
const SECONDS_PER_RATE = 60
const SPILL_PAIRS = 3
const SMOKE = { restarts: 1, rates: [20_000], secondsPerRate: 12, spillPairs: 1 } as const
const SMOKE_KEYS = 1_000_000
const MIB = 2 ** 20

/** Memory of a process with many keys and of one with few, MiB. */
interface Memory {
  readonly filling: Peaks
  readonly settled: Peaks
  /** The part of it that is mapped files. */
  readonly mapped: Peaks
  readonly peak: Peaks
}

interface Peaks {
  readonly many: number
  readonly few: number
}

interface RateDelays extends Delays {
  readonly rate: number
}

interface Findings {
  readonly prepared: Prepared
  readonly memory: Memory
  readonly restarts: readonly Restart[]
  readonly barriers: readonly RateDelays[]
  readonly spill: SpillComparison
}

/** Memory, restarts and barriers of a deduplication with many live keys, and the same with most of them on disk. `events`: how many keys. */
export async function largeState({ events: keys }: { readonly events: number }): Promise<Report> {
  const plan = planOf(keys)
  const few = await prepare('few', FEW_KEYS)
  const prepared = await prepare('many', keys)
  console.error(`${countText(keys)} keys are there after ${(prepared.filling.wallMs / 1000).toFixed(0)} s`)
  const memory = memoryOf({ few, prepared }, await hold(few), await hold(prepared))
  const restarts: Restart[] = []
  for (let index = 0; index < plan.restarts; index++) {
    restarts.push(await restartOn(prepared))
    console.error(`restart ${index + 1}: ${restarts.at(-1)!.seconds.toFixed(2)} s`)
  }
  const barriers: RateDelays[] = []
  for (const rate of plan.rates) {
    barriers.push({ rate, ...(await passBarriers(prepared, rate, plan.secondsPerRate)) })
    const { added, between } = barriers.at(-1)!
    console.error(`${countText(rate)}/s: ${Math.max(...added).toFixed(1)} ms, ${between.toFixed(1)} ms between`)
  }
  const spill = await compareSpill(prepared, plan.spillPairs)
  rmSync(workspace('large-state'), { recursive: true, force: true })
  return reportOf({ prepared, memory, restarts, barriers, spill })
}

/** Of these measurements those with most keys on disk alone. */
export async function largeStateSpill({ events: keys }: { readonly events: number }): Promise<Report> {
  const spill = await compareSpill(await prepare('many', keys), planOf(keys).spillPairs)
  rmSync(workspace('large-state'), { recursive: true, force: true })
  return {
    query: 'large-state-spill',
    title: `Deduplication with most of ${countText(keys)} live keys on disk`,
    method: SPILL_METHOD,
    command: `npm run benchmark -- --query large-state --keys ${keys} --only spill`,
    columns: ['figure', 'median (min–max)'],
    lines: spillLines(spill),
    verdict: 'There is no bar.',
    isMet: true,
    figures: { keys, spill },
  }
}

function planOf(keys: number) {
  if (keys < SMOKE_KEYS) return SMOKE
  return { restarts: RESTARTS, rates: RATES, secondsPerRate: SECONDS_PER_RATE, spillPairs: SPILL_PAIRS }
}

function memoryOf(
  filled: { readonly few: Prepared; readonly prepared: Prepared },
  few: PipelineFigures,
  many: PipelineFigures,
): Memory {
  return {
    filling: { many: filled.prepared.filling.peakRssMiB, few: filled.few.filling.peakRssMiB },
    settled: { many: settledIn(many, 'rssMiB'), few: settledIn(few, 'rssMiB') },
    mapped: { many: settledIn(many, 'mappedMiB'), few: settledIn(few, 'mappedMiB') },
    peak: { many: many.peakRssMiB, few: few.peakRssMiB },
  }
}

function reportOf(found: Findings): Report {
  const { prepared, memory, restarts, barriers, spill } = found
  const { keys } = prepared
  const bytesPerKey = perKey(memory.settled, keys)
  const seconds = spreadOf(restarts.map((restart) => restart.seconds))
  const peakRate = peakRateOf(barriers)
  const areMet = [bytesPerKey <= BARS.bytesPerKey, seconds.median <= BARS.restartSeconds, peakRate >= BARS.rate]
  const [memoryMet, restartMet, rateMet] = areMet.map((isMet) => (isMet ? 'met' : 'NOT met'))
  return {
    query: 'large-state',
    title: `Deduplication with ${countText(keys)} live keys`,
    method: methodOf(keys),
    command: `npm run benchmark -- --query large-state --keys ${keys}`,
    columns: ['figure', 'median (min–max)'],
    lines: [
      ...memoryLines(memory, keys),
      ...restartLines(restarts, seconds),
      ...barriers.flatMap(barrierLines),
      ...spillLines(spill),
    ],
    verdict: `Resident memory is ${bytesPerKey.toFixed(1)} bytes per key; the bar is ${BARS.bytesPerKey}: ${memoryMet}.
The first record after a restart is through after ${spreadText(seconds)} s; the bar is ${BARS.restartSeconds} s: ${restartMet}.
Up to ${countText(peakRate)} records per second no barrier delays a record by more than ${BARS.delayMs} ms; the bar is ${countText(BARS.rate)}: ${rateMet}.`,
    isMet: areMet.every(Boolean),
    figures: { keys, bars: BARS, bytesPerKey, memory, seconds, restarts, peakRate, barriers, spill },
    chart: barChart(
      'Delay that a barrier adds to the record that waits longest, by records per second',
      'ms',
      barriers.map(({ rate, added }) => {
        const { median, min, max } = spreadOf(added)
        return {
          label: `${countText(rate)}/s`,
          value: Math.max(0, median),
          min: Math.max(0, min),
          max: Math.max(0, max),
        }
      }),
    ),
  }
}

function methodOf(keys: number): string {
  return `${countText(keys)} keys, all of which the deduplication must remember, are brought in as fast as it goes; each run below begins
on a copy of that checkpoint, in a fresh process with epochs of 2 s. Orders (an id of 16 characters, an event time) are made in
the source when they are due, and go through the exchange, the deduplication and a sink that takes the time.

Memory: resident memory of the process while it takes ${countText(20_000)} records of known keys per second, second half of the run, less
that of the same with ${countText(FEW_KEYS)} keys. In the tables a key takes 24 bytes, and an index 5 to 11 more. What is
mapped of LevelDB's files counts, though the system may take it back at any time.

Restart: from the start of the process, with Node's own, until the last worker thread has its first new record out of the
deduplication; every block of state is read and its CRC checked, and a duplicate of the oldest key must be dropped.

Barriers: records come at a fixed rate, each with the time at which it is due, whatever happens; one in 20 is a duplicate, the
others bring new keys, and as many old ones are forgotten. The delay of a record goes from the time at which it was due to the sink.
A barrier adds what the record that waited longest, among those due from 100 ms before the barrier reached the sink to 500 ms
after it, took longer than the one that waited longest in as long a time between barriers, of which that is the median. The first third
of a run does not count: code that runs once per epoch takes many epochs to be compiled.

${SPILL_METHOD}`
}

function memoryLines({ filling, settled, mapped, peak }: Memory, keys: number): readonly string[][] {
  const line = (name: string, peaks: Peaks): string[] => [
    `${name}, bytes per key`,
    `${perKey(peaks, keys).toFixed(1)} (${peaks.many.toFixed(0)} MiB less ${peaks.few.toFixed(0)} MiB)`,
  ]
  return [
    line('resident memory, settled', settled),
    line('of which files that LevelDB has mapped', mapped),
    line('peak of the restarted process', peak),
    line('peak of the process that took the keys in', filling),
  ]
}

function restartLines(restarts: readonly Restart[], seconds: Spread): readonly string[][] {
  return [
    ['restart to the first record, s', spreadText(seconds)],
    ['CPU time of the process, start to end, s', spreadText(spreadOf(restarts.map((one) => one.cpuSeconds)))],
    ['CPU time of loading on one thread, ms', spreadText(spreadOf(restarts.map((one) => one.loadCpuMs)), 0)],
    ['duplicates of the oldest key dropped', `${restarts.length} of ${restarts.length}`],
  ]
}

function barrierLines({ rate, added, usual, usualLongest, between, ...took }: RateDelays): readonly string[][] {
  const at = `${countText(rate)}/s`
  const without = `${usual.toFixed(1)}, ${usualLongest.toFixed(1)}, ${(usualLongest + between).toFixed(1)}`
  return [
    [`${at}: delay that a barrier adds, ms (${added.length} barriers)`, spreadText(spreadOf(added), 1)],
    [`${at}: delay between barriers, ms: median, usual longest, longest of all`, without],
    [`${at}: CPU time of the snapshot of one task, ms`, spreadText(spreadOf(took.snapshots), 1)],
    [`${at}: CPU time of the longest forgetting, ms`, took.longestWatermark.toFixed(1)],
  ]
}

/**
 * The greatest of the rates up to which no barrier added more than the bar; 0 where there is none. Where records are late at any
 * time, the machine cannot keep up: then a barrier adds nothing to it, and nothing is told of it.
 */
function peakRateOf(barriers: readonly RateDelays[]): number {
  let peak = 0
  for (const { rate, added, usual } of barriers) {
    const isKeptUp = added.length > 0 && usual <= BARS.delayMs
    if (!(isKeptUp && Math.max(...added) <= BARS.delayMs)) return peak
    peak = rate
  }
  return peak
}

function perKey({ many, few }: Peaks, keys: number): number {
  return ((many - few) * MIB) / keys
}
