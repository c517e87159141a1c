import type { Stage } from '../../dataflow/physical-plan.ts'
import { planDigest } from '../../dataflow/plan-digest.ts'
import { NO_WATERMARK } from '../../model/control.ts'
import { encodeError, MillraceError } from '../../model/errors.ts'
import { freeMemory } from '../../model/free-memory.ts'
import type { ConnectorPorts } from '../../ports/connector-ports.ts'
import type { Failpoint } from '../../ports/failpoint.ts'
import type { Scheduler } from '../../ports/scheduler.ts'
import type { Source } from '../../ports/source.ts'
import type { Link } from '../../ports/transport.ts'
import type { PeerMessage } from '../exchange/peer-messages.ts'
import type { ExecutionPlan } from '../execution-plan.ts'
import { type Assignment, type HostCommand, type HostEvent, joinProgress } from '../host-messages.ts'
import { GateTask } from './gate-task.ts'
import { SourceTask } from './source-task.ts'
import { SpillClient } from './spill-client.ts'
import type { StageTask } from './stage-task.ts'
import { StateMemory } from './state-memory.ts'
import type { TaskContext } from './task-context.ts'

export interface TaskHostPorts {
  readonly plan: ExecutionPlan
  readonly connectors: ConnectorPorts
  readonly scheduler: Scheduler
  readonly failpoint: Failpoint
  /** To and from the main thread. */
  readonly control: Link<HostCommand, HostEvent>
  /** To and from every other worker, by its number; this worker's own place is empty. */
  readonly peers: readonly (Link<PeerMessage, PeerMessage> | undefined)[]
  /** Called when the host has stopped and nothing of it runs any more. */
  readonly onStopped: () => void
}

/**
 * Everything that runs on one worker: a task per stage, fed by the splits and key groups that the main thread assigned.
 * The first failure of any task silences the host: it tells the main thread once and does nothing more.
 */
