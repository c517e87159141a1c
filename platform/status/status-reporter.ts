import type { EpochMarker } from '../../core/checkpoint/epoch-marker.ts'
import type { MillraceError } from '../../core/model/errors.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { FileStore } from '../../core/ports/file-store.ts'
import type { Logger } from '../../core/ports/logger.ts'
import { type CheckpointSummary, type JobStatus, type SplitStatus, writeStatus } from './status-file.ts'

const CHECKPOINTS_KEPT = 20

export interface StatusPorts {
  readonly files: FileStore
  readonly clock: Clock
  readonly logger: Logger
  readonly path: string
}

/** Keeps the status file of one job up to date. A file that cannot be written is a warning: the job goes on. */
export class StatusReporter {
  readonly #ports: StatusPorts
  #status: JobStatus
  #isStale = false
  #writing: Promise<void> = Promise.resolve()

  constructor(ports: StatusPorts, status: JobStatus) {
    this.#ports = ports
    this.#status = status
  }

  get status(): JobStatus {
    return this.#status
  }

  /** The tasks run, from the checkpoint `last` on. */
  running(last: EpochMarker | undefined): void {
    const attempts = this.#status.attempts + 1
    this.#change({ state: 'running', attempts, ...(last === undefined ? {} : this.#progressOf(last)) })
  }

  committed(marker: EpochMarker): void {
    const summary = summaryOf(marker, this.#now())
    const older = this.#status.checkpoints.filter(({ epoch }) => epoch !== marker.epoch)
    const checkpoints = [...older, summary].slice(-CHECKPOINTS_KEPT)
    this.#change({ ...this.#progressOf(marker), checkpoints })
  }

  /** Where the splits end now; written with the next change. */
  ends(ends: ReadonlyMap<string, number>): void {
    const splits: Record<string, SplitStatus> = {}
    for (const [id, split] of Object.entries(this.#status.splits)) {
      splits[id] = { ...split, end: ends.get(id) ?? split.end }
    }
    this.#status = { ...this.#status, splits, lag: lagOf(splits) }
  }

  stopped(): void {
    this.#change({ state: 'stopped' })
  }

  failed({ code, message }: MillraceError): void {
    this.#change({ state: 'failed', error: { code, message } })
  }

  /** Resolves when the newest status is on disk, or could not be written. */
  async settle(): Promise<void> {
    await this.#writing
  }

  #progressOf(marker: EpochMarker): Partial<JobStatus> {
    const splits: Record<string, SplitStatus> = {}
    let lowest = Number.POSITIVE_INFINITY
    for (const [id, { offset, incarnation }] of Object.entries(marker.positions)) {
      const watermark = marker.watermarks[id] ?? Number.NEGATIVE_INFINITY
      lowest = Math.min(lowest, watermark)
      const end = this.#status.splits[id]?.end ?? null
      splits[id] = {
        offset,
        incarnation,
        end: end === null ? null : Math.max(end, offset),
        watermark: isoOf(watermark),
      }
    }
    const { epoch, generation, ledger, plan, planDigest } = marker
    return { epoch, generation, ledger, plan, planDigest, splits, lag: lagOf(splits), watermark: isoOf(lowest) }
  }

  #change(change: Partial<JobStatus>): void {
    this.#status = { ...this.#status, ...change, updatedAt: this.#now() }
    if (this.#isStale) return
    this.#isStale = true
    this.#writing = this.#writing.then(() => this.#write())
  }

  async #write(): Promise<void> {
    const { files, path, logger } = this.#ports
    this.#isStale = false
    try {
      await writeStatus(files, path, this.#status)
    } catch (error) {
      logger.warn('the status file cannot be written', { path, message: String(error) })
    }
  }

  #now(): string {
    return new Date(this.#ports.clock.now()).toISOString()
  }
}

/** One line of `checkpoint ls`. */
export function summaryOf(marker: EpochMarker, committedAt: string): CheckpointSummary {
  const { epoch, generation, blocks, ledger } = marker
  const records = Object.values(ledger.splits).reduce((sum, split) => sum + split.consumed, 0)
  const sizeBytes = blocks.reduce((sum, block) => sum + block.sizeBytes, 0)
  return { epoch, generation, committedAt, records, blocks: blocks.length, sizeBytes }
}

function lagOf(splits: Readonly<Record<string, SplitStatus>>): number | null {
  let lag = 0
  for (const { offset, end } of Object.values(splits)) {
    if (end === null) return null
    lag += Math.max(0, end - offset)
  }
  return lag
}

function isoOf(time: number): string | null {
  return Number.isFinite(time) ? new Date(time).toISOString() : null
}
