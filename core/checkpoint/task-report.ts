import type { Position } from '../model/position.ts'
import type { Staged } from '../ports/sink.ts'
import type { Ledger } from './ledger.ts'
import type { OwnedBlock } from './state-keeper.ts'

/** What one task hands over at a barrier, sent when its sinks have staged everything durably (end of P2). */
export interface TaskReport {
  readonly epoch: number
  readonly task: string
  readonly blocks: readonly OwnedBlock[]
  /** Per operator: entries older than this no longer matter. */
  readonly horizons: Readonly<Record<string, number>>
  readonly positions: Readonly<Record<string, Position>>
  /** As in the marker: per split, and per exchange under `exchangeWatermarkKey`. */
  readonly watermarks: Readonly<Record<string, number>>
  /** Counts since the barrier before. */
  readonly counts: Ledger
  readonly staged: readonly { readonly sink: string; readonly staged: Staged }[]
}
