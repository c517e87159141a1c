import type { Batch } from '../model/batch.ts'
import type { DeadLetter, PlacedRefusal, Refusal } from '../model/dead-letter.ts'
import type { Schema } from '../model/field-type.ts'
import type { OffsetRange } from '../model/position.ts'
import type { ConnectorPorts } from './connector-ports.ts'
import type { Finding } from './diagnosis.ts'
import type { PlanValue } from './operator.ts'

/** Identity and place of a sink's part in one task. */
export interface WriterContext extends ConnectorPorts {
  readonly sink: string
  /** Index of the task among the writers of this sink. */
  readonly task: number
  /** Attempt of the job: differs after every restart, so that names of files never repeat. */
  readonly generation: number
  /** Directory for outbox segments; durable names are relative to it. */
  readonly outbox: string
  /** Name of a split by its index. */
  splitOf(index: number): string
  /** Sends a record that this sink cannot take to the dead letters. */
  reject(batch: Batch, rows: Int32Array, why: Refusal): void
}

/**
 * What one task staged for one epoch: durable, invisible, plain data. `records` counts what it holds; `outbox` names
 * segment files (relative to the outbox directory) that must survive until FINALIZE. A sink at least once has its records in the
 * target already, and stages their number only.
 */
export interface Staged {
  readonly records: number
  readonly outbox: readonly string[]
  readonly content: unknown
}

/** The part of a sink that runs in a task. */
export interface StagingWriter {
  /**
   * Cuts the epoch: what was written before this call belongs to `epoch`, what comes after to the next. The cut is
   * synchronous; the promise resolves when everything is written and fsynced, or acknowledged by the target (end of P2).
   */
  stage(epoch: number): Promise<Staged>
  /** Bytes that wait for the disk or the target; above its limit the task stops feeding it until `ready` resolves. */
  readonly isBusy: boolean
  ready(): Promise<void>
  /** Forgets everything that was not staged. Idempotent. */
  abort(): Promise<void>
}

export interface RecordWriter extends StagingWriter {
  /** Copies what it keeps: the batch is only lent. Rows it cannot take go to `reject`; returns how many it took. */
  write(batch: Batch): number
  /**
   * Nothing more comes at once: a sink that sends records as they come sends them now. Called often, also where nothing was written;
   * staging does not wait for it.
   */
  flush?(): void
}

export interface DeadLetterWriter extends StagingWriter {
  writeLetters(letters: readonly DeadLetter[]): void
  /** Physical rows of a batch that failed after decoding: re-encoded, with their origin. */
  writeRows(batch: Batch, rows: Int32Array, why: PlacedRefusal): void
}

/** What a sink is about to commit: plain data, durable with the epoch, redoable from durable bytes alone. */
export interface Intent {
  /** Last epoch of this sink that was committed before; −1 for none. */
  readonly from: number
  /** The epoch that this intent commits. */
  readonly to: number
  /** Outbox segments that a redo needs. */
  readonly outbox: readonly string[]
  readonly content: unknown
}

/** What the epoch is, for the sink's own record of it. */
export interface EpochSummary {
  readonly epoch: number
  readonly committed: number
  readonly ranges: readonly OffsetRange[]
  /** Wall time decided for this epoch, epoch ms. */
  readonly now: number
}

/**
 * What a sink says of an intent, or of the last committed epoch where none is open:
 * `at-start`: it has `from`, not `to`; `at-end`: it has `to`; `staged-missing`: at start, but staged bytes are gone;
 * `replaced`: it is another table or topic than the intent was made for; `ahead`, `behind`: it has an epoch that we do
 * not know, or lacks one that we committed; `unreachable`: it cannot be read now.
 */
export type SinkStatus = 'at-start' | 'at-end' | 'staged-missing' | 'replaced' | 'ahead' | 'behind' | 'unreachable'

/** What a checkpoint knows of a sink. */
export interface KnownSink {
  /** Intent of the open epoch, if there is one. */
  readonly intent: Intent | undefined
  /** Last committed epoch; −1 for none. */
  readonly committed: number
  readonly identity: string | undefined
}

/** The part of a sink that runs on the main thread, one per sink. */
export interface Committer {
  /** Checks (or creates) the target. Throws coded errors: `MR_DELTA_SCHEMA`, `MR_DELTA_UNSUPPORTED`, … Idempotent. */
  open(): Promise<void>
  /** Identity of the target (table id, topic id), kept in the checkpoint to notice a replacement. */
  identity(): Promise<string>
  /** P3: makes the intent of an epoch from what its tasks staged; `undefined` where nothing is to be committed. */
  intend(summary: EpochSummary, staged: readonly Staged[]): Promise<Intent | undefined>
  /** Read-back: compares the target with what the checkpoint knows of it. */
  inspect(known: KnownSink): Promise<SinkStatus>
  /**
   * P5: makes the intent visible, exactly once however often it is called: it reads back before it writes and after
   * every ambiguous answer. Throws `MR_SINK_AHEAD`, `MR_DELTA_CHANGED`, `MR_STAGED_MISSING`, …
   */
  commit(intent: Intent): Promise<void>
  /** P9: housekeeping of the target after `epoch` is finalized (table checkpoint, orphans of dead generations). */
  collect(epoch: number): Promise<void>
  close(): Promise<void>
}

interface SinkDescription {
  /** Connector word: `delta`, `log`, `memory`. */
  readonly connector: string
  /** Options as plain data, for plan and digest. */
  readonly options: PlanValue
  /** Epoch length that suits this sink, ms: 30 000 for tables, 1 000 else. */
  readonly epochMs: number
}

/** What a committer gets. */
export interface CommitterContext extends ConnectorPorts {
  readonly sink: string
  readonly schema: Schema
  readonly outbox: string
}

/** The description of a sink for records in the logical plan. */
export interface RecordSinkSpec<T> extends SinkDescription {
  readonly role: 'sink'
  readonly takes: 'records'
  readonly record?: T
  /** Checks that records of this schema can be written. Throws `MR_OPTION_INVALID`, `MR_FIELD_UNKNOWN`. */
  check(schema: Schema): void
  writer(context: WriterContext, schema: Schema): RecordWriter
  committer(context: CommitterContext): Committer
  /** Looks whether the target can be written, without changing anything. Never rejects for what it looks for. */
  diagnose?(context: CommitterContext): Promise<readonly Finding[]>
}

/** The description of a sink for dead letters. */
export interface DeadLetterSinkSpec extends SinkDescription {
  readonly role: 'sink'
  readonly takes: 'dead-letters'
  writer(context: WriterContext): DeadLetterWriter
  committer(context: CommitterContext): Committer
  /** The same for the letters of a source that reads `topics`. */
  diagnose?(context: CommitterContext, topics: readonly string[]): Promise<readonly Finding[]>
}
