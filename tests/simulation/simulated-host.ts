import { createHash } from 'node:crypto'
import type { RecoveryOutcome } from '../../core/checkpoint/decide-recovery.ts'
import type { EpochMarker } from '../../core/checkpoint/epoch-marker.ts'
import type { LogicalPlan } from '../../core/dataflow/logical-plan.ts'
import type { Pipeline } from '../../core/dataflow/pipeline.ts'
import { planOf } from '../../core/dataflow/plan-of.ts'
import { MillraceError } from '../../core/model/errors.ts'
import type { ByteStore } from '../../core/ports/byte-store.ts'
import type { CheckpointStore } from '../../core/ports/checkpoint-store.ts'
import type { ConnectorPorts } from '../../core/ports/connector-ports.ts'
import type { FailpointName } from '../../core/ports/failpoint.ts'
import type { FileStore } from '../../core/ports/file-store.ts'
import type { Logger } from '../../core/ports/logger.ts'
import type { Link } from '../../core/ports/transport.ts'
import type { PeerMessage } from '../../core/runtime/exchange/peer-messages.ts'
import { executionPlan } from '../../core/runtime/execution-plan.ts'
import type { HostCommand, HostEvent } from '../../core/runtime/host-messages.ts'
import { Job } from '../../core/runtime/job/job.ts'
import type { JobOptions, SpillPlace, WorkerHandle } from '../../core/runtime/job/job-ports.ts'
import { TaskHost } from '../../core/runtime/task/task-host.ts'
import { directoryCheckpointStore } from '../../state/directory-checkpoint-store.ts'
import { keepLargeValuesInFiles, type LargeValueOptions } from '../../state/large-values.ts'
import { valueCodec } from '../../state/value-codec.ts'
import type { Incarnation } from './incarnation.ts'
import type { SimulatedBytes } from './simulated-bytes.ts'
import { SimulatedClock } from './simulated-clock.ts'
import type { SimulatedDisk } from './simulated-files.ts'
import { linkPair } from './simulated-links.ts'
import type { Simulation } from './simulation-scheduler.ts'

/** A place where a job can run: local state of its own, a disk that it shares with the other hosts. */
export interface HostPlace {
  readonly name: string
  readonly state: SimulatedBytes
  /** Where large values of the state go; absent where all go into the store. */
  readonly values?: Required<LargeValueOptions>
  readonly outbox: string
  /** Where state goes that has no room in memory; absent where all has room. */
  readonly spill?: SimulatedBytes
}

export interface HostWorld {
  readonly simulation: Simulation
  readonly disk: SimulatedDisk
  /** The same pipeline for each thread; it may hold what belongs to that. */
  readonly pipeline: (thread: Incarnation) => Pipeline
  readonly options: JobOptions
  /** Directory of the shared checkpoint store, if there is one. */
  readonly checkpoints: string | undefined
  readonly onFailpoint: (name: FailpointName, process: SimulatedProcess) => void
  readonly onRecovery: (outcome: RecoveryOutcome) => void
  readonly onCommitted: (marker: EpochMarker, process: SimulatedProcess) => void
}

/** How a life of a process ended, as far as it could tell. */
export type ProcessEnd =
  | { readonly kind: 'drained'; readonly last: EpochMarker | undefined }
  | { readonly kind: 'failed'; readonly error: MillraceError }

/** One life of one process: the real Job on simulated ports, a thread per worker. */
export class SimulatedProcess {
  readonly place: HostPlace
  readonly main: Incarnation
  readonly #world: HostWorld
  readonly #workers: Incarnation[] = []
  readonly #job: Job
  #end: ProcessEnd | undefined
  #launches = 0

