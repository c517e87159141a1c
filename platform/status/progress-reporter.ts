import { type Progress, type ProgressSample, recordsPerSecond } from '../../core/observability/progress.ts'
import { type Clock, pause } from '../../core/ports/clock.ts'
import type { Logger } from '../../core/ports/logger.ts'
import type { HostProgress } from '../../core/runtime/host-messages.ts'
import type { SplitEnds } from './split-ends.ts'

export interface ProgressPorts {
  readonly pipeline: string
  readonly clock: Clock
  readonly logger: Logger
  readonly ends: SplitEnds
  readonly everyMs: number
  /** Asks the workers; the answer comes to `take`. */
  readonly probe: () => void
  /** Last committed epoch, and whether the job is on its way out. */
  readonly moment: () => Pick<Progress, 'epoch' | 'state'>
  readonly onProgress: (progress: Progress, ends: ReadonlyMap<string, number>) => void
}

/** Asks a running job at a steady pace how far it is, and makes progress of the answers. */
export class ProgressReporter {
  readonly #ports: ProgressPorts
  readonly #stopping = new AbortController()
  #sample: ProgressSample | undefined
  #isTaking = false
  /** Sum of the positions at the first answer: records before it are not of this process. */
  #begin = 0

  constructor(ports: ProgressPorts) {
    this.#ports = ports
  }

  /** Asks until `stop` is called. */
  async run(): Promise<void> {
    const { clock, everyMs, probe } = this.#ports
    while ((await pause(clock, everyMs, this.#stopping.signal)) === 'over') probe()
  }

  stop(): void {
    this.#stopping.abort()
  }

  /** Where the tasks start to read in this process; the first call counts. */
  begin(positions: HostProgress['positions']): void {
    if (this.#sample !== undefined) return
    this.#begin = total(positions)
    this.#sample = { at: this.#ports.clock.monotonic(), records: 0 }
  }

  /** An answer of the workers. It is passed over where the sources have not yet told their ends for the one before. */
  async take(progress: HostProgress): Promise<void> {
    if (this.#isTaking) return
    const { pipeline, ends: splitEnds, logger, onProgress, moment } = this.#ports
    this.#isTaking = true
    try {
      const ends = await splitEnds.read()
      if (this.#stopping.signal.aborted) return
      this.begin(progress.positions)
      const sample = { at: this.#ports.clock.monotonic(), records: total(progress.positions) - this.#begin }
      const rate = recordsPerSecond(this.#sample ?? sample, sample)
      this.#sample = sample
      const watermark = Math.min(...Object.values(progress.watermarks))
      const lag = lagOf(progress.positions, ends)
      onProgress(
        { pipeline, ...moment(), records: sample.records, recordsPerSecond: Math.max(0, rate), lag, watermark },
        ends,
      )
    } catch (error) {
      logger.warn('the progress of the job cannot be told', { message: String(error) })
    } finally {
      this.#isTaking = false
    }
  }
}

function total(positions: HostProgress['positions']): number {
  return Object.values(positions).reduce((sum, { offset }) => sum + offset, 0)
}

function lagOf(positions: HostProgress['positions'], ends: ReadonlyMap<string, number>): number {
  let lag = 0
  for (const [id, { offset }] of Object.entries(positions)) lag += Math.max(0, (ends.get(id) ?? offset) - offset)
  return lag
}
