/** Lets many wait for the next time that something happens. */
export class Signal {
  #next = Promise.withResolvers<void>()

  /** Resolves with the next `notify`. */
  wait(): Promise<void> {
    return this.#next.promise
  }

  notify(): void {
    this.#next.resolve()
    this.#next = Promise.withResolvers()
  }
}
