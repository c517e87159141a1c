import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { RECOVERY_OUTCOMES } from '../../core/checkpoint/decide-recovery.ts'
import { FAILPOINTS } from '../../core/ports/failpoint.ts'
import { catchAll } from './planted-bugs.ts'
import type { SeedResult } from './seed-result.ts'
import { simulateSeed } from './simulate-seed.ts'

/** What a batch of seeds came to. */
export interface SimulationReport {
  readonly seeds: number
  readonly failed: readonly SeedResult[]
  readonly steps: number
  readonly crashes: number
  readonly failpoints: ReadonlyMap<string, number>
  readonly outcomes: ReadonlyMap<string, number>
  /** Times that state outside memory was read back. */
  readonly readBack: number
  /** Why the batch proves nothing although no seed failed; empty where it does. */
  readonly voidBecause: readonly string[]
  readonly elapsedMs: number
}

export interface SimulationOptions {
  readonly first: number
  readonly count: number
  /** Begin no more seeds after one that failed. Default false. */
  readonly untilFailure?: boolean
  readonly onResult?: (result: SeedResult) => void
}

/** Runs seeds [first, first + count) on all cores. Every core takes every n-th seed. */
export async function simulate({ first, count, untilFailure, onResult }: SimulationOptions): Promise<SimulationReport> {
  const started = performance.now()
  const threads = Math.min(availableParallelism(), count)
  const results: SeedResult[] = []
  const isOver = new Int32Array(new SharedArrayBuffer(4))
  const lanes = Array.from({ length: threads }, (_, lane) =>
    runLane({ first: first + lane, step: threads, end: first + count, isOver }, (result) => {
      results.push(result)
      if (untilFailure === true && result.violations.length > 0) Atomics.store(isOver, 0, 1)
      onResult?.(result)
    }),
  )
  await Promise.all(lanes)
  return reportOf(results, performance.now() - started)
}

interface Lane {
  readonly first: number
  readonly step: number
  readonly end: number
  /** Shared by all lanes: 1 where no further seed is to begin. */
  readonly isOver: Int32Array
}

function runLane(lane: Lane, onResult: (result: SeedResult) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { lane } })
    worker.on('message', onResult)
    worker.on('error', reject)
    worker.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a simulation thread ended with ${code}`))))
  })
}

function reportOf(results: readonly SeedResult[], elapsedMs: number): SimulationReport {
  const failpoints = sumOf(results.map((result) => result.failpoints))
  const outcomes = sumOf(results.map((result) => result.outcomes))
  const readBack = results.reduce((sum, result) => sum + result.readBack, 0)
  const missing = [
    ...(readBack > 0 ? [] : ['no state outside memory was read back']),
    ...FAILPOINTS.filter((name) => !failpoints.has(name)).map((name) => `failpoint ${name} never occurred`),
    ...RECOVERY_OUTCOMES.filter((kind) => !outcomes.has(kind)).map((kind) => `recovery outcome ${kind} never occurred`),
  ]
  return {
    seeds: results.length,
    failed: results.filter((result) => result.violations.length > 0).sort((a, b) => a.seed - b.seed),
    steps: results.reduce((sum, result) => sum + result.steps, 0),
    crashes: results.reduce((sum, result) => sum + result.crashes, 0),
    failpoints,
    outcomes,
    readBack,
    voidBecause: missing,
    elapsedMs,
  }
}

function sumOf(counts: readonly Readonly<Record<string, number>>[]): ReadonlyMap<string, number> {
  const sum = new Map<string, number>()
  for (const one of counts) for (const [name, count] of Object.entries(one)) sum.set(name, (sum.get(name) ?? 0) + count)
  return sum
}

/** The report for people. */
export function printReport(report: SimulationReport): string {
  const lines = [
    `${report.seeds} seeds, ${report.crashes} crashes, ${report.steps} steps in ${(report.elapsedMs / 1000).toFixed(1)} s`,
    ...columns('failpoint', FAILPOINTS, report.failpoints),
    ...columns('recovery', RECOVERY_OUTCOMES, report.outcomes),
    `state outside memory was read back ${report.readBack} times`,
    ...report.failed
      .slice(0, 10)
      .flatMap(({ seed, trace, violations }) => [
        `seed ${seed} (trace ${trace}):`,
        ...violations.slice(0, 6).map((line) => `  ${line}`),
      ]),
    ...(report.voidBecause.length > 0 ? [`void: ${report.voidBecause.join('; ')}`] : []),
    report.failed.length === 0
      ? 'no violation'
      : `${report.failed.length} seeds failed; run one again with --seeds 1 --seed N`,
  ]
  return lines.join('\n')
}

function columns(title: string, names: readonly string[], counts: ReadonlyMap<string, number>): readonly string[] {
  return names.map((name) => `${title.padEnd(10)} ${name.padEnd(24)} ${String(counts.get(name) ?? 0).padStart(8)}`)
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '200' },
      seed: { type: 'string', default: '1' },
      'until-failure': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      planted: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
    },
  })
  if (values.planted) {
    const missed = await catchAll((line) => process.stdout.write(`${line}\n`), values.only)
    process.stdout.write(missed === 0 ? 'every planted bug was caught\n' : `${missed} planted bugs were missed\n`)
    process.exitCode = missed === 0 ? 0 : 1
    return
  }
  const count = Number(values.seeds)
  let done = 0
  const onResult = (): void => {
    done++
    if (done % 100 === 0) process.stderr.write(`${done} of ${count} seeds\n`)
  }
  const report = await simulate({ first: Number(values.seed), count, untilFailure: values['until-failure'], onResult })
  process.stdout.write(values.json ? `${JSON.stringify({ failed: report.failed })}\n` : `${printReport(report)}\n`)
  const isVoid = count >= 200 && report.voidBecause.length > 0
  process.exitCode = report.failed.length > 0 || isVoid ? 1 : 0
}

if (!isMainThread && workerData?.lane !== undefined) {
  const { first, step, end, isOver } = workerData.lane as Lane
  for (let seed = first; seed < end && Atomics.load(isOver, 0) === 0; seed += step)
    parentPort?.postMessage(await simulateSeed(seed))
} else if (import.meta.main) await main()
