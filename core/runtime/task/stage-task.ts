import type { Ledger } from '../../checkpoint/ledger.ts'
import type { StoredBlock } from '../../checkpoint/state-keeper.ts'
import type { TaskReport } from '../../checkpoint/task-report.ts'
import type { Stage, StageStep } from '../../dataflow/physical-plan.ts'
import type { Batch } from '../../model/batch.ts'
import type { DeadLetter } from '../../model/dead-letter.ts'
import { MillraceError } from '../../model/errors.ts'
import type { Operator } from '../../ports/operator.ts'
import type { DeadLetterWriter, Staged, StagingWriter, WriterContext } from '../../ports/sink.ts'
import type { Spillable } from '../../ports/spill.ts'
import { ExchangeSender } from '../exchange/exchange-sender.ts'
import type { CreditMessage } from '../exchange/peer-messages.ts'
import { deadLettersOfStage } from '../execution-plan.ts'
import { Chain, type Leaf, type RejectedRows } from './chain.ts'
import type { Element } from './element.ts'
import { SinkLeaf } from './sink-leaf.ts'
import type { TaskContext } from './task-context.ts'
import { TaskCounts } from './task-counts.ts'

/** What a task adds to its report besides what its operators and sinks hand over. */
export type TaskProgress = Pick<TaskReport, 'positions' | 'watermarks'>

export interface StageTaskOptions {
  readonly stage: Stage
  /** Event time that its input had reached in the checkpoint. */
  readonly watermark: number
  readonly onUnblocked: () => void
}

/**
 * One stage on one worker: the chain of its operators, with a writer per sink, a sender per exchange and the dead
 * letters at its ends. Fed by a source task or a gate task; knows nothing of threads.
 */
export class StageTask {
  readonly id: string
  readonly counts = new TaskCounts()
  readonly #context: TaskContext
  readonly #operators: ReadonlyMap<string, Operator>
  readonly #chain: Chain
  readonly #deadLetters: { readonly sink: string; readonly writer: DeadLetterWriter }
  readonly #sinks: SinkLeaf[] = []
  readonly #senders = new Map<string, ExchangeSender>()
  readonly #onUnblocked: () => void
  /** State that the first operator behind an exchange may have outside memory. */
  readonly #spillable: Spillable | undefined
  #epoch: number
  #isWaitingForDisk = false
  #isLoading = false

