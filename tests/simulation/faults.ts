import type { SeededRandom } from './seeded-random.ts'

/** How often a storage fails. The budget bounds the number of faults, so that progress stays possible. */
export interface FaultOptions {
  /** Probability that an operation is refused: not done, a write perhaps in part. */
  readonly refused: number
  /** Probability that a changing operation is done but reported as failed. */
  readonly replyLost: number
  readonly budget: number
}

export const NO_FAULTS: FaultOptions = { refused: 0, replyLost: 0, budget: 0 }

/** A storage call as the faults see it. */
export interface FaultTarget {
  /** `fill`: needs space; `change`: any other change; `look`: changes nothing, so no reply of it can matter. */
  readonly effect: 'fill' | 'change' | 'look'
  /** What a refused write may leave behind. */
  readonly torn?: () => void
  /** The error that the caller gets. */
  readonly fail: (errno: 'EIO' | 'ENOSPC') => Error
}

/** Seeded I/O errors of one storage. */
export class Faults {
  readonly #random: SeededRandom
  readonly #options: FaultOptions
  #left: number
  #isQuiet = false

  constructor(random: SeededRandom, options: FaultOptions) {
    this.#random = random
    this.#options = options
    this.#left = options.budget
  }

  /** Faults injected so far. */
  get injected(): number {
    return this.#options.budget - this.#left
  }

  /** While quiet no fault happens; the budget stays. */
  quiet(isQuiet: boolean): void {
    this.#isQuiet = isQuiet
  }

  /** No more faults from now on. */
  heal(): void {
    this.#left = 0
  }

  perform<T>(target: FaultTarget, effect: () => T): T {
    if (this.#left <= 0 || this.#isQuiet) return effect()
    if (this.#random.chance(this.#options.refused)) {
      this.#left--
      if (target.torn !== undefined && this.#random.chance(0.5)) target.torn()
      throw target.fail(target.effect === 'fill' && this.#random.chance(0.5) ? 'ENOSPC' : 'EIO')
    }
    const result = effect()
    if (target.effect !== 'look' && this.#random.chance(this.#options.replyLost)) {
      this.#left--
      throw target.fail('EIO')
    }
    return result
  }
}
