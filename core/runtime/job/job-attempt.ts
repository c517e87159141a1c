import { CheckpointCoordinator } from '../../checkpoint/coordinator.ts'
import type { EpochMarker } from '../../checkpoint/epoch-marker.ts'
import { type Recovered, recover } from '../../checkpoint/recover.ts'
import { SharedCheckpoints } from '../../checkpoint/shared-checkpoints.ts'
import { StateKeeper } from '../../checkpoint/state-keeper.ts'
import { describePlan } from '../../dataflow/logical-plan.ts'
import { assertCompatible } from '../../dataflow/plan-difference.ts'
import { planDigest } from '../../dataflow/plan-digest.ts'
import { decodeError, MillraceError } from '../../model/errors.ts'
import { pause } from '../../ports/clock.ts'
import type { PlanValue } from '../../ports/operator.ts'
import type { Committer } from '../../ports/sink.ts'
import type { Source } from '../../ports/source.ts'
import type { ExecutionPlan } from '../execution-plan.ts'
import { type HostCommand, type HostEvent, type HostProgress, joinProgress } from '../host-messages.ts'
import { discoverSplit, exchangeWatermarks, planSplits, type SplitPlan, splitsOfWorker } from './assignment.ts'
import { HostRounds } from './host-rounds.ts'
import type { JobObserver, JobOptions, JobPorts, JobSettings, WorkerHandle } from './job-ports.ts'
import { restoreState } from './restore-state.ts'
import { memoryOf, SpillKeeper } from './spill-keeper.ts'

/** One attempt at running a job, from recovery to its end or its first failure. Used once. */
export class JobAttempt {
  readonly #plan: ExecutionPlan
  readonly #ports: JobPorts
  readonly #options: JobOptions
  readonly #observer: JobObserver
  readonly #sources = new Map<string, Source>()
  readonly #committers = new Map<string, Committer>()
  readonly #ending = Promise.withResolvers<void>()
  readonly #stopping = new AbortController()
  readonly #spill: SpillKeeper
  readonly #stateMemoryBytes: number
  #keeper: StateKeeper | undefined
  #coordinator: CheckpointCoordinator | undefined
  #launching: Promise<readonly WorkerHandle[]> | undefined
  #handles: readonly WorkerHandle[] = []
  /** Answers to the probe under way. */
  #probed: HostProgress[] | undefined
  readonly #rounds = new HostRounds()
  #isRunning = false
  #exhausted = 0
  #isDraining = false
  #hasFoundSplits = false

  constructor(plan: ExecutionPlan, ports: JobPorts, settings: JobSettings) {
    this.#plan = plan
    this.#ports = ports
    this.#options = settings.options
    this.#observer = settings.observer
    this.#spill = new SpillKeeper(ports.spill)
    this.#stateMemoryBytes = settings.options.stateMemoryBytes ?? Number.POSITIVE_INFINITY
    // `run` awaits it once everything is started; a failure that comes before that is not unhandled.
    this.#ending.promise.catch(() => undefined)
  }

  /** Resolves with the last marker when the job has drained; rejects with its first failure. Everything is closed then. */
  async run(): Promise<EpochMarker | undefined> {
    try {
      await this.#start()
      await this.#ending.promise
      return this.#keeper?.last?.marker
    } finally {
      await this.#close()
    }
  }

  /** It ended because splits appeared, which the next attempt will own. */
  get hasFoundSplits(): boolean {
    return this.#hasFoundSplits
  }

