import type { RecoveryOutcome } from '../core/checkpoint/decide-recovery.ts'
import type { EpochMarker } from '../core/checkpoint/epoch-marker.ts'
import { EMPTY_LEDGER, imbalances, type Ledger } from '../core/checkpoint/ledger.ts'
import { type Duration, durationMs, positiveMs } from '../core/model/duration.ts'
import { MillraceError, toMillraceError } from '../core/model/errors.ts'
import type { Position } from '../core/model/position.ts'
import type { Progress } from '../core/observability/progress.ts'
import type { ConnectorPorts } from '../core/ports/connector-ports.ts'
import type { Logger } from '../core/ports/logger.ts'
import type { ExecutionPlan } from '../core/runtime/execution-plan.ts'
import { Job } from '../core/runtime/job/job.ts'
import type { JobObserver, JobOptions, JobPorts } from '../core/runtime/job/job-ports.ts'
import { directoryCheckpointStore } from '../state/directory-checkpoint-store.ts'
import { deleteScratchStore, openLevelStore, openScratchStore } from '../state/level-store.ts'
import { valueCodec } from '../state/value-codec.ts'
import { type JobChoices, jobOptions } from './job-options.ts'
import { type JobPlace, jobPlace, sharedPlace } from './job-place.ts'
import { loadPipeline, moduleUrl } from './load-pipeline.ts'
import { planPipeline } from './plan-pipeline.ts'
import { inPlanOrder } from './status/ledger-text.ts'
import { ProgressReporter } from './status/progress-reporter.ts'
import { SplitEnds } from './status/split-ends.ts'
import { initialStatus, readStatus } from './status/status-file.ts'
import { StatusReporter } from './status/status-reporter.ts'
import { FAILPOINT_VARIABLE, failpointFromEnvironment } from './system/failpoints.ts'
import { stderrLogger, systemPorts } from './system/system-ports.ts'
import { cacheCompiledModules } from './threads/module-cache.ts'
import { workerLauncher } from './threads/worker-pool.ts'

/** How to run a pipeline. */
export interface RunOptions extends JobChoices {
  /** Where state, outbox and status are kept. Default: what the pipeline says, else `.millrace/<pipeline>`. */
  readonly stateDirectory?: string
  /**
   * Directory that other hosts see too: checkpoints go into a folder named as the pipeline there, and a fresh host restores
   * from it. Default: none.
   */
  readonly checkpointDirectory?: string
  /** So long the last epoch may take after `drain`; then `MR_DRAIN_TIMEOUT`. Default 60 s. */
  readonly drainTimeout?: Duration
  /** Where log lines go. Default: warnings and errors to stderr. */
  readonly logger?: Logger
  /** Called each time the tasks begin to run: at the start and after every restart. */
  readonly onRunning?: (beginning: Beginning) => void
  /** Called every `progressEvery` while the job runs. */
  readonly onProgress?: (progress: Progress) => void
  /**
   * Time between two looks at how far the job is. Default 1 s; each one asks all workers, and the sources for their ends, so a job
   * that is watched a hundred times per second pays for it.
   */
  readonly progressEvery?: Duration
  /** Called after each epoch that all sinks have. */
  readonly onCommitted?: (marker: EpochMarker) => void
  /** Called with every decision of a recovery. */
  readonly onRecovery?: (outcome: RecoveryOutcome) => void
  /** Value of `MILLRACE_FAIL`, for tests. */
  readonly failpoints?: string
}

/** With what the tasks begin. */
export interface Beginning {
  readonly pipeline: string
  readonly workers: number
  readonly epochMs: number
  /** The epoch that they go on from; 0 for a first start. */
  readonly epoch: number
}

/** What a job leaves when it has drained. */
export interface RunOutcome {
  readonly pipeline: string
  readonly stateDirectory: string
  /** Last committed epoch. */
  readonly epoch: number
  readonly positions: Readonly<Record<string, Position>>
  /** Where every record went, since the first start of the pipeline. */
  readonly ledger: Ledger
  /** Every way in which the ledger does not balance; empty where it does. */
  readonly imbalances: readonly string[]
}

export interface RunningJob {
  /**
   * Resolves when the job has drained, rejects with the coded error that ended it. Nothing of it runs then, but for
   * `MR_DRAIN_TIMEOUT`: whoever gets that must end the process.
   */
  readonly done: Promise<RunOutcome>
  /** Ends the job with one last epoch; a later start replays nothing. Idempotent. */
  drain(): void
}

const PROGRESS_EVERY: Duration = '1s'

/**
 * Runs the pipeline that `module` (a path or URL) exports by default, in this process, on worker threads.
 *
 * @example
 * const job = runPipeline(new URL('./pipeline.ts', import.meta.url), { until: 'caught-up' })
 * const { epoch } = await job.done
 */
export function runPipeline(module: string | URL, options: RunOptions = {}): RunningJob {
  const run = new PipelineRun(module, options)
  return { done: run.run(), drain: () => run.drain() }
}

/** One run, from loading the module to the last word in the status file. */
class PipelineRun {
  readonly #module: string
  readonly #options: RunOptions
  readonly #logger: Logger
  readonly #late = Promise.withResolvers<never>()
  #job: Job | undefined
  #isDraining = false
  #isOwner = false

  constructor(module: string | URL, options: RunOptions) {
    this.#module = moduleUrl(module)
    this.#options = options
    this.#logger = options.logger ?? stderrLogger()
    // Only listened to while a job runs.
    this.#late.promise.catch(() => undefined)
  }

