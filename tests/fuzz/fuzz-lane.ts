import { getHeapStatistics } from 'node:v8'
import { parentPort, workerData } from 'node:worker_threads'
import type { decodeRecordBatch } from '../../formats/record-batch/decode.ts'
import { type Extreme, type FuzzTally, keyOf } from './fuzz-tally.ts'
import { type HostileInput, HostileInputs } from './hostile-inputs.ts'
import { Judge } from './judge.ts'
import { minimise } from './minimise.ts'
import { type Outcome, Violation } from './violation.ts'

/** Inputs that one thread judges: every `step`-th of `[first, end)`. */
export interface LaneJob {
  readonly seed: number
  readonly first: number
  readonly end: number
  readonly step: number
  /** The number of the input under way is here, for whoever watches. */
  readonly progress: Int32Array
  /** After so many findings it gives up. */
  readonly mostFindings: number
  /** URL of the module with the decoder. */
  readonly decoder: string
}

/** An input after which something happened that must not. */
export interface FuzzFinding {
  readonly index: number
  readonly what: string
  /** What `--replay` takes, as small as it could be made. */
  readonly replay: string
}

export type LaneMessage =
  | { readonly kind: 'finding'; readonly finding: FuzzFinding }
  | { readonly kind: 'done'; readonly tally: FuzzTally }

/** What an input may take outside of the heap; what is fetched has the limit of the real reader, which is higher. */
const MOST_BYTES_TAKEN = 16 * 1_048_576

/** An input as text, so that it can be judged again. */
export function replayOf({ level, isMended, bytes }: HostileInput): string {
  return [level, isMended ? 'mended' : 'as-it-is', Buffer.from(bytes).toString('base64')].join(':')
}

class Lane {
  readonly #judge: Judge
  readonly #inputs: HostileInputs
  readonly #counts: Record<string, number> = {}
  #slowest: Extreme = { index: 0, value: 0 }
  #mostBytes: Extreme = { index: 0, value: 0 }
  findings = 0

  constructor(seed: number, judge: Judge) {
    this.#judge = judge
    this.#inputs = new HostileInputs(seed)
  }

  get tally(): FuzzTally {
    return { counts: this.#counts, slowest: this.#slowest, mostBytes: this.#mostBytes }
  }

  async run(index: number): Promise<FuzzFinding | undefined> {
    const input = this.#inputs.at(index)
    try {
      const key = keyOf(input, await this.#measured(index, input))
      this.#counts[key] = (this.#counts[key] ?? 0) + 1
      return undefined
    } catch (error) {
      if (!(error instanceof Violation)) throw error
      this.findings++
      const smaller = await minimise(input, error, this.#judge)
      return { index, what: error.message, replay: replayOf(smaller) }
    }
  }

  async #measured(index: number, input: HostileInput): Promise<Outcome> {
    const before = getHeapStatistics().external_memory
    const started = performance.now()
    const outcome = await this.#judge.judge(input)
    const elapsedMs = performance.now() - started
    const bytes = getHeapStatistics().external_memory - before
    if (bytes > this.#mostBytes.value) this.#mostBytes = { index, value: bytes }
    if (bytes > MOST_BYTES_TAKEN) throw new Violation(`took ${bytes} bytes of memory`)
    if (elapsedMs > this.#slowest.value) await this.#timeAgain(index, input)
    return outcome
  }

  /** It may have been the machine. */
  async #timeAgain(index: number, input: HostileInput): Promise<void> {
    const started = performance.now()
    await this.#judge.judge(input)
    const value = performance.now() - started
    if (value > this.#slowest.value) this.#slowest = { index, value }
  }
}

async function runLane({ seed, first, end, step, progress, mostFindings, decoder }: LaneJob): Promise<void> {
  // Millions of refusals are made for their code alone.
  Error.stackTraceLimit = 2
  const module = (await import(decoder)) as { readonly decodeRecordBatch: typeof decodeRecordBatch }
  const judge = new Judge(module.decodeRecordBatch)
  const post = (message: LaneMessage): void => parentPort?.postMessage(message)
  await judge.warmUp()
  const lane = new Lane(seed, judge)
  for (let index = first; index < end && lane.findings < mostFindings; index += step) {
    Atomics.store(progress, 0, index)
    const finding = await lane.run(index)
    if (finding !== undefined) post({ kind: 'finding', finding })
  }
  post({ kind: 'done', tally: lane.tally })
}

if (workerData?.lane !== undefined) await runLane(workerData.lane as LaneJob)
