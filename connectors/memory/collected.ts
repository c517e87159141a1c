import { MillraceError } from '../../core/model/errors.ts'

/**
 * What a memory sink has committed: the outside world of a test. Keep it where the test can see it, and give it to the
 * sink. Only the committing thread touches it.
 *
 * @example
 * const orders = new Collected<Order>()
 * stream.to('orders', memorySink({ into: orders }))
 * // after the job: orders.items
 */
export class Collected<T> {
  /** Identity of this collection, as a table has one. */
  readonly id: string
  readonly #items: T[] = []
  #epoch = -1

  constructor(id = 'memory') {
    this.id = id
  }

  /** Everything committed, in the order of epochs and, within one, of tasks. */
  get items(): readonly T[] {
    return this.#items
  }

  /** The last epoch committed; −1 for none. */
  get epoch(): number {
    return this.#epoch
  }

  /** Makes the items of epoch `to` visible if the last epoch is `from`; does nothing if it is `to` already. */
  commit(items: readonly T[], step: { readonly from: number; readonly to: number }): void {
    if (this.#epoch === step.to) return
    if (this.#epoch !== step.from) {
      const code = this.#epoch > step.from ? 'MR_SINK_AHEAD' : 'MR_SINK_BEHIND'
      throw new MillraceError(
        code,
        `collection "${this.id}" has epoch ${this.#epoch}, the intent goes from ${step.from} to ${step.to}`,
      )
    }
    this.#epoch = step.to
    for (const item of items) this.#items.push(item)
  }
}
