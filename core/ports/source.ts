import type { Batch } from '../model/batch.ts'
import type { Contract } from '../model/contract.ts'
import type { DeadLetter } from '../model/dead-letter.ts'
import type { Position, Split } from '../model/position.ts'
import type { ConnectorPorts } from './connector-ports.ts'
import type { SourceDiagnosis, SourceDiagnosisContext } from './diagnosis.ts'
import type { PlanValue } from './operator.ts'
import type { DeadLetterSinkSpec } from './sink.ts'

/** What one `poll` brought. Offsets tile: each offset from the last `next` to this one is consumed or never existed. */
export interface Polled {
  /**
   * Decoded records that keep the contract; `undefined` where there were none. Only lent: its memory may be used again
   * with the next poll of this reader.
   */
  readonly batch: Batch | undefined
  /** Records that violate it, with their original bytes. */
  readonly rejected: readonly DeadLetter[]
  /** Records without a value, which are filtered and counted. */
  readonly tombstones: number
  /** Records read: batch + rejected + tombstones. */
  readonly consumed: number
  /** Where the next poll goes on. */
  readonly next: Position
  /** True where nothing more was at hand. */
  readonly caughtUp: boolean
}

/** Reads one split from a position on. Used by one task; `poll` is never called while another is under way. */
export interface SplitReader {
  /**
   * Reads what is there, at most one batch, without waiting for more. Stops before offset `limit` where one is given.
   * Throws `MR_POSITION_LOST`, `MR_SOURCE_REPLACED`, `MR_LOG_CORRUPT`: never skips, never resets.
   */
  poll(limit: number | undefined): Promise<Polled>
  /**
   * Resolves when there may be more than the last poll found; never rejects. A reader that cannot tell leaves it out and is
   * polled again after a pause.
   */
  arrival?(): Promise<void>
  close(): Promise<void>
}

/** An opened source. */
export interface Source {
  /** All splits there are now, in a stable order. */
  splits(): Promise<readonly Split[]>
  /**
   * Where to begin where no checkpoint says so. `isLate`: the split appeared after the first start of the pipeline; it begins at its
   * first record, whatever the options say, or records that came before it was noticed would be lost.
   */
  startPosition(split: Split, isLate?: boolean): Promise<Position>
  /** End of the split now: the offset that the next record will get. */
  endPosition(split: Split): Promise<Position>
  /** At the first record whose timestamp in the split, epoch ms, is this one or a later one; at the end where there is none. */
  positionAt(split: Split, timestampMs: number): Promise<Position>
  /** `splitIndex` goes into the system column of its batches. */
  reader(split: Split, position: Position, splitIndex: number): Promise<SplitReader>
  /** P8: tells lag tools how far the checkpoint is. Advice only: nobody recovers from it. */
  advise(positions: ReadonlyMap<string, Position>): Promise<void>
  close(): Promise<void>
}

/** The description of a source in the logical plan. */
export interface SourceSpec<T> {
  readonly role: 'source'
  /** Connector word: `log`, `memory`, … */
  readonly connector: string
  readonly contract: Contract<T>
  /** How far records may be behind the newest one of their split, ms. Default 5000. */
  readonly outOfOrdernessMs: number
  /** Options as plain data, for plan and digest. */
  readonly options: PlanValue
  /** Where its refused records go unless the pipeline says otherwise. */
  readonly deadLetters: DeadLetterSinkSpec
  open(ports: ConnectorPorts): Source
  /** Looks whether the source can be read, without changing anything. Never rejects for what it looks for. */
  diagnose?(context: SourceDiagnosisContext): Promise<SourceDiagnosis>
}
