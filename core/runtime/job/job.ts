import { supervise } from '../../actors/supervisor.ts'
import type { EpochMarker } from '../../checkpoint/epoch-marker.ts'
import { toMillraceError } from '../../model/errors.ts'
import type { ExecutionPlan } from '../execution-plan.ts'
import { JobAttempt } from './job-attempt.ts'
import type { JobPorts, JobSettings } from './job-ports.ts'

/**
 * One run of a pipeline in this process: recovers, runs the tasks, and restarts them from the last checkpoint where that
 * can heal a failure. `run` resolves with the last marker once the job drained; it rejects with a coded error.
 */
export class Job {
  readonly #plan: ExecutionPlan
  readonly #ports: JobPorts
  readonly #settings: JobSettings
  #attempt: JobAttempt | undefined
  #isDraining = false

  constructor(plan: ExecutionPlan, ports: JobPorts, settings: JobSettings) {
    this.#plan = plan
    this.#ports = ports
    this.#settings = settings
  }

  async run(): Promise<EpochMarker | undefined> {
    const { clock, logger } = this.#ports.connectors
    const { restarts } = this.#settings.options
    const supervision = restarts === undefined ? { clock, logger } : { clock, logger, policy: restarts }
    return supervise(
      supervision,
      () => this.#runToEnd(),
      (error) => toMillraceError(error, 'MR_TASK_FAILED'),
    )
  }

  /** One attempt after the other as long as each ends only because splits appeared. */
  async #runToEnd(): Promise<EpochMarker | undefined> {
    for (;;) {
      const attempt = new JobAttempt(this.#plan, this.#ports, this.#settings)
      this.#attempt = attempt
      if (this.#isDraining) attempt.drain()
      const marker = await attempt.run()
      if (!attempt.hasFoundSplits || this.#isDraining) return marker
    }
  }

  /** Asks the workers how far they are; `onProgress` is called when all of them said so. Nothing happens between attempts. */
  probe(): void {
    this.#attempt?.probe()
  }

  /** Ends with one last epoch; nothing is replayed at the next start. Idempotent. */
  drain(): void {
    this.#isDraining = true
    this.#attempt?.drain()
  }
}
