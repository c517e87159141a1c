import { NO_WATERMARK } from '../../model/control.ts'
import { MillraceError } from '../../model/errors.ts'
import type { GateMessage, RecordsMessage } from './peer-messages.ts'

/** What comes out of a gate, in an order that every sender would agree to. */
export type GateOutput =
  | { readonly kind: 'records'; readonly message: RecordsMessage }
  | { readonly kind: 'watermark'; readonly time: number }
  | { readonly kind: 'barrier'; readonly epoch: number }

interface Input {
  readonly waiting: GateMessage[]
  watermark: number
  /** The barrier that this input has reached and others have not yet. */
  barrier: number | undefined
}

/**
 * The receiving end of an exchange: joins the messages of all senders. An input that reached a barrier waits until all
 * have (alignment); the watermark is the minimum over the inputs and never goes back. A sender without anything to read
 * says +∞ once and holds nobody back.
 */
export class InputGate {
  readonly #exchange: string
  readonly #inputs: readonly Input[]
  #watermark: number
  /** The input that is looked at first: each in turn, so that a busy one starves nobody. */
  #turn = 0

  constructor(exchange: string, senders: number, watermark: number) {
    this.#exchange = exchange
    this.#watermark = watermark
    this.#inputs = Array.from({ length: senders }, () => ({ waiting: [], watermark: NO_WATERMARK, barrier: undefined }))
  }

  get watermark(): number {
    return this.#watermark
  }

  /** Takes a message from a sender; it may have to wait. */
  offer(message: GateMessage): void {
    const input = this.#inputs[message.from]
    if (input === undefined)
      throw new MillraceError('MR_EXCHANGE_PROTOCOL', `exchange "${this.#exchange}" has no sender ${message.from}`)
    // A sender needs no credit for watermarks: only the newest of a run counts, so what waits stays bounded.
    if (message.kind === 'watermark' && input.waiting.at(-1)?.kind === 'watermark') input.waiting.pop()
    input.waiting.push(message)
  }

  /** The next thing that may be handled, `undefined` where nothing may. */
  next(): GateOutput | undefined {
    const count = this.#inputs.length
    for (let i = 0; i < count; i++) {
      const index = (this.#turn + i) % count
      const output = this.#nextOf(this.#inputs[index]!)
      if (output === undefined) continue
      this.#turn = (index + 1) % count
      return output
    }
    return undefined
  }

  #nextOf(input: Input): GateOutput | undefined {
    while (input.barrier === undefined && input.waiting.length > 0) {
      const output = this.#take(input, input.waiting.shift()!)
      if (output !== undefined) return output
    }
    return undefined
  }

  #take(input: Input, message: GateMessage): GateOutput | undefined {
    switch (message.kind) {
      case 'records':
        return { kind: 'records', message }
      case 'watermark':
        input.watermark = Math.max(input.watermark, message.time)
        return this.#advanceWatermark()
      case 'barrier':
        input.barrier = message.epoch
        return this.#align(message.epoch)
    }
  }

  #advanceWatermark(): GateOutput | undefined {
    const time = Math.min(...this.#inputs.map((input) => input.watermark))
    // +∞ of all: no sender has anything to read; a split that is found later must still be in time.
    if (time <= this.#watermark || time === Number.POSITIVE_INFINITY) return undefined
    this.#watermark = time
    return { kind: 'watermark', time }
  }

  #align(epoch: number): GateOutput | undefined {
    if (!this.#inputs.every((input) => input.barrier !== undefined)) return undefined
    for (const input of this.#inputs) {
      if (input.barrier !== epoch) {
        throw new MillraceError(
          'MR_EXCHANGE_PROTOCOL',
          `exchange "${this.#exchange}": barriers ${input.barrier} and ${epoch} meet`,
        )
      }
      input.barrier = undefined
    }
    return { kind: 'barrier', epoch }
  }
}
