import { FAILPOINTS, type FailpointName } from '../../core/ports/failpoint.ts'
import type { SeededRandom } from '../simulation/seeded-random.ts'

/** How one life of the job is to end. */
export type Kill =
  /** By itself, at the nth pass of a point. */
  | { readonly kind: 'point'; readonly name: FailpointName; readonly nth: number }
  /** From outside, so long after a point was passed for the first time. */
  | { readonly kind: 'outside'; readonly after: FailpointName; readonly delayMs: number }

/** What the round that asks for a kill can offer. */
export interface KillAsk {
  /** P4 exists there. */
  readonly isShared: boolean
  /** An epoch was prepared before, so recovery has something to finish. */
  readonly hasPrepared: boolean
}

const MOST_PASSES = 3
const MOST_DELAY_MS = 600
const RECOVERY_SHARE = 0.15

/** Half of the kills at named points, each in turn; half from outside at random times. */
export class KillPlan {
  readonly #random: SeededRandom
  readonly #points: FailpointName[]
  #given = 0

  constructor(random: SeededRandom) {
    this.#random = random
    this.#points = [...FAILPOINTS]
  }

  next(ask: KillAsk): Kill {
    this.#given++
    return this.#given % 2 === 1 ? this.#atPoint(ask) : this.#outside()
  }

  /** A kill that did not count: its point is the next one again. */
  giveBack(kill: Kill): void {
    this.#given--
    if (kill.kind !== 'point') return
    this.#points.splice(this.#points.indexOf(kill.name), 1)
    this.#points.unshift(kill.name)
  }

  #atPoint({ isShared, hasPrepared }: KillAsk): Kill {
    const isPossible = (name: FailpointName): boolean =>
      (isShared || !name.startsWith('P4')) && (hasPrepared || !name.startsWith('recovery'))
    const at = this.#points.findIndex(isPossible)
    const [name] = this.#points.splice(at, 1)
    if (name === undefined) throw new Error('no failpoint is possible here')
    this.#points.push(name)
    return { kind: 'point', name, nth: name.startsWith('recovery') ? 1 : 1 + this.#random.below(MOST_PASSES) }
  }

  #outside(): Kill {
    // A death in a recovery comes right after another death: two in quick succession.
    if (this.#random.chance(RECOVERY_SHARE)) {
      return { kind: 'outside', after: 'recovery-decided', delayMs: this.#random.below(40) }
    }
    return { kind: 'outside', after: 'P0-barrier-injected', delayMs: this.#random.below(MOST_DELAY_MS) }
  }
}