export class TaskHost {
  readonly #ports: TaskHostPorts
  readonly #sources: SourceTask[] = []
  readonly #gates = new Map<string, GateTask>()
  readonly #opened: Source[] = []
  readonly #decidedTimes = new Map<number, number>()
  readonly #spill = new SpillClient({
    send: (event, transfer) => this.#tell(event, transfer),
    onReady: () => this.#onSpilled(),
  })
  /** Parts of the blocks that were sent and are not answered yet. */
  #settling = 0
  #isRunning = false
  #isSilent = false
  #unfinished = 0

  constructor(ports: TaskHostPorts) {
    this.#ports = ports
    ports.control.onMessage((command) => this.#guard(() => this.#receive(command)))
    for (const peer of ports.peers) peer?.onMessage((message) => this.#guard(() => this.#fromPeer(message)))
  }

  #receive(command: HostCommand): void {
    switch (command.kind) {
      case 'assign':
        this.#assign(command.assignment).catch((error: unknown) => this.#fail(error))
        return
      case 'restore':
        for (const stage of this.#stages()) if (stage.owns(command.block.operator)) stage.restore(command.block)
        freeMemory(command.block.block.bytes)
        return
      case 'settle':
        this.#settling++
        this.#settle()
        return
      case 'spilled':
      case 'pages':
        if (!this.#isSilent) this.#spill.receive(command)
        return
      case 'restored':
        for (const gate of this.#gates.values()) gate.begin()
        this.#ports.control.send({ kind: 'ready' })
        return
      case 'run':
        this.#isRunning = true
        for (const source of this.#sources) source.mailbox.post({ kind: 'run' })
        return
      case 'barrier':
        this.#decidedTimes.set(command.epoch + 1, command.now)
        this.#decidedTimes.delete(command.epoch - 1)
        for (const source of this.#sources) source.mailbox.post(command)
        return
      case 'probe':
        this.#ports.control.send({
          kind: 'progress',
          progress: joinProgress(this.#sources.map((source) => source.progress())),
        })
        return
      case 'stop':
        this.#stop().catch((error: unknown) => this.#tellFailure(error))
    }
  }

  /** What throws in here has no other place to go. */
  #guard(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#fail(error)
    }
  }

  async #assign(assignment: Assignment): Promise<void> {
    const { plan, control } = this.#ports
    if (planDigest(plan.logical) !== assignment.planDigest) {
      throw new MillraceError(
        'MR_PLAN_MISMATCH',
        `worker ${assignment.worker} built another plan than the main thread from the same module; it must not depend on time, chance or environment`,
      )
    }
    this.#decidedTimes.set(assignment.firstEpoch, assignment.now)
    const context = this.#context(assignment)
    for (const stage of plan.physical.stages) {
      const input = stage.input
      if (input.kind === 'source')
        this.#sources.push(await this.#sourceTask(context, { stage, source: input.source, assignment }))
      else {
        const watermark = assignment.exchangeWatermarks[input.exchange] ?? NO_WATERMARK
        this.#gates.set(input.exchange, new GateTask({ context, stage, input, watermark }))
      }
    }
    this.#unfinished = this.#sources.length
    control.send({ kind: 'ready' })
  }

  async #sourceTask(
    context: TaskContext,
    place: {
      readonly stage: Stage
      readonly source: string
      readonly assignment: Assignment
    },
  ): Promise<SourceTask> {
    const spec = this.#ports.plan.logical.specs.sources.get(place.source)
    if (spec === undefined) throw new MillraceError('MR_INTERNAL', `there is no source "${place.source}"`)
    const source = spec.open(this.#ports.connectors)
    this.#opened.push(source)
    const splits = []
    for (const owned of place.assignment.splits.filter((split) => split.source === place.source)) {
      splits.push({ owned, reader: await source.reader(owned.split, owned.position, owned.index) })
    }
    return new SourceTask({
      context,
      stage: place.stage,
      source: place.source,
      outOfOrdernessMs: spec.outOfOrdernessMs,
      splits,
      pollIntervalMs: place.assignment.pollIntervalMs,
      pollOffsets: place.assignment.pollOffsets,
      onExhausted: () => this.#exhausted(),
    })
  }

  #context(assignment: Assignment): TaskContext {
    const { plan, connectors, scheduler, failpoint } = this.#ports
    const { worker, workers, generation, keyGroups, hashSeed, splitTable, outbox, firstEpoch } = assignment
    const memory = new StateMemory({
      budgetBytes: assignment.stateMemoryBytes,
      workers,
      client: this.#spill,
      onOutgrown: () => this.#tell({ kind: 'outgrown' }),
    })
    return {
      plan,
      worker,
      workers,
      generation,
      keyGroups,
      hashSeed,
      splits: splitTable,
      outbox,
      connectors,
      scheduler,
      failpoint,
      firstEpoch,
      nowOf: (epoch) => this.#nowOf(epoch),
      memory,
      spill: this.#spill,
      send: (to, message, transfer) => this.#send(worker, { to, message, transfer }),
      report: (report) => {
        const transfer = report.blocks.map(({ block }) => block.bytes.buffer)
        // Blocks are encoded into buffers of their own, never into shared memory.
        this.#tell({ kind: 'report', report }, [...new Set(transfer)] as ArrayBuffer[])
      },
      fail: (error) => this.#fail(error),
    }
  }

  #tell(event: HostEvent, transfer: readonly ArrayBuffer[] = []): void {
    if (!this.#isSilent) this.#ports.control.send(event, transfer)
  }

  #onSpilled(): void {
    for (const gate of this.#gates.values()) gate.stage.wake()
    if (this.#isRunning) for (const source of this.#sources) source.stage.wake()
    this.#settle()
  }

  /** What blocks of state moved out of memory is written: more of them may come. */
  #settle(): void {
    if (!this.#spill.isIdle) return
    for (; this.#settling > 0; this.#settling--) this.#tell({ kind: 'ready' })
  }

  #send(
    self: number,
    parcel: { readonly to: number; readonly message: PeerMessage; readonly transfer: readonly ArrayBuffer[] },
  ): void {
    if (this.#isSilent) return
    if (parcel.to === self) this.#fromPeer(parcel.message)
    else this.#ports.peers[parcel.to]?.send(parcel.message, parcel.transfer)
  }

  #fromPeer(message: PeerMessage): void {
    if (this.#isSilent) return
    if (message.kind === 'credit') for (const stage of this.#stages()) stage.credit(message)
    else this.#gateOf(message.exchange).take(message)
  }

  #gateOf(exchange: string): GateTask {
    const gate = this.#gates.get(exchange)
    if (gate === undefined)
      throw new MillraceError('MR_EXCHANGE_PROTOCOL', `a message came for exchange "${exchange}", which is not here`)
    return gate
  }

  #stages(): readonly StageTask[] {
    return [...this.#sources, ...this.#gates.values()].map((task) => task.stage)
  }

  #nowOf(epoch: number): number {
    const now = this.#decidedTimes.get(epoch)
    if (now === undefined) throw new MillraceError('MR_INTERNAL', `the time of epoch ${epoch} was not decided`)
    return now
  }

  #exhausted(): void {
    this.#unfinished--
    if (this.#unfinished === 0) this.#ports.control.send({ kind: 'exhausted' })
  }

  #fail(error: unknown): void {
    if (this.#isSilent) return
    this.#isSilent = true
    this.#tellFailure(error)
  }

  #tellFailure(error: unknown): void {
    this.#ports.control.send({ kind: 'failed', error: encodeError(error, 'MR_TASK_FAILED') })
  }

  async #stop(): Promise<void> {
    this.#isSilent = true
    try {
      for (const task of [...this.#sources, ...this.#gates.values()]) await task.close()
      for (const stage of this.#stages()) await stage.abort()
      for (const source of this.#opened) await source.close()
    } finally {
      this.#ports.control.send({ kind: 'stopped' })
      this.#ports.onStopped()
    }
  }
}
