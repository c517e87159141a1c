import { MillraceError } from '../model/errors.ts'
import type { Scheduler } from '../ports/scheduler.ts'
import type { Actor } from './actor.ts'

export interface MailboxOptions<Message> {
  /** Name in messages, traces and errors; the scheduler's label. */
  readonly label: string
  readonly actor: Actor<Message>
  readonly scheduler: Scheduler
  /** Called once, with what `receive` threw; nothing is delivered afterwards. */
  readonly onFailure: (error: unknown) => void
  /** Messages that may wait. Default 1024: senders are bound by credits, so more is a bug, not load. */
  readonly capacity?: number
}

/** The bounded queue of one actor: messages are delivered one at a time, in the order of posting. */
export class Mailbox<Message> {
  readonly #options: MailboxOptions<Message>
  readonly #capacity: number
  #waiting = 0
  #isOpen = true

  constructor(options: MailboxOptions<Message>) {
    this.#options = options
    this.#capacity = options.capacity ?? 1024
  }

  /** Queues a message; one for a closed mailbox goes nowhere. Throws `MR_MAILBOX_FULL` above the capacity. */
  post(message: Message): void {
    if (!this.#isOpen) return
    if (this.#waiting >= this.#capacity) {
      throw new MillraceError('MR_MAILBOX_FULL', `mailbox ${this.#options.label} holds ${this.#capacity} messages`)
    }
    this.#waiting++
    this.#options.scheduler.post(this.#options.label, () => this.#deliver(message))
  }

  close(): void {
    this.#isOpen = false
  }

  #deliver(message: Message): void {
    this.#waiting--
    if (!this.#isOpen) return
    try {
      this.#options.actor.receive(message)
    } catch (error) {
      this.#isOpen = false
      this.#options.onFailure(error)
    }
  }
}
