import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { crash } from '../tests/crash/crash.ts'
import { killsOf, roundText, violationsOf } from '../tests/crash/crash-report.ts'
import { logSource, type SourceWord } from '../tests/crash/crash-source.ts'
import { kafkaSource } from '../tests/crash/kafka-side.ts'
import { fuzz } from '../tests/fuzz/fuzz.ts'
import { compareClients } from '../tests/fuzz/other-clients.ts'
import { catchBug, plantedBugs } from '../tests/simulation/planted-bugs.ts'
import { simulate } from '../tests/simulation/simulate.ts'
import { Evidence, type Finding } from './proof-evidence.ts'
import { proofReport } from './proof-report.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** How much is done. */
interface Counts {
  readonly seeds: number
  readonly seedsPerStep: number
  readonly bugs: number
  readonly kills: number
  readonly killsPerStep: number
  /** Kills of brokers under each client for Kafka. */
  readonly brokerKills: number
  readonly inputs: number
  readonly inputsPerStep: number
  readonly comparisons: number
  readonly benchmarkArgs: readonly string[]
}

const FULL: Counts = {
  seeds: 2000,
  seedsPerStep: 200,
  bugs: Number.POSITIVE_INFINITY,
  kills: 300,
  killsPerStep: 60,
  brokerKills: 25,
  inputs: 10_000_000,
  inputsPerStep: 1_000_000,
  comparisons: 10_000,
  benchmarkArgs: [],
}
const QUICK: Counts = {
  seeds: 200,
  seedsPerStep: 100,
  bugs: 3,
  kills: 40,
  killsPerStep: 40,
  brokerKills: 3,
  inputs: 200_000,
  inputsPerStep: 200_000,
  comparisons: 200,
  benchmarkArgs: ['--smoke'],
}
const SOURCES = ['log', 'kafka'] as const
const QUERIES = ['founding', 'restart', 'memory', 'kafka', 'micro']

/** A piece of the proof that is done at one go; what is found is kept, so that a broken run goes on after it. */
interface Step {
  readonly name: string
  readonly run: () => Promise<Finding>
}

async function stepsOf(counts: Counts): Promise<readonly Step[]> {
  const bugs = (await plantedBugs()).slice(0, counts.bugs)
  return [
    ...parts(counts.seeds, counts.seedsPerStep).map(({ from, count }) => ({
      name: `simulate ${from + 1}–${from + count}`,
      run: () => simulateSeeds(from + 1, count),
    })),
    ...SOURCES.flatMap((source) =>
      parts(counts.kills, counts.killsPerStep).map(({ from, count }) => ({
        name: `crash ${source} ${from + 1}–${from + count}`,
        run: () => killProcesses(source, from + 1, count),
      })),
    ),
    { name: 'command brokers', run: () => killBrokers(counts.brokerKills) },
    ...bugs.map((bug) => ({ name: `planted ${bug.name}`, run: () => catchOne(bug) })),
    ...parts(counts.inputs, counts.inputsPerStep).map(({ from, count }) => ({
      name: `fuzz ${from + 1}–${from + count}`,
      run: () => fuzzInputs(from, count),
    })),
    { name: 'clients', run: async () => ({ kind: 'clients', results: await compareClients(counts.comparisons) }) },
    ...QUERIES.map((query) => ({ name: `benchmark ${query}`, run: () => benchmark(query, counts.benchmarkArgs) })),
  ]
}

function parts(total: number, size: number): readonly { readonly from: number; readonly count: number }[] {
  return Array.from({ length: Math.ceil(total / size) }, (_, index) => ({
    from: index * size,
    count: Math.min(size, total - index * size),
  }))
}

