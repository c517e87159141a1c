import { EMPTY_LEDGER, type Ledger } from '../../core/checkpoint/ledger.ts'
import type { ErrorCode } from '../../core/model/error-codes.ts'
import { MillraceError } from '../../core/model/errors.ts'
import { type FileStore, replaceAtomically } from '../../core/ports/file-store.ts'
import type { PlanValue } from '../../core/ports/operator.ts'

/** Raised with every change that a reader of the file would stumble over. */
const SCHEMA_VERSION = 1

/** One committed epoch as `checkpoint ls` shows it. */
export interface CheckpointSummary {
  readonly epoch: number
  readonly generation: number
  /** ISO 8601. */
  readonly committedAt: string
  /** Records read since the first start of the pipeline. */
  readonly records: number
  readonly blocks: number
  readonly sizeBytes: number
}

export interface SplitStatus {
  /** Next offset to read, as of the last committed epoch. */
  readonly offset: number
  /** Identity of the topic that the offset belongs to. */
  readonly incarnation: string
  /** End of the split when it was last looked at; `null` while nobody did. */
  readonly end: number | null
  /** ISO 8601; `null` before there is one. */
  readonly watermark: string | null
}

/**
 * What a job says of itself, written each epoch, so that others can look without its lock. Only advice: nothing
 * recovers from it. Times are ISO 8601.
 */
export interface JobStatus {
  readonly schemaVersion: typeof SCHEMA_VERSION
  readonly pipeline: string
  readonly state: 'running' | 'stopped' | 'failed'
  readonly pid: number
  readonly startedAt: string
  readonly updatedAt: string
  readonly workers: number
  readonly epochMs: number
  /** Starts of the tasks in this process. */
  readonly attempts: number
  /** As of the last committed epoch; 0 before the first, as is `epoch`. */
  readonly generation: number
  readonly epoch: number
  readonly splits: Readonly<Record<string, SplitStatus>>
  /** Records between the last committed epoch and the ends of the splits; `null` while nobody looked. */
  readonly lag: number | null
  /** Lowest of all splits; `null` before there is one. */
  readonly watermark: string | null
  readonly ledger: Ledger
  /** Of the plan that made the last committed epoch; empty and `null` before the first. */
  readonly planDigest: string
  readonly plan: PlanValue
  /** The newest ones, oldest first. */
  readonly checkpoints: readonly CheckpointSummary[]
  readonly error: { readonly code: ErrorCode; readonly message: string } | null
}

export type StatusStart = Pick<JobStatus, 'pipeline' | 'pid' | 'startedAt' | 'workers' | 'epochMs'>

const BEFORE_ALL = {
  generation: 0,
  epoch: 0,
  splits: {},
  lag: null,
  watermark: null,
  ledger: EMPTY_LEDGER,
  planDigest: '',
  plan: null,
  checkpoints: [],
}

/** The status of a job that has done nothing yet; figures of the last committed epoch come from the run before. */
export function initialStatus(start: StatusStart, before: JobStatus | undefined): JobStatus {
  const known = before?.pipeline === start.pipeline ? before : BEFORE_ALL
  const own = { state: 'running', attempts: 0, error: null, updatedAt: start.startedAt } as const
  return { ...known, ...own, ...start, schemaVersion: SCHEMA_VERSION }
}

/** The status in `path`; `undefined` where no job has written one. Throws `MR_STATE_FORMAT` for one of a newer version. */
export async function readStatus(files: FileStore, path: string): Promise<JobStatus | undefined> {
  if ((await files.size(path)) === undefined) return undefined
  const parsed: unknown = JSON.parse(new TextDecoder().decode(await files.read(path)))
  if (typeof parsed === 'object' && parsed !== null && 'schemaVersion' in parsed) {
    // The file is replaced whole by writeStatus alone; its version says that the fields are those of JobStatus.
    if (parsed.schemaVersion === SCHEMA_VERSION) return parsed as JobStatus
  }
  throw new MillraceError('MR_STATE_FORMAT', `${path} was written by another version of Millrace`, {
    details: { path },
  })
}

export async function writeStatus(files: FileStore, path: string, status: JobStatus): Promise<void> {
  const bytes = new TextEncoder().encode(`${JSON.stringify(status, undefined, 2)}\n`)
  await replaceAtomically(files, path, { bytes })
}
