import type { Faults } from './faults.ts'
import type { OutsideWorld } from './outside-world.ts'
import type { ProcessEnd } from './simulated-host.ts'

/** Tells an end that injected I/O errors or a zombie explain from a finding. */
export class EndJudge {
  readonly #outside: OutsideWorld
  readonly #faults: () => readonly Faults[]

  constructor(outside: OutsideWorld, faults: () => readonly Faults[]) {
    this.#outside = outside
    this.#faults = faults
  }

  /** A life that ended although nobody killed it and there is more to read. */
  earlyEnd(end: ProcessEnd): readonly string[] {
    if (end.kind === 'drained') return ['the job ended although nobody asked it to']
    if (this.#isEarned(end.error.code)) return []
    return [`the job failed without a reason: ${end.error.code} ${end.error.message}`]
  }

  #isEarned(code: string): boolean {
    if (this.#outside.isZombieAwake && code === 'MR_CHECKPOINT_SUPERSEDED') return true
    const hasFaults = this.#faults().some(({ injected }) => injected > 0)
    return hasFaults && ['MR_FILE_IO', 'MR_STATE_IO', 'MR_RESTARTS_EXHAUSTED', 'MR_CHECKPOINT_BLOCKED'].includes(code)
  }
}
