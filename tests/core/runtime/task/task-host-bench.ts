import { MemoryTopic, memorySource } from '../../../../connectors/memory/index.ts'
import { pipeline } from '../../../../core/dataflow/pipeline.ts'
import { planDigest } from '../../../../core/dataflow/plan-digest.ts'
import { planOf } from '../../../../core/dataflow/plan-of.ts'
import { contract, string } from '../../../../core/model/contract.ts'
import { NO_WATERMARK } from '../../../../core/model/control.ts'
import type { ConnectorPorts } from '../../../../core/ports/connector-ports.ts'
import type { OperatorFunction } from '../../../../core/ports/operator.ts'
import type { RecordSinkSpec, RecordWriter, Staged } from '../../../../core/ports/sink.ts'
import type { Link } from '../../../../core/ports/transport.ts'
import type { PeerMessage } from '../../../../core/runtime/exchange/peer-messages.ts'
import { executionPlan } from '../../../../core/runtime/execution-plan.ts'
import type { Assignment, HostCommand, HostEvent, OwnedSplit } from '../../../../core/runtime/host-messages.ts'
import { TaskHost } from '../../../../core/runtime/task/task-host.ts'
import { deduplicate } from '../../../../operators/index.ts'
import { ManualClock, settle } from '../../../manual-clock.ts'
import { SimulatedDisk } from '../../../simulation/simulated-files.ts'
import { Simulation } from '../../../simulation/simulation-scheduler.ts'

export const order = contract('order', { id: string() })

/** A sink whose disk a test holds in its hand. */
export class SlowWriter implements RecordWriter {
  isBusy = false
  aborted = 0
  readonly ids: unknown[] = []
  /** The same, as they were when it was told that nothing more comes at once, where there were more. */
  readonly bursts: unknown[][] = []
  #told = 0
  staging: Promise<void> = Promise.resolve()
  #ready = Promise.withResolvers<void>()
  #unstaged = 0

  write(batch: Parameters<RecordWriter['write']>[0]): number {
    for (let i = 0; i < batch.count; i++) this.ids.push(batch.at(i).id)
    this.#unstaged += batch.count
    return batch.count
  }

  flush(): void {
    if (this.ids.length > this.#told) this.bursts.push(this.ids.slice(this.#told))
    this.#told = this.ids.length
  }

  async stage(): Promise<Staged> {
    const records = this.#unstaged
    this.#unstaged = 0
    await this.staging
    return { records, outbox: [], content: null }
  }

  ready(): Promise<void> {
    return this.#ready.promise
  }

  catchUp(): void {
    this.isBusy = false
    this.#ready.resolve()
    this.#ready = Promise.withResolvers()
  }

  async abort(): Promise<void> {
    this.aborted++
  }
}

function sinkOf(writer: RecordWriter): RecordSinkSpec<{ readonly id: string }> {
  return {
    role: 'sink',
    takes: 'records',
    connector: 'slow',
    options: {},
    epochMs: 1000,
    check: () => undefined,
    writer: () => writer,
    committer: () => {
      throw new Error('a worker commits nothing')
    },
  }
}

/** Passes everything on and notes what time it is in the epoch of each batch. */
function noting<T>(nows: number[]): OperatorFunction<T, T> {
  return (upstream) =>
    upstream.append<T>({
      name: 'noting',
      id: 'noting',
      options: {},
      exchange: undefined,
      stateful: false,
      bind: (input) => ({
        output: input,
        create: (context) => ({
          onBatch: (batch, output) => {
            nows.push(context.now())
            output.emit(batch)
          },
          onWatermark: () => undefined,
          snapshot: () => [],
          restore: () => undefined,
          horizon: Number.NEGATIVE_INFINITY,
        }),
      }),
    })
}

/** One worker out of `workers`, with the test as main thread and as all other workers. */
export class Bench {
  readonly topic: MemoryTopic<{ readonly id: string }>
  readonly writer = new SlowWriter()
  readonly events: HostEvent[] = []
  readonly toPeer: PeerMessage[] = []
  readonly clock = new ManualClock()
  /** What `ctx.now()` gave at each batch. */
  readonly nows: number[] = []
  stopped = 0
  readonly #workers: number
  readonly #plan
  #command: (command: HostCommand) => void = () => undefined
  #fromPeer: (message: PeerMessage) => void = () => undefined

