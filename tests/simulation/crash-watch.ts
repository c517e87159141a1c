import type { FailpointName } from '../../core/ports/failpoint.ts'
import type { CallMoment } from './kafka/kafka-plan.ts'
import type { CrashPlan } from './scenario.ts'

/** Sees when the process under test has come to the place where its life is to end, or to pause. */
export class CrashWatch {
  readonly #onReached: () => void
  #plan: CrashPlan | undefined
  #hits = 0

  constructor(onReached: () => void) {
    this.#onReached = onReached
  }

  get plan(): CrashPlan | undefined {
    return this.#plan
  }

  /** From now on, counted anew; `undefined`: nowhere. */
  watchFor(plan: CrashPlan | undefined): void {
    this.#plan = plan
    this.#hits = 0
  }

  failpoint(name: FailpointName): void {
    if (this.#plan?.kind === 'failpoint' && this.#plan.name === name) this.#hit(this.#plan.nth)
  }

  /** A file was changed. */
  change(path: string): void {
    if (this.#plan?.kind === 'file' && path.endsWith(this.#plan.ending)) this.#hit(this.#plan.nth)
  }

  /** Kafka is asked for something, or did it. */
  call({ what, moment }: { readonly what: string; readonly moment: CallMoment }): void {
    const plan = this.#plan
    if (plan?.kind === 'kafka' && plan.moment === moment && what.startsWith(plan.call)) this.#hit(plan.nth)
  }

  #hit(nth: number): void {
    if (++this.#hits === nth) this.#onReached()
  }
}
