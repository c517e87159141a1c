import type { RestartPolicy } from '../actors/restart-policy.ts'
import { supervise } from '../actors/supervisor.ts'
import type { RecoveryOutcome } from '../checkpoint/decide-recovery.ts'
import type { EpochMarker } from '../checkpoint/epoch-marker.ts'
import { toMillraceError } from '../model/errors.ts'
import type { ByteStore } from '../ports/byte-store.ts'
import type { CheckpointStore } from '../ports/checkpoint-store.ts'
import type { ConnectorPorts } from '../ports/connector-ports.ts'
import type { Failpoint } from '../ports/failpoint.ts'
import type { Link } from '../ports/transport.ts'
import type { ValueCodec } from '../ports/value-codec.ts'
import type { ExecutionPlan } from './execution-plan.ts'
import type { HostCommand, HostEvent } from './host-messages.ts'
import { JobAttempt } from './job-attempt.ts'

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
  readonly checkpoints: CheckpointStore | undefined
  /** Directory for outbox segments. */
  readonly outbox: string
}

export interface JobOptions {
  readonly workers: number
  readonly epochMs: number
  readonly pollIntervalMs: number
  /** Read each split up to where it ends now, then stop. */
  readonly isBounded: boolean
  readonly restarts?: RestartPolicy
}

/** What a job tells about itself while it runs. */
export interface JobObserver {
  readonly onRecovery?: (outcome: RecoveryOutcome) => void
  readonly onRunning?: (last: EpochMarker | undefined) => void
  readonly onCommitted?: (marker: EpochMarker) => void
}

/**
 * One run of a pipeline in this process: recovers, runs the tasks, and restarts them from the last checkpoint where that
 * can heal a failure. `run` resolves with the last marker once the job drained; it rejects with a coded error.
 */
export class Job {
  readonly #plan: ExecutionPlan
  readonly #ports: JobPorts
  readonly #options: JobOptions
  readonly #observer: JobObserver
  #attempt: JobAttempt | undefined
  #isDraining = false

  constructor(
    plan: ExecutionPlan,
    ports: JobPorts,
    settings: { readonly options: JobOptions; readonly observer: JobObserver },
  ) {
    this.#plan = plan
    this.#ports = ports
    this.#options = settings.options
    this.#observer = settings.observer
  }

  async run(): Promise<EpochMarker | undefined> {
    const { clock, logger } = this.#ports.connectors
    const { restarts } = this.#options
    const supervision = restarts === undefined ? { clock, logger } : { clock, logger, policy: restarts }
    return supervise(
      supervision,
      async () => {
        this.#attempt = new JobAttempt(this.#plan, this.#ports, { options: this.#options, observer: this.#observer })
        if (this.#isDraining) this.#attempt.drain()
        return this.#attempt.run()
      },
      (error) => toMillraceError(error, 'MR_TASK_FAILED'),
    )
  }

  /** Ends with one last epoch; nothing is replayed at the next start. Idempotent. */
  drain(): void {
    this.#isDraining = true
    this.#attempt?.drain()
  }
}
