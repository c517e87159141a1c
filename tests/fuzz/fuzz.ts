import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import type { FuzzFinding, LaneJob, LaneMessage } from './fuzz-lane.ts'
import { type FuzzTally, inputsOf, NO_TALLY, sumOf, tableOf, voidBecause } from './fuzz-tally.ts'
import { HostileInputs, LEVELS } from './hostile-inputs.ts'
import { Judge } from './judge.ts'
import { compareClients, printComparisons } from './other-clients.ts'

const DECODER = new URL('../../formats/record-batch/decode.ts', import.meta.url).href
/** An input that takes longer hangs, on whatever machine. */
const DEADLINE_MS = 30_000
const LOOKS = 20
const LOOK_MS = 500
const LOOKS_PER_REPORT = 60
const NOT_BEGUN = -1
const MOST_FINDINGS = 10
const MOST_HEAP_MB = 256
/** One comparison with another client costs about as much. */
const INPUTS_PER_COMPARISON = 1_000
/** What the process may grow by with all its threads, garbage that V8 leaves lying about included. */
const MOST_GROWN_BYTES = 2 ** 30
/** Fewer inputs need not have met everything. */
const LEAST_INPUTS = 20_000

export interface FuzzOptions {
  readonly seed: number
  readonly first: number
  readonly inputs: number
  /** URL of another decoder than ours. */
  readonly decoder?: string
  readonly deadlineMs?: number
  /** A thread gives up after so many. */
  readonly mostFindings?: number
  /** Called now and then with the number of inputs that were judged. */
  readonly onProgress?: (judged: number) => void
  /** Default: two, where there are as many cores. */
  readonly threads?: number
}

/** What a run of the fuzzer came to. */
export interface FuzzReport {
  readonly seed: number
  readonly tally: FuzzTally
  readonly findings: readonly FuzzFinding[]
  /** Why it proves nothing although nothing was found; empty where it does. */
  readonly voidBecause: readonly string[]
  /** Most that the process grew by. */
  readonly grownBytes: number
  readonly elapsedMs: number
}

/** Judges the hostile inputs `[first, first + inputs)` of a seed, each thread every n-th. */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const { seed, first, inputs, onProgress } = options
  const started = performance.now()
  const step = options.threads ?? Math.min(2, availableParallelism())
  const lanes = Array.from({ length: step }, (_, lane) => ({
    seed,
    first: first + lane,
    end: first + inputs,
    step,
    progress: new Int32Array(new SharedArrayBuffer(4)).fill(NOT_BEGUN),
    mostFindings: options.mostFindings ?? MOST_FINDINGS,
    decoder: options.decoder ?? DECODER,
  }))
  const startBytes = process.memoryUsage.rss()
  let grownBytes = 0
  let looks = 0
  const watch = setInterval(() => {
    grownBytes = Math.max(grownBytes, process.memoryUsage.rss() - startBytes)
    if (++looks % LOOKS_PER_REPORT > 0) return
    onProgress?.(Math.max(0, Math.min(...lanes.map(({ progress }) => Atomics.load(progress, 0))) - first))
  }, LOOK_MS)
  const results = await Promise.all(lanes.map((lane) => runLane(lane, options.deadlineMs ?? DEADLINE_MS)))
  clearInterval(watch)
  const tally = sumOf(results.map((result) => result.tally))
  return {
    seed,
    tally,
    findings: results.flatMap(({ findings }) => findings).toSorted((a, b) => a.index - b.index),
    voidBecause: [
      ...(inputsOf(tally) < inputs ? [`only ${inputsOf(tally)} of ${inputs} inputs were judged`] : []),
      ...(inputs < LEAST_INPUTS ? [] : voidBecause(tally)),
      ...(grownBytes > MOST_GROWN_BYTES ? [`the process grew by ${grownBytes} bytes`] : []),
    ],
    grownBytes,
    elapsedMs: performance.now() - started,
  }
}

interface LaneResult {
  readonly tally: FuzzTally
  readonly findings: readonly FuzzFinding[]
}