  constructor(world: HostWorld, place: HostPlace) {
    this.#world = world
    this.place = place
    this.main = world.simulation.incarnation(place.name)
    const ports = this.#connectors(this.main)
    this.#job = new Job(
      executionPlan(this.#plan(this.main)),
      {
        connectors: ports,
        codec: valueCodec(),
        failpoint: (name) => world.onFailpoint(name, this),
        launch: (workers) => this.#launch(workers),
        openState: () => openState(place, this.main, ports.files),
        spill: spillPlace(place, this.main),
        checkpoints: this.#checkpoints(ports),
        outbox: place.outbox,
      },
      {
        options: world.options,
        observer: { onRecovery: world.onRecovery, onCommitted: (marker) => world.onCommitted(marker, this) },
      },
    )
    this.main.post('start', () => {
      this.#job.run().then(
        (last) => {
          this.#end = { kind: 'drained', last }
        },
        (error: unknown) => {
          this.#end = { kind: 'failed', error: asMillraceError(error) }
        },
      )
    })
  }

  /** How it ended; `undefined` while it runs, and for ever where it was killed. */
  get end(): ProcessEnd | undefined {
    return this.#end
  }

  get incarnations(): readonly Incarnation[] {
    return [this.main, ...this.#workers]
  }

  drain(): void {
    this.main.post('signal', () => this.#job.drain())
  }

  kill(kind?: 'process' | 'power'): void {
    this.#world.simulation.crash(this.incarnations, kind)
  }

  pause(): void {
    for (const incarnation of this.incarnations) incarnation.pause()
  }

  resume(): void {
    for (const incarnation of this.incarnations) incarnation.resume()
  }

  #plan(thread: Incarnation): LogicalPlan {
    return planOf(this.#world.pipeline(thread))
  }

  #checkpoints(ports: ConnectorPorts): CheckpointStore | undefined {
    const directory = this.#world.checkpoints
    return directory === undefined
      ? undefined
      : directoryCheckpointStore({ files: ports.files, directory, random: ports.random })
  }

  async #launch(workers: number): Promise<readonly WorkerHandle[]> {
    const launch = ++this.#launches
    const threads = Array.from({ length: workers }, (_, worker) =>
      this.#world.simulation.incarnation(`${this.place.name}/worker-${worker}`),
    )
    this.#workers.push(...threads)
    const peers = peerLinks(threads, `${this.place.name}-${launch}`)
    return threads.map((thread, worker) =>
      this.#startWorker(thread, { name: `${this.place.name}-${launch}-${worker}`, peers: peers[worker]! }),
    )
  }

  #startWorker(
    thread: Incarnation,
    wiring: { readonly name: string; readonly peers: readonly (Link<PeerMessage, PeerMessage> | undefined)[] },
  ): WorkerHandle {
    const [control, own] = linkPair<HostCommand, HostEvent>({ a: this.main, b: thread, name: wiring.name })
    const host = new TaskHost({
      plan: executionPlan(this.#plan(thread)),
      connectors: this.#connectors(thread),
      scheduler: thread,
      failpoint: (name) => this.#world.onFailpoint(name, this),
      control: own,
      peers: wiring.peers,
      onStopped: () => undefined,
    })
    return {
      control,
      terminate: () =>
        this.main.complete(`terminate ${wiring.name}`, () => {
          if (host !== undefined) thread.crash()
        }),
    }
  }

  #connectors(incarnation: Incarnation): ConnectorPorts {
    const { simulation, disk, pipeline } = this.#world
    return {
      files: disk.fileStore(incarnation),
      clock: new SimulatedClock(simulation, incarnation),
      random: simulation.random.fork(incarnation.name),
      logger: SILENT,
      sha256: (bytes) => createHash('sha256').update(bytes).digest('hex'),
      pipeline: pipeline(incarnation).name,
    }
  }
}

const SILENT: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined }

async function openState({ state, values }: HostPlace, owner: Incarnation, files: FileStore): Promise<ByteStore> {
  const store = await state.open(owner)
  return values === undefined ? store : keepLargeValuesInFiles(store, files, values)
}

function spillPlace({ name, spill }: HostPlace, main: Incarnation): SpillPlace {
  if (spill !== undefined) return { clear: () => spill.clear(main), open: () => spill.open(main) }
  const refuse = () => Promise.reject(new Error(`host ${name} has no place for spilled state`))
  return { clear: () => Promise.resolve(), open: refuse }
}

function peerLinks(
  threads: readonly Incarnation[],
  name: string,
): readonly (readonly (Link<PeerMessage, PeerMessage> | undefined)[])[] {
  const links: (Link<PeerMessage, PeerMessage> | undefined)[][] = threads.map(() => threads.map(() => undefined))
  for (let a = 0; a < threads.length; a++) {
    for (let b = a + 1; b < threads.length; b++) {
      const [atA, atB] = linkPair<PeerMessage, PeerMessage>({
        a: threads[a]!,
        b: threads[b]!,
        name: `${name}-${a}-${b}`,
      })
      links[a]![b] = atA
      links[b]![a] = atB
    }
  }
  return links
}

function asMillraceError(error: unknown): MillraceError {
  return error instanceof MillraceError
    ? error
    : new MillraceError('MR_INTERNAL', error instanceof Error ? (error.stack ?? error.message) : String(error))
}
