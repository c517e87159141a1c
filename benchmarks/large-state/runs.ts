import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { spreadOf } from '../figures.ts'
import type { PipelineFigures } from '../processes/run-pipeline.ts'
import { runProcess, SYSTEM_OPTIONS, workspace } from '../workspace.ts'
import { sharedNow } from './clock.ts'
import { forgetDelays, loggedDelays } from './delay-log.ts'
import { type Delays, delaysOf } from './delays.ts'
import { type Input, inputEnvironment, recordsFor, SPLITS } from './input.ts'
import { MEASURED_PATH, measuredEpochs } from './metered-sink.ts'

/** A state that was filled once and is the beginning of several runs, each on a copy. */
export interface Prepared {
  readonly keys: number
  readonly directory: string
  /** Records that were read to fill it. */
  readonly records: number
  /** How the process that filled it went. */
  readonly filling: PipelineFigures
}

/** How a restarted process is back at work. */
export interface Restart {
  /** From its start until the last thread has its first new record out of the deduplication. */
  readonly seconds: number
  /** CPU time of the whole process, with the last epoch that ends it. */
  readonly cpuSeconds: number
  /** CPU time that loading of the state took on the thread that took longest. */
  readonly loadCpuMs: number
}

const EPOCH = '2s'
const NO_END = Number.MAX_SAFE_INTEGER
/** New keys after a restart: so many that each thread gets some. */
const PROBES = 64
const HOLD_RATE = 20_000
const HOLD_SECONDS = 20

/** Fills a state with so many keys, as fast as it goes. */
export async function prepare(name: string, keys: number): Promise<Prepared> {
  const directory = workspace(join('large-state', name))
  rmSync(directory, { recursive: true, force: true })
  workspace(join('large-state', name))
  const records = recordsFor(keys)
  const filling = await run(directory, { keys, from: 0, to: records, rate: 0, content: 'new' })
  return { keys, directory, records, filling }
}

/** A restarted process that takes records of known keys only: how its memory goes. */
export async function hold(prepared: Prepared): Promise<PipelineFigures> {
  const count = HOLD_RATE * HOLD_SECONDS
  return run(copyOf(prepared), inputAfter(prepared, count, { rate: HOLD_RATE, content: 'known' }))
}

/** One restart; throws where the duplicate of the oldest key is not dropped. */
export async function restartOn(prepared: Prepared): Promise<Restart> {
  const directory = copyOf(prepared)
  const input = inputAfter(prepared, PROBES + SPLITS, { rate: 0, content: 'oldest-first' })
  const startedAt = sharedNow()
  const { duplicates, cpuMs } = await run(directory, input)
  if (duplicates !== prepared.filling.duplicates + 1) throw new Error('the duplicate of the oldest key was not dropped')
  const threads = measuredEpochs(directory)[0]!.threads
  const firsts = threads.map(({ firstAt }) => {
    if (firstAt === null) throw new Error('a thread had no record in the first epoch')
    return firstAt
  })
  return {
    seconds: (Math.max(...firsts) - startedAt) / 1000,
    cpuSeconds: cpuMs / 1000,
    loadCpuMs: Math.max(...threads.map(({ restoreCpuMs }) => restoreCpuMs)),
  }
}

/** Records come at `rate` for so many seconds, new keys and few old ones; as many keys grow too old meanwhile. */
export async function passBarriers(prepared: Prepared, rate: number, seconds: number): Promise<Delays> {
  const directory = copyOf(prepared)
  await run(directory, inputAfter(prepared, rate * seconds, { rate, content: 'new' }))
  return delaysOf(measuredEpochs(directory), loggedDelays(directory))
}

/** What a run took that went on as fast as it could. */
export interface FullSpeed {
  readonly cpuMs: number
  /** Resident memory: the median of the second half of the run. */
  readonly rssMiB: number
  /** The part of it that is mapped files. */
  readonly mappedMiB: number
  readonly duplicates: number
  readonly epochs: number
}

/**
 * So many records as fast as it goes, on a copy of the state; `stateBytes`: what the state may take in memory, where that is not
 * half of the machine.
 */
export async function atFullSpeed(
  prepared: Prepared,
  count: number,
  how: { readonly content: Input['content']; readonly stateBytes: number | undefined },
): Promise<FullSpeed> {
  const directory = copyOf(prepared)
  const input = inputAfter(prepared, count, { rate: 0, content: how.content })
  const figures = await run(directory, input, how.stateBytes)
  return {
    cpuMs: figures.cpuMs,
    rssMiB: settledIn(figures, 'rssMiB'),
    mappedMiB: settledIn(figures, 'mappedMiB'),
    duplicates: figures.duplicates - prepared.filling.duplicates,
    epochs: measuredEpochs(directory).length,
  }
}

/** The median of the second half of a run. */
export function settledIn({ samples, wallMs }: PipelineFigures, figure: 'rssMiB' | 'mappedMiB'): number {
  return spreadOf(samples.filter(({ atMs }) => atMs > wallMs / 2).map((sample) => sample[figure])).median
}

function inputAfter({ keys, records }: Prepared, count: number, how: Pick<Input, 'rate' | 'content'>): Input {
  return { keys, from: records, to: records + Math.ceil(count / SPLITS) * SPLITS, ...how }
}

/** Each run begins with the same state. */
function copyOf({ directory }: Prepared): string {
  const copy = workspace(join('large-state', 'run'))
  rmSync(copy, { recursive: true, force: true })
  cpSync(directory, copy, { recursive: true })
  rmSync(join(copy, MEASURED_PATH))
  forgetDelays(copy)
  return copy
}

async function run(directory: string, input: Input, stateBytes?: number): Promise<PipelineFigures> {
  const url = new URL('../pipelines/large-state.ts', import.meta.url).href
  // The process prints just this shape.
  const figures = (await runProcess('run-pipeline', {
    cwd: directory,
    args: [url, String(NO_END), EPOCH, '', String(stateBytes ?? '')],
    env: inputEnvironment(input),
    nodeOptions: SYSTEM_OPTIONS,
  })) as PipelineFigures
  if (figures.imbalances.length > 0) throw new Error(`the ledger does not balance: ${figures.imbalances.join('; ')}`)
  return figures
}