/** Watches the lane from here: one that hangs or dies is ended, and the input that it was at is the finding. */
function runLane(lane: LaneJob, deadlineMs: number): Promise<LaneResult> {
  return new Promise((resolve) => {
    const findings: FuzzFinding[] = []
    let tally = NO_TALLY
    const resourceLimits = { maxOldGenerationSizeMb: MOST_HEAP_MB }
    const worker = new Worker(new URL('fuzz-lane.ts', import.meta.url), { workerData: { lane }, resourceLimits })
    const blame = (what: string): void => {
      findings.push({ index: Atomics.load(lane.progress, 0), what, replay: '' })
    }
    let looks = 0
    let seen = NOT_BEGUN
    const watch = setInterval(() => {
      const index = Atomics.load(lane.progress, 0)
      looks = index === seen && index !== NOT_BEGUN ? looks + 1 : 0
      seen = index
      if (looks < LOOKS) return
      clearInterval(watch)
      blame(`did not come back within ${deadlineMs} ms`)
      worker.terminate().catch((error: unknown) => blame(String(error)))
    }, deadlineMs / LOOKS)
    worker.on('message', (message: LaneMessage) => {
      if (message.kind === 'finding') findings.push(message.finding)
      else tally = message.tally
    })
    worker.on('error', (error) => blame(`ended the thread: ${error instanceof Error ? error.stack : String(error)}`))
    worker.on('exit', () => {
      clearInterval(watch)
      resolve({ tally, findings })
    })
  })
}

/** The report for people. */
export function printReport({ seed, tally, findings, voidBecause, grownBytes, elapsedMs }: FuzzReport): string {
  const { slowest, mostBytes } = tally
  return [
    `${inputsOf(tally).toLocaleString('en')} hostile inputs of seed ${seed} in ${(elapsedMs / 1000).toFixed(1)} s`,
    '',
    ...tableOf(tally),
    '',
    `the process grew by ${mebibytes(grownBytes)} at most; most taken by one input ${mebibytes(mostBytes.value)} (input ${mostBytes.index})`,
    `slowest input ${slowest.value.toFixed(1)} ms (input ${slowest.index})`,
    ...findings.flatMap(({ index, what, replay }) => [
      `VIOLATION at --seed ${seed} --input ${index}: ${what}`,
      ...(replay === '' ? [] : [`  --replay ${replay}`]),
    ]),
    ...voidBecause.map((reason) => `void: ${reason}`),
    findings.length === 0 ? 'no violation' : `${findings.length} violations`,
  ].join('\n')
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB`
}

/** Judges one input again, given by its number or as the text that a report has. */
export async function judgeAgain(of: {
  readonly seed: number
  readonly input?: string
  readonly replay?: string
}): Promise<string> {
  const judge = new Judge()
  if (of.replay === undefined) return judge.judge(new HostileInputs(of.seed).at(Number(of.input)))
  const [name, mended, text = ''] = of.replay.split(':')
  const level = LEVELS.find((candidate) => candidate === name)
  if (level === undefined) throw new Error(`${name} is none of ${LEVELS.join(', ')}`)
  const bytes = Uint8Array.from(Buffer.from(text, 'base64'))
  return judge.judge({ level, codec: 'none', mutation: 'intact', isMended: mended === 'mended', bytes })
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      inputs: { type: 'string', default: '200000' },
      seed: { type: 'string', default: '1' },
      first: { type: 'string', default: '0' },
      input: { type: 'string' },
      replay: { type: 'string' },
      differential: { type: 'string' },
    },
  })
  const seed = Number(values.seed)
  if (values.input !== undefined || values.replay !== undefined) {
    console.log(await judgeAgain({ ...values, seed }))
    return
  }
  const inputs = Number(values.inputs)
  const onProgress = (judged: number): boolean => process.stderr.write(`${judged} of ${inputs} inputs\n`)
  const report = await fuzz({ seed, first: Number(values.first), inputs, onProgress })
  console.log(printReport(report))
  const runs =
    values.differential === undefined ? Math.ceil(inputs / INPUTS_PER_COMPARISON) : Number(values.differential)
  const comparisons = await compareClients(runs)
  console.log(printComparisons(comparisons))
  const isWrong = report.findings.length > 0 || comparisons.some(({ difference }) => difference !== undefined)
  process.exitCode = isWrong || report.voidBecause.length > 0 ? 1 : 0
}

if (import.meta.main) await main()
