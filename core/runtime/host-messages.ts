import type { StoredBlock } from '../checkpoint/state-keeper.ts'
import type { TaskReport } from '../checkpoint/task-report.ts'
import type { EncodedError } from '../model/errors.ts'
import type { Position, Split } from '../model/position.ts'
import type { SpillChange } from '../ports/spill.ts'

/** A split that a worker reads, and from where. */
export interface OwnedSplit {
  readonly source: string
  readonly split: Split
  /** Index in the job's table of splits. */
  readonly index: number
  readonly position: Position
  readonly watermark: number
  /** Read up to this offset, exclusive, in a bounded run; a position that is past it is its end. */
  readonly limit: number | undefined
}

/** What one worker is to do in one generation. */
export interface Assignment {
  readonly generation: number
  readonly worker: number
  readonly workers: number
  readonly planDigest: string
  readonly keyGroups: number
  readonly hashSeed: number
  readonly firstEpoch: number
  /** What `ctx.now()` gives in the first epoch. */
  readonly now: number
  readonly splitTable: readonly string[]
  readonly splits: readonly OwnedSplit[]
  /** Watermark per exchange at the checkpoint. */
  readonly exchangeWatermarks: Readonly<Record<string, number>>
  readonly outbox: string
  /** What the state of this worker may take in memory. */
  readonly stateMemoryBytes: number
  readonly pollIntervalMs: number
  /** Offsets that one poll may pass at most; `undefined`: as many as the source likes. */
  readonly pollOffsets: number | undefined
}

/** How far a worker is, between two barriers as well: for people, never for recovery. */
export interface HostProgress {
  readonly positions: Readonly<Record<string, Position>>
  /** Watermark per split, epoch ms. */
  readonly watermarks: Readonly<Record<string, number>>
}

/** The progress of parts that read different splits, as one. */
export function joinProgress(parts: readonly HostProgress[]): HostProgress {
  return {
    positions: Object.assign({}, ...parts.map((part) => part.positions)),
    watermarks: Object.assign({}, ...parts.map((part) => part.watermarks)),
  }
}

/** What the main thread, which keeps spilled state, answers to `spill` and `read`. */
export type SpillAnswer =
  | { readonly kind: 'spilled'; readonly bytes: number }
  | { readonly kind: 'pages'; readonly request: number; readonly pages: readonly Uint8Array[] }

/** From the main thread to the host of a worker. Every message carries plain data. */
export type HostCommand =
  | { readonly kind: 'assign'; readonly assignment: Assignment }
  | { readonly kind: 'restore'; readonly block: StoredBlock }
  /** A part of the blocks was sent: answered when what they moved out of memory is written. */
  | { readonly kind: 'settle' }
  /** Every block of this worker was sent: no record of any worker comes before this is answered by all. */
  | { readonly kind: 'restored' }
  | { readonly kind: 'run' }
  | { readonly kind: 'barrier'; readonly epoch: number; readonly now: number; readonly isFinal: boolean }
  | { readonly kind: 'probe' }
  | { readonly kind: 'stop' }
  | SpillAnswer

/** From the host of a worker to the main thread. */
export type HostEvent =
  /** Answers `assign`, `settle` and `restored`. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'report'; readonly report: TaskReport }
  | { readonly kind: 'exhausted' }
  | { readonly kind: 'progress'; readonly progress: HostProgress }
  /** State to write to disk, and to forget there. */
  | { readonly kind: 'spill'; readonly change: SpillChange }
  /** State to read back. */
  | { readonly kind: 'read'; readonly request: number; readonly names: readonly string[] }
  /** State outgrew its budget since the last barrier: the next one is wanted now. */
  | { readonly kind: 'outgrown' }
  | { readonly kind: 'failed'; readonly error: EncodedError }
  | { readonly kind: 'stopped' }
