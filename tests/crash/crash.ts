import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { SeededRandom } from '../simulation/seeded-random.ts'
import { type CrashReport, killsOf, reportText, violationsOf, voidBecause } from './crash-report.ts'
import { type RoundOptions, type RoundResult, runRound } from './crash-round.ts'
import { type CrashSource, logSource, type RoundSource } from './crash-source.ts'
import { EventFeed } from './event-feed.ts'
import { JobProcess } from './job-process.ts'
import { kafkaSource } from './kafka-side.ts'
import { KillPlan } from './kill-plan.ts'
import { readByOthers } from './read-by-others.ts'
import { RoundPlace } from './round-place.ts'

const KILLS_PER_ROUND = 30
const FEWEST_ROUNDS = 4
/** Number of the round that only warms up. */
const WARM_UP = -1

export interface CrashOptions {
  readonly kills: number
  readonly seed: number
  readonly onLine: (line: string) => void
  /** Where records come from. Default: the embedded log. */
  readonly source?: CrashSource
}

/**
 * Kills real processes of the example pipeline again and again while data flows, drains, and judges what is left. Rounds
 * are pipelines of their own; two run at a time. The seed decides everything but the timing of the machine.
 */
export async function crash({ kills, seed, onLine, source = logSource() }: CrashOptions): Promise<CrashReport> {
  const started = performance.now()
  const directory = mkdtempSync(join(tmpdir(), 'millrace-crash-'))
  const random = new SeededRandom(seed)
  const compileCache = join(directory, 'compile-cache')
  await warmUp(directory, compileCache, source.round(WARM_UP))
  const plan = new KillPlan(random.fork('plan'))
  const waiting = roundsOf(kills, random.fork('rounds')).map((round) => ({
    ...round,
    directory,
    compileCache,
    source: source.round(round.index),
  }))
  const rounds: RoundResult[] = []
  let made = 0
  const onKill = (): void => {
    made++
    if (made % 10 === 0) onLine(`${made} of ${kills} kills, ${((performance.now() - started) / 1000).toFixed(0)} s`)
  }
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const result = await runRound(next, { plan, random: random.fork(`round ${next.index}`), onKill })
      rounds.push(result)
      const found = result.violations.length
      onLine(`round ${next.index} ended: ${found === 0 ? 'as the oracle says' : `${found} violations`}`)
    }
  }
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), waiting.length) }, lane))
  rounds.sort((a, b) => a.options.index - b.options.index)
  const foreign = await readByOthers(rounds)
  const report = { seed, planned: kills, rounds, elapsedMs: performance.now() - started, foreign }
  if (violationsOf(report).length === 0) rmSync(directory, { recursive: true, force: true })
  else onLine(`what is left of the failed run is kept in ${directory}`)
  return report
}

type RoundShape = Omit<RoundOptions, 'directory' | 'compileCache' | 'source'>

/** Half of the rounds with shared checkpoints, half of those on hosts that lose their state. */
function roundsOf(kills: number, random: SeededRandom): readonly RoundShape[] {
  const count = Math.min(kills, Math.max(FEWEST_ROUNDS, Math.round(kills / KILLS_PER_ROUND)))
  return Array.from({ length: count }, (_, index) => ({
    index,
    kills: Math.floor((kills * (index + 1)) / count) - Math.floor((kills * index) / count),
    isShared: index % 2 === 1,
    losesState: index % 4 === 3,
    epochMs: random.pick([50, 100, 150]),
  }))
}

/** Node writes compiled code only when a process ends well, so one does before the killing begins. */
async function warmUp(directory: string, compileCache: string, source: RoundSource): Promise<void> {
  const place = new RoundPlace(join(directory, 'warm-up'), source.pipeline)
  mkdirSync(place.directory, { recursive: true })
  const feed = EventFeed.start(await source.openTarget(place, 2), { seed: 1, splits: 2 })
  await feed.stop()
  const args = ['--until-caught-up', '--workers', '2', '--checkpoints', place.checkpoints]
  const job = new JobProcess({
    directory: place.directory,
    trace: join(place.directory, 'trace'),
    trap: '',
    args,
    compileCache,
    module: source.module,
    environment: source.environment,
  })
  const end = await job.ended
  if (end.code !== 0) throw new Error(`the pipeline does not even run without a crash: ${end.stderr}`)
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '40' },
      seed: { type: 'string' },
      source: { type: 'string', default: 'log' },
    },
  })
  const kills = Number(values.kills)
  if (!Number.isSafeInteger(kills) || kills < 1) throw new Error('--kills is a whole number from 1 on')
  const seed = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed)
  // So that the jobs end too.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  if (values.source !== 'log' && values.source !== 'kafka') throw new Error('--source is log or kafka')
  process.stdout.write(`crash loop: ${kills} kills, seed ${seed}, source ${values.source}\n`)
  const source = values.source === 'kafka' ? await kafkaSource() : logSource()
  const report = await crash({ kills, seed, source, onLine: (line) => process.stdout.write(`${line}\n`) })
  await source.close()
  process.stdout.write(`\n${reportText(report)}\n`)
  const isVoid = voidBecause(killsOf(report), kills).length > 0
  process.exitCode = violationsOf(report).length > 0 || isVoid ? 1 : 0
}

if (import.meta.main) await main()
