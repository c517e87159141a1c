interface Round {
  /** Hosts that have not answered yet. */
  readonly missing: Set<number>
  readonly complete: PromiseWithResolvers<void>
}

/** Rounds in which all hosts of a job are asked for something. Several may be under way: a host answers in the order of asking. */
export class HostRounds {
  readonly #open: Round[] = []

  /** Begins a round; whoever does then asks the hosts. Resolves when so many of them have answered, and never rejects. */
  begin(hosts: number): Promise<void> {
    const missing = new Set(Array.from({ length: hosts }, (_, host) => host))
    const complete = Promise.withResolvers<void>()
    this.#open.push({ missing, complete })
    return complete.promise
  }

  /** Takes the answer of a host to the oldest round that it has not answered. */
  answer(host: number): void {
    const round = this.#open.find(({ missing }) => missing.delete(host))
    if (round === undefined || round.missing.size > 0) return
    // Every host answered the rounds before it, too.
    this.#open.shift()
    round.complete.resolve()
  }
}