  async run(): Promise<RunOutcome> {
    cacheCompiledModules()
    const pipeline = await loadPipeline(this.#module)
    const plan = planPipeline(pipeline)
    const place = jobPlace(pipeline, this.#options.stateDirectory)
    const connectors = systemPorts({ pipeline: pipeline.name, logger: this.#logger })
    const ends = await SplitEnds.open(plan.logical, connectors)
    try {
      return await this.#runJob({ plan, place, connectors, ends })
    } finally {
      await ends.close()
    }
  }

  drain(): void {
    if (this.#isDraining) return
    this.#isDraining = true
    this.#job?.drain()
    this.#watchDrain().catch((error: unknown) => this.#late.reject(error))
  }

  async #watchDrain(): Promise<void> {
    const timeoutMs = durationMs('drainTimeout', this.#options.drainTimeout ?? '60s')
    const timer = setTimeout(() => {
      this.#late.reject(new MillraceError('MR_DRAIN_TIMEOUT', `the job did not drain within ${timeoutMs / 1000} s`))
    }, timeoutMs)
    timer.unref()
  }

  async #runJob(parts: RunParts): Promise<RunOutcome> {
    const { plan, place, connectors, ends } = parts
    const { progressEvery = PROGRESS_EVERY } = this.#options
    const options = await jobOptions(this.#options, plan, ends.splits)
    const status = await this.#statusReporter(parts, options)
    const progress: ProgressReporter = new ProgressReporter({
      ...connectors,
      ends,
      everyMs: positiveMs('progressEvery', durationMs('progressEvery', progressEvery)),
      probe: () => this.#job?.probe(),
      moment: () => ({ epoch: status.status.epoch, state: this.#isDraining ? 'draining' : 'running' }),
      onProgress: (told, ends) => {
        status.ends(ends)
        this.#options.onProgress?.(told)
      },
    })
    const observer = this.#observer(status, { progress, starts: await ends.starts(), ends })
    const job = new Job(plan, this.#jobPorts(place, connectors), { options, observer })
    this.#job = job
    if (this.#isDraining) job.drain()
    const ticking = progress.run()
    try {
      const marker = await Promise.race([job.run(), this.#late.promise])
      status.ends(await ends.read())
      status.stopped()
      return outcomeOf({ place, plan, marker })
    } catch (thrown) {
      const error = toMillraceError(thrown, 'MR_INTERNAL')
      if (this.#isOwner) status.failed(error)
      throw error
    } finally {
      progress.stop()
      await ticking
      await status.settle()
    }
  }

  #jobPorts(place: JobPlace, connectors: ConnectorPorts): JobPorts {
    const { files, random, clock, logger, pipeline } = connectors
    const { checkpointDirectory: shared, failpoints = '' } = this.#options
    return {
      connectors,
      codec: valueCodec(),
      failpoint: failpointFromEnvironment({ [FAILPOINT_VARIABLE]: failpoints }),
      launch: workerLauncher({ module: this.#module, failpoints, clock, logger }),
      openState: async () => {
        await files.makeDirectory(place.outbox)
        const store = await openLevelStore(place.state, files)
        this.#isOwner = true
        return store
      },
      spill: {
        clear: () => deleteScratchStore(place.spill),
        open: () => openScratchStore(place.spill, files),
      },
      checkpoints:
        shared === undefined
          ? undefined
          : directoryCheckpointStore({ files, random, directory: sharedPlace(shared, pipeline) }),
      outbox: place.outbox,
    }
  }

  #observer(
    status: StatusReporter,
    watched: {
      readonly progress: ProgressReporter
      readonly starts: RunOutcome['positions']
      readonly ends: SplitEnds
    },
  ): JobObserver {
    const { onRecovery, onRunning, onCommitted } = this.#options
    const { progress, starts, ends } = watched
    return {
      ...(onRecovery === undefined ? {} : { onRecovery }),
      onRunning: (last) => {
        status.running(last)
        progress.begin(last?.positions ?? starts)
        // Splits may have appeared. `refresh` never rejects.
        ends.refresh(this.#logger).catch((error: unknown) => this.#late.reject(error))
        const { pipeline, workers, epochMs } = status.status
        onRunning?.({ pipeline, workers, epochMs, epoch: last?.epoch ?? 0 })
      },
      onCommitted: (marker) => {
        status.committed(marker)
        onCommitted?.(marker)
      },
      onProgress: (told) => {
        // `take` never rejects: what it cannot tell, it logs.
        progress.take(told).catch((error: unknown) => this.#late.reject(error))
      },
    }
  }

  async #statusReporter({ place, connectors }: RunParts, options: JobOptions): Promise<StatusReporter> {
    const { files, clock, logger, pipeline } = connectors
    const before = await readStatus(files, place.status).catch((error: unknown) => {
      logger.warn('the status file of the last run cannot be read; it begins anew', { message: String(error) })
      return undefined
    })
    const start = {
      pipeline,
      pid: process.pid,
      startedAt: new Date(clock.now()).toISOString(),
      workers: options.workers,
      epochMs: options.epochMs,
    }
    return new StatusReporter({ files, clock, logger, path: place.status }, initialStatus(start, before))
  }
}

/** Everything that a run knows before its job begins. */
interface RunParts {
  readonly plan: ExecutionPlan
  readonly place: JobPlace
  readonly connectors: ConnectorPorts
  readonly ends: SplitEnds
}

function outcomeOf(end: {
  readonly place: JobPlace
  readonly plan: ExecutionPlan
  readonly marker: EpochMarker | undefined
}): RunOutcome {
  const ledger = inPlanOrder(end.marker?.ledger ?? EMPTY_LEDGER, end.plan.logical)
  return {
    pipeline: end.plan.logical.pipeline,
    stateDirectory: end.place.directory,
    epoch: end.marker?.epoch ?? 0,
    positions: end.marker?.positions ?? {},
    ledger,
    imbalances: imbalances(ledger, end.plan.wiring),
  }
}
