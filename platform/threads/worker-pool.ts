import { env } from 'node:process'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { Piscina } from 'piscina'
import { MillraceError } from '../../core/model/errors.ts'
import { type Clock, pause } from '../../core/ports/clock.ts'
import type { Logger } from '../../core/ports/logger.ts'
import type { Link } from '../../core/ports/transport.ts'
import type { HostCommand, HostEvent } from '../../core/runtime/host-messages.ts'
import type { LaunchWorkers, WorkerHandle } from '../../core/runtime/job/job-ports.ts'
import { messagePortLink } from './message-port-link.ts'
import { cacheCompiledModules, keepCompiledModules } from './module-cache.ts'
import { forwardLog } from './port-logger.ts'
import type { WorkerTask } from './worker-task.ts'

export interface WorkerPoolOptions {
  /** URL of the pipeline module that every worker imports. */
  readonly module: string
  /** Value of `MILLRACE_FAIL` for the workers, empty for none. */
  readonly failpoints: string
  readonly clock: Clock
  readonly logger: Logger
}

/** So long the hosts may take to close what they have open before their threads are ended. */
const STOP_DEADLINE_MS = 2_000

/**
 * Room for new objects on each thread. Batches are few and die young, so that more would only be filled for longer: V8
 * would take up to 134 MB per thread in the course of a run.
 */
const YOUNG_GENERATION_MB = 24

/** Starts threads for the workers of a job, one long-lived task on each; Node's options of this process hold for them. */
export function workerLauncher(options: WorkerPoolOptions): LaunchWorkers {
  keepCompiledModules()
  return async (workers, onDeath) => new WorkerPool(options, workers, onDeath).handles
}

/** Ends of the channels that one worker gets and the main thread keeps. */
interface Wiring {
  readonly task: WorkerTask
  readonly control: MessagePort
  readonly log: MessagePort
}

/** The threads of one generation. They live and end together: tasks are only ever restarted all at once. */
class WorkerPool {
  readonly handles: readonly WorkerHandle[]
  readonly #options: WorkerPoolOptions
  readonly #pool: Piscina<WorkerTask, void>
  readonly #wirings: readonly Wiring[]
  readonly #links: readonly Link<HostEvent, HostCommand>[]
  readonly #running: readonly Promise<void>[]
  #ending: Promise<void> | undefined

  constructor(options: WorkerPoolOptions, workers: number, onDeath: (error: unknown) => void) {
    this.#options = options
    this.#pool = createPool(workers, options.logger)
    this.#wirings = wire(workers, options)
    this.#links = this.#wirings.map(({ control }) => messagePortLink<HostEvent, HostCommand>(control, onDeath))
    this.#running = this.#wirings.map((wiring, worker) => this.#run(wiring, worker, onDeath))
    this.handles = this.#links.map((control) => ({ control, terminate: () => this.#end() }))
  }

  /** Settles when the task ended, however it did; tells `onDeath` where nobody had asked for it. */
  async #run({ task, log }: Wiring, worker: number, onDeath: (error: unknown) => void): Promise<void> {
    forwardLog(log, this.#options.logger, worker)
    const ports = [task.control, task.log, ...task.peers.filter((port) => port !== null)]
    let reason = 'its task ended'
    let cause: unknown
    try {
      await this.#pool.run(task, { transferList: ports })
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error)
      cause = error
    }
    if (this.#ending !== undefined) return
    onDeath(new MillraceError('MR_WORKER_DIED', `worker ${worker} died: ${reason}`, { details: { worker }, cause }))
  }

  #end(): Promise<void> {
    this.#ending ??= this.#stopAndDestroy()
    return this.#ending
  }

  async #stopAndDestroy(): Promise<void> {
    // Yields first, so that `#ending` is set before anything can end.
    await Promise.resolve()
    for (const link of this.#links) link.send({ kind: 'stop' })
    const deadline = new AbortController()
    const late = pause(this.#options.clock, STOP_DEADLINE_MS, deadline.signal)
    await Promise.race([Promise.all(this.#running), late])
    deadline.abort()
    for (const { control, log } of this.#wirings) {
      control.close()
      log.close()
    }
    await this.#pool.destroy()
  }
}

function createPool(workers: number, logger: Logger): Piscina<WorkerTask, void> {
  const main = import.meta.url.endsWith('.ts') ? './worker-main.ts' : './built-worker.js'
  const pool = new Piscina<WorkerTask, void>({
    filename: new URL(main, import.meta.url).href,
    minThreads: workers,
    maxThreads: workers,
    env: { ...env, ...cacheCompiledModules() },
    concurrentTasksPerWorker: 1,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    recordTiming: false,
    atomics: 'disabled',
  })
  pool.on('error', (error: unknown) => logger.error('a thread failed outside its task', { message: String(error) }))
  return pool
}

function wire(workers: number, options: WorkerPoolOptions): readonly Wiring[] {
  const peers = peerPorts(workers)
  return peers.map((own, worker) => {
    const control = new MessageChannel()
    const log = new MessageChannel()
    const { module, failpoints } = options
    const task = { worker, module, failpoints, control: control.port2, log: log.port2, peers: own }
    return { task, control: control.port1, log: log.port1 }
  })
}

/** A channel for every pair of workers, as a row of ports for each of them. */
function peerPorts(workers: number): readonly (readonly (MessagePort | null)[])[] {
  const rows = Array.from({ length: workers }, () => new Array<MessagePort | null>(workers).fill(null))
  for (let a = 0; a < workers; a++) {
    for (let b = a + 1; b < workers; b++) {
      const { port1, port2 } = new MessageChannel()
      rows[a]![b] = port1
      rows[b]![a] = port2
    }
  }
  return rows
}