async function simulateSeeds(first: number, count: number): Promise<Finding> {
  const report = await simulate({ first, count, onResult: () => undefined })
  return {
    kind: 'simulate',
    seeds: report.seeds,
    steps: report.steps,
    crashes: report.crashes,
    failpoints: Object.fromEntries(report.failpoints),
    outcomes: Object.fromEntries(report.outcomes),
    violations: report.failed.map(({ seed, violations }) => `seed ${seed}: ${violations[0] ?? ''}`),
  }
}

async function killProcesses(word: SourceWord, seed: number, kills: number): Promise<Finding> {
  const source = word === 'kafka' ? await kafkaSource() : logSource()
  const report = await crash({ kills, seed, source, onLine: (line) => console.log(`  ${line}`) })
  await source.close()
  return {
    kind: 'crash',
    source: word,
    seed,
    planned: kills,
    kills: killsOf(report),
    rounds: report.rounds.map(roundText),
    readers: report.foreign.readers,
    violations: violationsOf(report),
  }
}

/** Readers and transactions of both clients on a cluster of three, while brokers are killed and come back. */
async function killBrokers(kills: number): Promise<Finding> {
  const args = ['-C', 'millrace-source', join(root, 'tests', 'kafka', 'run.ts'), 'cluster.test.ts']
  const env = { ...process.env, KAFKA_KILLS: String(kills) }
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', env })
  const what = `${kills} kills of a broker under each client`
  return { kind: 'command', what, isMet: status === 0, output: `${stdout}\n${stderr}` }
}

async function catchOne(bug: Parameters<typeof catchBug>[0]): Promise<Finding> {
  const caught = await catchBug(bug)
  const detail = caught.kind === 'caught' ? `after ${caught.seeds} seeds: ${caught.violation}` : caught.why
  return { kind: 'planted', name: bug.name, what: bug.what, isCaught: caught.kind === 'caught', detail }
}

async function fuzzInputs(first: number, inputs: number): Promise<Finding> {
  const { tally, grownBytes, findings, voidBecause } = await fuzz({ seed: 1, first, inputs })
  const violations = findings.map(({ index, what }) => `input ${index}: ${what}`)
  return { kind: 'fuzz', tally, grownBytes, violations, reasons: voidBecause }
}

async function benchmark(query: string, more: readonly string[]): Promise<Finding> {
  const own = ['-C', 'millrace-source', join(root, 'benchmarks', 'benchmark.ts'), '--query', query, ...more]
  const withBroker = [join(root, 'scripts', 'kafka', 'start.ts'), '--', process.execPath, ...own]
  const args = query === 'kafka' ? withBroker : own
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
  return { kind: 'benchmark', query, isMet: status === 0, output: status === 0 ? stdout : `${stdout}\n${stderr}` }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { quick: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
  })
  // So that processes which a step has started end too.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  const mode = values.quick ? 'quick' : 'full'
  const evidence = Evidence.open(join(root, '.millrace', 'prove', `${mode}.jsonl`), commitOf())
  const steps = await stepsOf(values.quick ? QUICK : FULL)
  for (const { name, run } of steps) {
    if (!name.startsWith(values.only) || evidence.has(name)) continue
    console.log(name)
    const started = performance.now()
    const finding = await run()
    evidence.add({ name, date: new Date().toISOString(), elapsedMs: Math.round(performance.now() - started), finding })
  }
  const { commit, entries } = evidence
  const open = steps.map(({ name }) => name).filter((name) => !evidence.has(name))
  const { text, isProven } = proofReport({ mode, commit, entries, open })
  const path = join(root, 'docs', 'proof', 'report.md')
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  console.log(`${path}: ${isProven ? 'all of it holds' : 'NOT proven, see there'}`)
  process.exitCode = isProven ? 0 : 1
}

/** The commit that is being proven; findings about another one do not count. */
function commitOf(): string {
  const { status, stdout } = spawnSync('git', ['describe', '--always', '--abbrev=10', '--dirty'], {
    cwd: root,
    encoding: 'utf8',
  })
  return status === 0 ? stdout.trim() : 'unknown'
}

if (import.meta.main) await main()
