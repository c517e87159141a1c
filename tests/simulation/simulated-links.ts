import type { Link } from '../../core/ports/transport.ts'
import type { Incarnation } from './incarnation.ts'
import { valueDigest } from './trace.ts'

/** The two threads that a link joins. */
export interface LinkEnds {
  readonly a: Incarnation
  readonly b: Incarnation
  /** Name of the link, for the trace. */
  readonly name: string
}

/**
 * Two joined ends, as a message channel between threads: messages are cloned when sent, transferred buffers are
 * detached at the sender, each direction is in order, and the simulation decides when a message arrives.
 */
export function linkPair<AtoB, BtoA>(ends: LinkEnds): readonly [Link<BtoA, AtoB>, Link<AtoB, BtoA>] {
  const { a, b, name } = ends
  const toB = new Inbox<AtoB>(b, `link:${name}:a-b`)
  const toA = new Inbox<BtoA>(a, `link:${name}:b-a`)
  return [end(a, toA, toB), end(b, toB, toA)]
}

class Inbox<Message> {
  readonly #owner: Incarnation
  readonly #label: string
  readonly #waiting: { readonly message: Message; readonly text: string }[] = []
  #receive: ((message: Message) => void) | undefined
  #isClosed = false

  constructor(owner: Incarnation, label: string) {
    this.#owner = owner
    this.#label = label
  }

  put(message: Message, text: string): void {
    if (this.#isClosed) return
    this.#waiting.push({ message, text })
    if (this.#receive !== undefined) this.#schedule(text)
  }

  open(receive: (message: Message) => void): void {
    const isFirst = this.#receive === undefined
    this.#receive = receive
    if (isFirst) for (const { text } of this.#waiting) this.#schedule(text)
  }

  /** The sender closed its end: what it sent before still arrives. */
  seal(): void {
    this.#isClosed = true
  }

  close(): void {
    this.#isClosed = true
    this.#waiting.length = 0
  }

  #schedule(text: string): void {
    const deliver = (): void => {
      const next = this.#waiting.shift()
      if (next !== undefined) this.#receive?.(next.message)
    }
    this.#owner.post(this.#label, deliver, text)
  }
}

function end<In, Out>(owner: Incarnation, inbox: Inbox<In>, outbox: Inbox<Out>): Link<In, Out> {
  return {
    send: (message, transfer = []) => {
      const sizes = transfer.map((buffer) => buffer.byteLength)
      const copy = structuredClone(message, { transfer: [...transfer] })
      if (!owner.isAlive) return
      outbox.put(copy, `${sizes.join(',')} ${valueDigest(copy)}`)
    },
    onMessage: (receive) => inbox.open(receive),
    close: () => {
      inbox.close()
      outbox.seal()
    },
  }
}