  drain(): void {
    this.#isDraining = true
    // Before the tasks run, a barrier would reach nobody; `#start` ends the job then.
    if (this.#isRunning) this.#coordinator?.end()
  }

  probe(): void {
    if (this.#stopping.signal.aborted || this.#probed !== undefined) return
    if (!this.#isRunning) return
    this.#probed = []
    this.#broadcast({ kind: 'probe' })
  }

  async #start(): Promise<void> {
    const workers = Math.max(1, this.#options.workers)
    this.#beginLaunch(workers)
    const keeper = new StateKeeper(await this.#ports.openState(), this.#ports.codec)
    this.#keeper = keeper
    await this.#spill.begin()
    const shared = this.#sharedCheckpoints()
    await this.#openConnectors()
    const recovered = await recover({
      pipeline: this.#plan.logical.pipeline,
      keeper,
      shared,
      committers: this.#committers,
      failpoint: this.#ports.failpoint,
      logger: this.#ports.connectors.logger,
      owner: this.#ports.connectors.random.uuid(),
      accept: (sealed) => {
        if (sealed !== undefined) assertCompatible(sealed.marker.plan, describePlan(this.#plan.logical))
      },
      onDecision: (outcome) => this.#observer.onRecovery?.(outcome),
    })
    const last = recovered.last?.marker
    const splits = await planSplits(this.#sources, last, this.#options.bounds)
    const coordinator = this.#createCoordinator({ keeper, shared, recovered, splits, workers })
    this.#coordinator = coordinator
    await this.#launch(recovered, splits)
    this.#observer.onRunning?.(last)
    if (this.#isDraining) coordinator.end()
    this.#tick().catch((error: unknown) => this.#ending.reject(error))
    this.#discover(splits.table).catch((error: unknown) => this.#ending.reject(error))
  }

  /** Threads take as long to load their modules as a recovery takes: they do it meanwhile. */
  #beginLaunch(workers: number): void {
    this.#launching = this.#ports.launch(workers, (error) => this.#ending.reject(error))
    // Awaited once recovery is done; a failure that comes before that is not unhandled.
    this.#launching.catch(() => undefined)
  }

  #sharedCheckpoints(): SharedCheckpoints | undefined {
    const { checkpoints: store, codec, connectors, outbox, failpoint } = this.#ports
    return store === undefined
      ? undefined
      : new SharedCheckpoints({ store, codec, files: connectors.files, outbox, failpoint })
  }

  async #openConnectors(): Promise<void> {
    const { connectors, outbox } = this.#ports
    const { specs, nodes } = this.#plan.logical
    for (const [id, spec] of specs.sources) this.#sources.set(id, spec.open(connectors))
    for (const node of nodes) {
      if (node.kind !== 'sink') continue
      const spec = node.takes === 'records' ? specs.sinks.get(node.id) : specs.deadLetters.get(node.id)
      if (spec === undefined) throw new MillraceError('MR_INTERNAL', `there is no sink "${node.id}"`)
      const schema = node.takes === 'records' ? node.schema : { fields: [] }
      const committer = spec.committer({ ...connectors, sink: node.id, schema, outbox })
      this.#committers.set(node.id, committer)
      await committer.open()
    }
  }

  #createCoordinator(start: {
    readonly keeper: StateKeeper
    readonly shared: SharedCheckpoints | undefined
    readonly recovered: Recovered
    readonly splits: SplitPlan
    readonly workers: number
  }): CheckpointCoordinator {
    const { keeper, shared, recovered, splits, workers } = start
    const { clock, logger, random } = this.#ports.connectors
    const last = recovered.last?.marker
    return new CheckpointCoordinator(
      {
        keeper,
        shared,
        committers: this.#committers,
        sources: this.#sources,
        clock,
        logger,
        failpoint: this.#ports.failpoint,
        inject: (barrier) => this.#broadcast({ kind: 'barrier', ...barrier }),
        onCommitted: (marker) => this.#observer.onCommitted?.(marker),
        onFinished: () => this.#ending.resolve(),
        onFailure: (error) => this.#ending.reject(error),
      },
      {
        identity: {
          pipeline: this.#plan.logical.pipeline,
          planDigest: planDigest(this.#plan.logical),
          // A plan description is plain data by its definition; PlanValue only says so structurally.
          plan: describePlan(this.#plan.logical) as unknown as PlanValue,
          keyGroups: last?.keyGroups ?? this.#plan.physical.keyGroups,
          hashSeed: last?.hashSeed ?? random.uint32() | 0,
          splits: splits.table,
        },
        recovered,
        tasks: workers * this.#plan.physical.stages.length,
        wiring: this.#plan.wiring,
        now: last?.timeLog.at(-1)?.now ?? clock.now(),
        begins: splits.begins,
      },
    )
  }

  async #launch(recovered: Recovered, splits: SplitPlan): Promise<void> {
    this.#handles = (await this.#launching) ?? []
    for (const [worker, { control }] of this.#handles.entries()) {
      control.onMessage((event) => this.#receive(event, worker))
    }
    await this.#everyHost(() => this.#assign(recovered, splits))
    await this.#restore()
    await this.#everyHost(() => this.#broadcast({ kind: 'restored' }))
    this.#isRunning = true
    this.#broadcast({ kind: 'run' })
  }

  /** Sends something to all hosts and waits until each says that it is ready for what comes next. */
  async #everyHost(send: () => void): Promise<void> {
    const answered = this.#rounds.begin(this.#handles.length)
    send()
    await Promise.race([answered, this.#ending.promise])
  }

  #assign(recovered: Recovered, { splits, table }: SplitPlan): void {
    const last = recovered.last?.marker
    const identity = this.#coordinator!.identity
    for (const [worker, { control }] of this.#handles.entries()) {
      const assignment = {
        generation: recovered.generation,
        worker,
        workers: this.#handles.length,
        planDigest: identity.planDigest,
        keyGroups: identity.keyGroups,
        hashSeed: identity.hashSeed,
        firstEpoch: recovered.usedEpochs + 1,
        now: this.#coordinator!.firstNow,
        splitTable: table,
        splits: splitsOfWorker(splits, worker, this.#handles.length),
        exchangeWatermarks: exchangeWatermarks(last),
        outbox: this.#ports.outbox,
        stateMemoryBytes: this.#stateMemoryBytes / this.#handles.length,
        pollIntervalMs: this.#options.pollIntervalMs,
        pollOffsets: this.#options.pollOffsets,
      }
      control.send({ kind: 'assign', assignment })
    }
  }

  #restore(): Promise<void> {
    return restoreState({
      blocks: this.#keeper!.blocks('head'),
      handles: this.#handles,
      rounds: this.#rounds,
      stateMemoryBytes: this.#stateMemoryBytes,
      failed: this.#ending.promise,
    })
  }

  #receive(event: HostEvent, worker: number): void {
    switch (event.kind) {
      case 'ready':
        this.#rounds.answer(worker)
        return
      case 'report':
        this.#coordinator?.report(event.report)
        return
      case 'exhausted':
        if (++this.#exhausted === this.#handles.length) this.#coordinator?.end()
        return
      case 'progress':
        this.#takeProgress(event.progress)
        return
      case 'spill':
      case 'read':
        this.#spill
          .serve(event, worker)
          .then((answer) => this.#handles[worker]?.control.send(answer, memoryOf(answer)))
          .catch((error: unknown) => this.#ending.reject(error))
        return
      case 'outgrown':
        this.#coordinator?.due()
        return
      case 'failed':
        this.#ending.reject(decodeError(event.error))
        return
      case 'stopped':
    }
  }

  #takeProgress(progress: HostProgress): void {
    const answers = this.#probed
    answers?.push(progress)
    if (answers === undefined || answers.length < this.#handles.length) return
    this.#probed = undefined
    this.#observer.onProgress?.(joinProgress(answers))
  }

  #broadcast(command: HostCommand): void {
    for (const { control } of this.#handles) control.send(command)
  }

  /** Asks for a barrier once per epoch length until the attempt ends. */
  async #tick(): Promise<void> {
    const { clock } = this.#ports.connectors
    while ((await pause(clock, this.#options.epochMs, this.#stopping.signal)) === 'over') this.#coordinator?.due()
  }

  /** Looks for splits that appeared; the attempt then ends with a last epoch. */
  async #discover(table: readonly string[]): Promise<void> {
    const { discoverMs: everyMs, bounds } = this.#options
    if (everyMs === undefined || bounds !== undefined) return
    const { signal } = this.#stopping
    const found = await discoverSplit(this.#sources, { ...this.#ports.connectors, table, everyMs, signal })
    if (found === undefined) return
    this.#hasFoundSplits = true
    this.#coordinator?.end()
  }

  /** Lets a running commit end, then ends the workers and gives the state back. */
  async #close(): Promise<void> {
    this.#stopping.abort()
    await this.#coordinator?.settle()
    try {
      await this.#terminateWorkers()
      for (const committer of this.#committers.values()) await committer.close()
      for (const source of this.#sources.values()) await source.close()
    } finally {
      // Whatever else fails: a state that stays locked would make every later attempt fail.
      await this.#spill.close().finally(() => this.#keeper?.close())
    }
  }
  async #terminateWorkers(): Promise<void> {
    // A launch that failed has no threads, and `#start` told why.
    const handles = (await this.#launching?.catch(() => [])) ?? []
    await Promise.all(handles.map((handle) => handle.terminate()))
  }
}
