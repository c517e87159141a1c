/** Entries that one call may look at to rebuild groups, a fraction of a millisecond; more is owed to later calls. */
const REBUILT_PER_CALL = 16_384

/** A key group whose old entries leave memory when it is rebuilt. */
export interface AgingGroup {
  /** Keys, forgotten ones included until the next rebuild. */
  readonly size: number
  /** True where about half of the entries may go. */
  readonly isHalfOld: boolean
  /** Entries older than `horizon` may go: they do when the group would grow, or with the next {@link compact}. */
  dropBefore(horizon: number): void
  /** Rebuilds the group without them. */
  compact(horizon: number): void
}

/** Key groups grow old together: their rebuilding is spread over many calls, so that none holds records up for longer than one group takes. */
export class Forgetting {
  /** The group that is looked at first. */
  #turn = 0
  /** Entries that may be looked at now; below zero after a large group. */
  #allowance = 0

  /** Entries of these groups that are older than `horizon` may go. True where a group was rebuilt. */
  dropBefore(groups: readonly AgingGroup[], horizon: number): boolean {
    let isRebuilt = false
    for (let i = 0; i < groups.length; i++) groups[i]!.dropBefore(horizon)
    this.#allowance = Math.min(this.#allowance + REBUILT_PER_CALL, REBUILT_PER_CALL)
    for (let i = 0; i < groups.length && this.#allowance > 0; i++) {
      const group = groups[this.#turn]!
      this.#turn = (this.#turn + 1) % groups.length
      if (!group.isHalfOld) continue
      this.#allowance -= group.size
      group.compact(horizon)
      isRebuilt = true
    }
    return isRebuilt
  }
}