  /** `isKeyed`: an exchange is between source and sink. */
  constructor(workers = 1, { partitions = 1, isKeyed = true } = {}) {
    this.#workers = workers
    this.topic = new MemoryTopic({ name: 'orders', partitions })
    const source = memorySource({ contract: order, splits: this.topic })
    this.#plan = executionPlan(
      planOf(
        pipeline('orders', ({ from }) => {
          const orders = from('raw', source).pipe(noting(this.nows))
          const unique = isKeyed ? orders.pipe(deduplicate({ key: 'id', ttl: '1h', id: 'unique' })) : orders
          unique.to('table', sinkOf(this.writer))
        }),
      ),
    )
    const control: Link<HostCommand, HostEvent> = {
      send: (event) => this.events.push(event),
      onMessage: (receive) => {
        this.#command = receive
      },
      close: () => undefined,
    }
    const peer: Link<PeerMessage, PeerMessage> = {
      send: (message) => this.toPeer.push(message),
      onMessage: (receive) => {
        this.#fromPeer = receive
      },
      close: () => undefined,
    }
    new TaskHost({
      plan: this.#plan,
      connectors: connectorPorts(this.clock),
      scheduler: { post: (_, run) => queueMicrotask(run) },
      failpoint: () => undefined,
      control,
      peers: workers === 1 ? [undefined] : [undefined, peer],
      onStopped: () => {
        this.stopped++
      },
    })
  }

  async tell(...commands: readonly HostCommand[]): Promise<void> {
    for (const command of commands) this.#command(command)
    await settle()
  }

  async peerSends(...messages: readonly PeerMessage[]): Promise<void> {
    for (const message of messages) this.#fromPeer(message)
    await settle()
  }

  /** `watermark`: how far event time was in the checkpoint, for every split. */
  assign(change: Partial<Assignment> = {}, watermark = NO_WATERMARK): HostCommand {
    const splits = Array.from(
      { length: this.topic.partitions },
      (_, partition): OwnedSplit => ({
        source: 'raw',
        split: { id: `orders-${partition}`, topic: 'orders', partition },
        index: partition,
        position: { offset: 0, incarnation: this.topic.id },
        watermark,
        limit: undefined,
      }),
    )
    const assignment: Assignment = {
      generation: 1,
      worker: 0,
      workers: this.#workers,
      planDigest: planDigest(this.#plan.logical),
      keyGroups: 256,
      hashSeed: 0,
      firstEpoch: 1,
      now: 1000,
      splitTable: splits.map(({ split }) => split.id),
      splits,
      exchangeWatermarks: {},
      outbox: '/outbox',
      stateMemoryBytes: Number.POSITIVE_INFINITY,
      pollIntervalMs: 5,
      pollOffsets: undefined,
      ...change,
    }
    return { kind: 'assign', assignment }
  }

  /** Brings the host to where its tasks run. */
  async run(): Promise<void> {
    await this.tell(this.assign())
    await this.tell({ kind: 'restored' })
    await this.tell({ kind: 'run' })
  }

  get kinds(): readonly string[] {
    return this.events.map(({ kind }) => kind)
  }

  get failure(): string | undefined {
    const failed = this.events.find((event) => event.kind === 'failed')
    return failed?.error.code
  }
}

function connectorPorts(clock: ManualClock): ConnectorPorts {
  const simulation = new Simulation(1)
  const quiet = () => undefined
  return {
    files: new SimulatedDisk(simulation).fileStore(simulation.incarnation('test')),
    clock,
    random: simulation.random,
    logger: { info: quiet, warn: quiet, error: quiet },
    sha256: () => '',
    pipeline: 'orders',
  }
}
