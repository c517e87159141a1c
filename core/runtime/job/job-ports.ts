import type { RestartPolicy } from '../../actors/restart-policy.ts'
import type { RecoveryOutcome } from '../../checkpoint/decide-recovery.ts'
import type { EpochMarker } from '../../checkpoint/epoch-marker.ts'
import type { ByteStore } from '../../ports/byte-store.ts'
import type { CheckpointStore } from '../../ports/checkpoint-store.ts'
import type { ConnectorPorts } from '../../ports/connector-ports.ts'
import type { Failpoint } from '../../ports/failpoint.ts'
import type { Link } from '../../ports/transport.ts'
import type { ValueCodec } from '../../ports/value-codec.ts'
import type { HostCommand, HostEvent, HostProgress } from '../host-messages.ts'
import type { Bounds } from './bounds.ts'

/** A started worker as the main thread sees it. */
export interface WorkerHandle {
  readonly control: Link<HostEvent, HostCommand>
  /** Ends the thread, whatever it does. Nothing arrives on `control` afterwards. */
  terminate(): Promise<void>
}

/** Starts the workers of one generation, linked with each other; `onDeath` is called for one that ends unasked. */
export type LaunchWorkers = (workers: number, onDeath: (error: unknown) => void) => Promise<readonly WorkerHandle[]>

/** The real world as a job sees it. */
export interface JobPorts {
  readonly connectors: ConnectorPorts
  readonly codec: ValueCodec
  readonly failpoint: Failpoint
  readonly launch: LaunchWorkers
  /** Opens the local state; throws `MR_STATE_LOCKED` while somebody else has it. */
  readonly openState: () => Promise<ByteStore>
  readonly spill: SpillPlace
  readonly checkpoints: CheckpointStore | undefined
  /** Directory for outbox segments. */
  readonly outbox: string
}

/** Where state goes that has no room in memory. Nothing there outlives an attempt. */
export interface SpillPlace {
  /** Deletes whatever an earlier attempt left. Nobody has it open. */
  readonly clear: () => Promise<void>
  /** Opens it, empty after `clear`. */
  readonly open: () => Promise<ByteStore>
}

export interface JobOptions {
  readonly workers: number
  readonly epochMs: number
  readonly pollIntervalMs: number
  /** Offsets that one poll may pass at most. Default: as many as the source likes. */
  readonly pollOffsets?: number
  /** Read each split up to its bound, then stop. Default: go on for ever. */
  readonly bounds?: Bounds
  readonly restarts?: RestartPolicy
  /** Memory that the state of all workers may take together, bytes. Default: no limit. */
  readonly stateMemoryBytes?: number
  /** Time between looks for splits that appeared. Default: it never looks; nor does a bounded run. */
  readonly discoverMs?: number
}

/** How a job is run and who watches it. */
export interface JobSettings {
  readonly options: JobOptions
  readonly observer: JobObserver
}

/** What a job tells about itself while it runs. */
export interface JobObserver {
  readonly onRecovery?: (outcome: RecoveryOutcome) => void
  readonly onRunning?: (last: EpochMarker | undefined) => void
  readonly onCommitted?: (marker: EpochMarker) => void
  /** The answer of all workers to a probe. */
  readonly onProgress?: (progress: HostProgress) => void
}