  constructor(context: TaskContext, { stage, watermark, onUnblocked }: StageTaskOptions) {
    this.id = `${stage.index}/${context.worker}`
    this.#context = context
    this.#onUnblocked = onUnblocked
    this.#epoch = context.firstEpoch
    this.#operators = createOperators(context, { stage, watermark, now: () => context.nowOf(this.#epoch) })
    this.#spillable = stage.input.kind === 'exchange' ? this.#operators.get(stage.input.exchange)?.spillable : undefined
    context.memory.adopt(this.#operators)
    const sink = deadLettersOfStage(context.plan, stage)
    const spec = context.plan.logical.specs.deadLetters.get(sink)
    if (spec === undefined) throw new MillraceError('MR_INTERNAL', `there is no dead-letter sink "${sink}"`)
    this.#deadLetters = { sink, writer: spec.writer(this.#writerContext(sink, stage.index)) }
    this.#chain = new Chain({
      steps: stage.steps,
      operators: this.#operators,
      counts: this.counts,
      leafOf: (step) => this.#leafOf(step, stage),
      reject: (operator, rows) => this.#reject(operator, rows),
    })
  }

  /** True where a receiver or the disk must catch up, or state must come, before more may be pushed; `onUnblocked` is called then. */
  get isBlocked(): boolean {
    if (this.#isLoading || this.#context.spill.isBusy) return true
    for (const sender of this.#senders.values()) if (sender.isBlocked) return true
    return this.#waitsForDisk()
  }

  restore({ operator, block, followingBytes }: StoredBlock): void {
    this.#operators.get(operator)?.restore(block, followingBytes)
    this.#context.memory.fit(this.#operators)
  }

  /** What held it up may be over. */
  wake(): void {
    this.#onUnblocked()
  }

  owns(operator: string): boolean {
    return this.#operators.has(operator)
  }

  /**
   * Asks for the state outside memory that a batch needs; `false` where there is none. Else it is blocked until the state is there, and
   * the batch must be the next that is pushed.
   */
  load(batch: Batch): boolean {
    const spillable = this.#spillable
    const names = spillable?.missing(batch) ?? []
    if (spillable === undefined || names.length === 0) return false
    this.#isLoading = true
    this.#context.spill.read(names, (pages) => {
      spillable.provide(pages)
      this.#isLoading = false
      this.#onUnblocked()
    })
    return true
  }

  push(element: Element): void {
    this.#chain.push(element)
    if (element.kind === 'batch') this.#context.memory.watch(this.#operators)
  }

  /** Nothing more is pushed at once: sinks that send records as they come send what they have. */
  flush(): void {
    for (let i = 0; i < this.#sinks.length; i++) this.#sinks[i]!.writer.flush?.()
  }

  /** Records that the source refused before they became a batch. */
  refuse(letters: readonly DeadLetter[]): void {
    if (letters.length === 0) return
    this.counts.sink(this.#deadLetters.sink).in += letters.length
    this.#deadLetters.writer.writeLetters(letters)
  }

  credit({ exchange, from, emptied }: CreditMessage): void {
    this.#senders.get(exchange)?.credit(from, emptied)
  }

  /**
   * P1, P2: passes the barrier, takes over what the operators changed and lets the sinks stage; reports when all of it
   * is durable. The task itself goes on at once.
   */
  barrier(epoch: number, progress: TaskProgress): void {
    this.#chain.push({ kind: 'barrier', epoch })
    this.#epoch = epoch + 1
    this.#context.failpoint('P1-aligned')
    const blocks = this.#chain.takeBlocks()
    this.#context.memory.fit(this.#operators)
    const counts = this.counts.cut()
    const horizons = Object.fromEntries([...this.#operators].map(([id, operator]) => [id, operator.horizon]))
    const staging = this.#writers().map(async ({ sink, writer }) => ({ sink, staged: await writer.stage(epoch) }))
    this.#context.failpoint('P2-staging')
    Promise.all(staging)
      .then((staged) => {
        this.#context.failpoint('P2-staged')
        const all = withStaged(counts, staged)
        this.#context.report({ epoch, task: this.id, blocks, horizons, ...progress, counts: all, staged })
      })
      .catch(this.#context.fail)
  }

  /** Forgets what was not staged. */
  async abort(): Promise<void> {
    for (const { writer } of this.#writers()) await writer.abort()
  }

  #writers(): readonly { readonly sink: string; readonly writer: StagingWriter }[] {
    return [...this.#sinks, this.#deadLetters]
  }

  #waitsForDisk(): boolean {
    if (this.#isWaitingForDisk) return true
    const busy = this.#writers().filter(({ writer }) => writer.isBusy)
    if (busy.length === 0) return false
    this.#isWaitingForDisk = true
    Promise.all(busy.map(({ writer }) => writer.ready()))
      .then(() => {
        this.#isWaitingForDisk = false
        this.#onUnblocked()
      })
      .catch(this.#context.fail)
    return true
  }

  #leafOf(step: StageStep, stage: Stage): Leaf {
    if (step.kind === 'sink') return this.#sinkLeaf(step.id, stage)
    if (step.kind === 'exchange') return this.#sender(step.exchange)
    throw new MillraceError('MR_INTERNAL', `operator "${step.id}" is no leaf`)
  }

  #sinkLeaf(id: string, stage: Stage): Leaf {
    const { plan } = this.#context
    const spec = plan.logical.specs.sinks.get(id)
    const node = plan.logical.nodes.find((candidate) => candidate.id === id)
    if (spec === undefined || node?.kind !== 'sink' || node.takes !== 'records') {
      throw new MillraceError('MR_INTERNAL', `there is no sink "${id}"`)
    }
    const leaf = new SinkLeaf(id, spec.writer(this.#writerContext(id, stage.index), node.schema), this.counts)
    this.#sinks.push(leaf)
    return leaf
  }

  #sender(exchange: string): Leaf {
    const { plan, keyGroups, hashSeed, worker, workers, send } = this.#context
    const operator = plan.logical.specs.operators.get(exchange)
    if (operator?.keys === undefined) throw new MillraceError('MR_INTERNAL', `exchange "${exchange}" has no key`)
    const sender = new ExchangeSender({
      exchange,
      schema: operator.input,
      keys: operator.keys,
      keyGroups,
      hashSeed,
      splitOf: (index) => nameOfSplit(this.#context, index),
      worker,
      workers,
      counts: this.counts,
      send,
      onUnblocked: this.#onUnblocked,
    })
    this.#senders.set(exchange, sender)
    return sender
  }

  #writerContext(sink: string, stage: number): WriterContext {
    const { connectors, worker, workers, generation, outbox } = this.#context
    return {
      ...connectors,
      sink,
      task: stage * workers + worker,
      generation,
      outbox,
      splitOf: (index) => nameOfSplit(this.#context, index),
      reject: (batch, rows, why) => {
        this.counts.sink(sink).rejected += rows.length
        this.#reject(sink, { batch, rows, ...why })
      },
    }
  }

  #reject(stage: string, { batch, rows, code, message }: RejectedRows): void {
    this.counts.sink(this.#deadLetters.sink).in += rows.length
    this.#deadLetters.writer.writeRows(batch, rows, { code, message, stage })
  }
}

function createOperators(
  context: TaskContext,
  from: { readonly stage: Stage; readonly watermark: number; readonly now: () => number },
): ReadonlyMap<string, Operator> {
  const { plan, keyGroups } = context
  const operators = new Map<string, Operator>()
  const create = (step: StageStep, watermark: number): void => {
    if (step.kind !== 'operator') return
    const planned = plan.logical.specs.operators.get(step.id)
    if (planned === undefined) throw new MillraceError('MR_INTERNAL', `there is no operator "${step.id}"`)
    const splitOf = (index: number) => nameOfSplit(context, index)
    const operator = planned.bound.create({ id: step.id, keyGroups, splitOf, watermark, now: from.now })
    operators.set(step.id, operator)
    for (const next of step.next) create(next, watermark - (operator.outputDelayMs ?? 0))
  }
  for (const step of from.stage.steps) create(step, from.watermark)
  return operators
}

function nameOfSplit({ splits }: TaskContext, index: number): string {
  return splits[index] ?? `split-${index}`
}

/** The counts of an epoch with what its sinks staged, which is known only when they are done. */
function withStaged(counts: Ledger, staged: readonly { readonly sink: string; readonly staged: Staged }[]): Ledger {
  const sinks = { ...counts.sinks }
  for (const { sink, staged: part } of staged) {
    const before = sinks[sink] ?? { in: 0, staged: 0, rejected: 0 }
    sinks[sink] = { ...before, staged: before.staged + part.records }
  }
  return { ...counts, sinks }
}
