import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { Batch, RecordSinkSpec } from 'millrace'
import { sharedNow } from './clock.ts'
import type { Measured, Meter } from './meter.ts'

type RecordWriter = ReturnType<RecordSinkSpec<unknown>['writer']>
type Committer = ReturnType<RecordSinkSpec<unknown>['committer']>
type Staged = Awaited<ReturnType<RecordWriter['stage']>>
type Intent = Parameters<Committer['commit']>[0]
type SinkStatus = Awaited<ReturnType<Committer['inspect']>>

/** One line of a file of measurements: an epoch with what each thread measured in it. */
export interface MeasuredEpoch {
  readonly epoch: number
  readonly threads: readonly Measured[]
}

/** Where a run leaves its measurements, below the directory that it runs in. */
export const MEASURED_PATH = 'measured.jsonl'
const COMMITTED_PATH = 'committed.json'
const EPOCH_MS = 2_000

/** Takes records away, and the time at which each came, by field `due_ms`; what the threads measured goes to a file. */
export function meteredSink<T>(meter: Meter): RecordSinkSpec<T> {
  return {
    role: 'sink',
    takes: 'records',
    connector: 'metered',
    options: {},
    epochMs: EPOCH_MS,
    check: () => undefined,
    writer: () => new MeteredWriter(meter),
    committer: () => new MeteredCommitter(),
  }
}

/** The measurements of the last run in `directory`. */
export function measuredEpochs(directory: string): readonly MeasuredEpoch[] {
  const lines = readFileSync(`${directory}/${MEASURED_PATH}`, 'utf8').trim().split('\n')
  // Only the committer below writes the file.
  return lines.map((line) => JSON.parse(line) as MeasuredEpoch)
}

class MeteredWriter implements RecordWriter {
  readonly isBusy = false
  readonly #meter: Meter

  constructor(meter: Meter) {
    this.#meter = meter
  }

  write(batch: Batch): number {
    const rows = batch.selectedRows()
    this.#meter.arrived(sharedNow(), rows, batch.column('due_ms').values)
    return rows.length
  }

  async stage(): Promise<Staged> {
    const content = this.#meter.cut(sharedNow())
    return { records: content.records, outbox: [], content }
  }

  async ready(): Promise<void> {
    // Never busy.
  }

  async abort(): Promise<void> {
    // Nothing is kept.
  }
}

class MeteredCommitter implements Committer {
  async open(): Promise<void> {
    if (!existsSync(COMMITTED_PATH)) await this.commit({ from: -1, to: -1, outbox: [], content: {} })
  }

  async identity(): Promise<string> {
    return COMMITTED_PATH
  }

  async intend(
    epoch: { readonly epoch: number; readonly committed: number },
    staged: readonly Staged[],
  ): Promise<Intent> {
    // Writers of this class stage what they measured.
    const threads = staged.map(({ content }) => content as Measured)
    const line: MeasuredEpoch = { epoch: epoch.epoch, threads }
    appendFileSync(MEASURED_PATH, `${JSON.stringify(line)}\n`)
    return { from: epoch.committed, to: epoch.epoch, outbox: [], content: {} }
  }

  async inspect(known: Parameters<Committer['inspect']>[0]): Promise<SinkStatus> {
    const epoch = Number(readFileSync(COMMITTED_PATH, 'utf8'))
    if (epoch === (known.intent?.to ?? known.committed)) return 'at-end'
    const from = known.intent?.from ?? known.committed
    if (epoch === from) return 'at-start'
    return epoch > from ? 'ahead' : 'behind'
  }

  async commit({ to }: Intent): Promise<void> {
    writeFileSync(`${COMMITTED_PATH}.new`, String(to))
    renameSync(`${COMMITTED_PATH}.new`, COMMITTED_PATH)
  }

  async collect(): Promise<void> {
    // Nothing lies about.
  }

  async close(): Promise<void> {
    // Nothing is held open.
  }
}
