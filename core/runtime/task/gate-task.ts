import type { Actor } from '../../actors/actor.ts'
import { Mailbox } from '../../actors/mailbox.ts'
import { exchangeWatermarkKey } from '../../checkpoint/epoch-marker.ts'
import type { Stage, StageInput } from '../../dataflow/physical-plan.ts'
import { Batch } from '../../model/batch.ts'
import { buffersOf } from '../exchange/batch-gatherer.ts'
import { InputGate } from '../exchange/input-gate.ts'
import type { CreditMessage, GateMessage, RecordsMessage } from '../exchange/peer-messages.ts'
import { StageTask } from './stage-task.ts'
import type { TaskContext } from './task-context.ts'

interface GateTaskMessage {
  readonly kind: 'run'
}

export interface GateTaskOptions {
  readonly context: TaskContext
  readonly stage: Stage
  readonly input: Extract<StageInput, { kind: 'exchange' }>
  /** Watermark that the checkpoint holds for this exchange. */
  readonly watermark: number
}

/** Records that came, as a batch. */
interface Held {
  readonly batch: Batch
  readonly message: RecordsMessage
}

/** Runs a stage behind an exchange: takes what its gate lets through and gives credit back when it is done with it. */
export class GateTask implements Actor<GateTaskMessage> {
  readonly stage: StageTask
  readonly #mailbox: Mailbox<GateTaskMessage>
  readonly #options: GateTaskOptions
  readonly #gate: InputGate
  /** Records whose state is on its way: everything after them waits. */
  #held: Held | undefined
  #hasBegun = false
  #isWoken = false

  constructor(options: GateTaskOptions) {
    this.#options = options
    const { context, stage, input, watermark } = options
    this.stage = new StageTask(context, { stage, watermark, onUnblocked: () => this.#wake() })
    this.#gate = new InputGate(input.exchange, context.workers, watermark)
    this.#mailbox = new Mailbox<GateTaskMessage>({
      label: `gate ${this.stage.id}`,
      actor: this,
      scheduler: context.scheduler,
      onFailure: context.fail,
    })
  }

  /**
   * Call after the state is restored: only now is anything taken, as other workers may send before. Tells the operators
   * how far event time was when the checkpoint was taken.
   */
  begin(): void {
    this.#hasBegun = true
    this.#wake()
    if (this.#gate.watermark > Number.NEGATIVE_INFINITY)
      this.stage.push({ kind: 'watermark', time: this.#gate.watermark })
  }

  /** Takes a message from a sender. It waits in the gate, which is bounded by credits; the mailbox gets one wake-up. */
  take(message: GateMessage): void {
    this.#gate.offer(message)
    this.#wake()
  }

  receive(): void {
    this.#isWoken = false
    this.#takeAll()
    this.stage.flush()
  }

  #takeAll(): void {
    while (this.#hasBegun && !this.stage.isBlocked) {
      if (this.#held !== undefined) {
        this.#pushHeld(this.#held)
        continue
      }
      const output = this.#gate.next()
      if (output === undefined) return
      if (output.kind === 'records') this.#takeRecords(output.message)
      else if (output.kind === 'watermark') this.stage.push({ kind: 'watermark', time: output.time })
      else this.#barrier(output.epoch)
    }
  }

  async close(): Promise<void> {
    this.#mailbox.close()
  }

  #wake(): void {
    if (this.#isWoken) return
    this.#isWoken = true
    this.#mailbox.post({ kind: 'run' })
  }

  #takeRecords(message: RecordsMessage): void {
    const { input } = this.#options
    const { columns, rows, system } = message
    this.stage.counts.exchange(input.exchange).received += rows
    const batch = new Batch({ schema: input.schema, columns, rows, selection: null, system })
    const held = { batch, message }
    if (this.stage.load(batch)) this.#held = held
    else this.#pushHeld(held)
  }

  #pushHeld({ batch, message }: Held): void {
    const { context, input } = this.#options
    this.#held = undefined
    this.stage.push(batch)
    const { from, columns, system } = message
    const credit: CreditMessage = {
      kind: 'credit',
      exchange: input.exchange,
      from: context.worker,
      emptied: { columns, system },
    }
    context.send(from, credit, buffersOf(columns, system))
  }

  #barrier(epoch: number): void {
    const watermarks = { [exchangeWatermarkKey(this.#options.input.exchange)]: this.#gate.watermark }
    this.stage.barrier(epoch, { positions: {}, watermarks })
  }
}
