import { sizeText } from '../../model/byte-size.ts'
import { MillraceError } from '../../model/errors.ts'
import type { Operator } from '../../ports/operator.ts'
import type { Spillable } from '../../ports/spill.ts'
import type { SpillClient } from './spill-client.ts'

export interface StateMemoryOptions {
  /** What the state of this worker may take, bytes. */
  readonly budgetBytes: number
  readonly workers: number
  readonly client: SpillClient
  /** The state outgrew its budget within an epoch: what is new can leave memory only after a barrier. */
  readonly onOutgrown: () => void
}

type Operators = ReadonlyMap<string, Operator>

/**
 * Holds the state of one worker within its budget. State that cannot leave memory comes first; what it leaves is shared equally by
 * the operators whose state can, and one that has more than its share moves its oldest entries out. What stays of such a one above
 * its share cannot leave memory either.
 */
export class StateMemory {
  readonly #options: StateMemoryOptions
  readonly #operators = new Map<string, Operator>()
  /** Memory of state that cannot leave it, as of the last look. */
  #fixedBytes = 0
  #spillables = 0
  /** Operators that have more than their share after all that can leave did: what they had then. */
  readonly #staying = new Map<Operator, number>()
  #hasTold = false

  constructor(options: StateMemoryOptions) {
    this.#options = options
  }

  /** Takes the operators of a stage in. */
  adopt(operators: Operators): void {
    for (const [id, operator] of operators) {
      if (operator.stateBytes === undefined) continue
      this.#operators.set(id, operator)
      if (operator.spillable !== undefined) this.#spillables++
    }
  }

  /**
   * Moves out what the stage of `operators` has above its share, and puts runs together. To be called right after its snapshot, or while
   * it is restored: all its state may leave then. Throws `MR_STATE_BUDGET` where what cannot leave is too much.
   */
  fit(operators: Operators): void {
    this.#hasTold = false
    this.#fixedBytes = 0
    for (const operator of this.#operators.values()) {
      if (operator.spillable === undefined) this.#fixedBytes += operator.stateBytes ?? 0
    }
    if (this.#fixedBytes > this.#options.budgetBytes)
      throw this.#tooMuch(largestFixed(this.#operators), this.#fixedBytes)
    for (const [id, operator] of operators) {
      const { spillable } = operator
      if (spillable === undefined) continue
      this.#staying.delete(operator)
      const share = this.#shareOf(operator)
      this.#client.write(spillable.spill(this.#isAbove(operator, share) ? (operator.stateBytes ?? 0) - share : 0))
      if (this.#isAbove(operator, share)) this.#stays(id, operator)
      this.#merge(spillable)
    }
  }

  /** As {@link fit}, between barriers: moves out what is in a snapshot, and tells where that is not enough. Cheap where all fits. */
  watch(operators: Operators): void {
    if (this.#spillables === 0 || this.#hasTold) return
    for (const operator of operators.values()) {
      const { spillable } = operator
      if (spillable === undefined) continue
      const share = this.#shareOf(operator)
      if (!this.#isAbove(operator, share)) continue
      this.#client.write(spillable.spill((operator.stateBytes ?? 0) - share))
      if (!this.#isAbove(operator, share)) continue
      this.#hasTold = true
      this.#options.onOutgrown()
    }
  }

  /** It has more than its share, and all together have too much. */
  #isAbove({ stateBytes = 0 }: Operator, share: number): boolean {
    if (stateBytes <= share) return false
    let total = this.#fixedBytes
    for (const operator of this.#operators.values()) {
      if (operator.spillable !== undefined) total += operator.stateBytes ?? 0
    }
    return total > this.#options.budgetBytes
  }

  #shareOf(operator: Operator): number {
    const stays = this.#staying.get(operator)
    if (stays !== undefined) return stays
    return (this.#options.budgetBytes - this.#fixedBytes - this.#stayingBytes) / (this.#spillables - this.#staying.size)
  }

  get #stayingBytes(): number {
    let bytes = 0
    // It may have become less since.
    for (const [{ stateBytes = 0 }, stayed] of this.#staying) bytes += Math.min(stayed, stateBytes)
    return bytes
  }

  #stays(id: string, operator: Operator): void {
    const { stateBytes = 0 } = operator
    this.#staying.set(operator, stateBytes)
    if (this.#fixedBytes + this.#stayingBytes > this.#options.budgetBytes) throw this.#tooMuch(id, stateBytes)
  }

  get #client(): SpillClient {
    return this.#options.client
  }

  /** One merge at a time per operator; the next one follows when it is done. */
  #merge(spillable: Spillable): void {
    const names = spillable.toMerge()
    if (names.length === 0) return
    this.#client.read(names, (pages) => {
      this.#client.write(spillable.merge(pages))
      this.#merge(spillable)
    })
  }

  #tooMuch(operator: string, bytes: number): MillraceError {
    const { budgetBytes, workers } = this.#options
    const budget = `${sizeText(budgetBytes * workers)}, ${sizeText(budgetBytes)} for each of ${workers} workers`
    const message =
      `the state of operator "${operator}" takes ${sizeText(bytes)} of memory on one worker and cannot leave it; the budget is ${budget}. ` +
      'Raise it (stateMemory, --state-memory): the job goes on from its checkpoint'
    return new MillraceError('MR_STATE_BUDGET', message, { details: { operator, bytes, budgetBytes } })
  }
}

/** The operator with the most state that cannot leave memory. */
function largestFixed(operators: Operators): string {
  let largest = ''
  let most = -1
  for (const [id, { stateBytes = 0, spillable }] of operators) {
    if (spillable !== undefined || stateBytes <= most) continue
    largest = id
    most = stateBytes
  }
  return largest
}
