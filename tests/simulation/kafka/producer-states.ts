import type { RecordBatchView } from '../../../formats/record-batch/decode.ts'
import { type AbortedTransaction, isAbortMarker } from '../../../formats/record-batch/transaction-filter.ts'
import { ERRORS } from './broker-errors.ts'

/** So many batches of a producer a broker remembers, to know one that is sent again. */
const REMEMBERED = 5

interface ProducerState {
  readonly epoch: number
  /** Sequences of its last batches, oldest first. */
  readonly batches: readonly { readonly first: number; readonly last: number }[]
  /** First offset of its open transaction. */
  readonly openSince: number | undefined
}

interface Aborted extends AbortedTransaction {
  /** Offset of its marker. */
  readonly lastOffset: number
}

/** What a broker knows of the producers of one partition, all of it from the log (ProducerStateManager.java). */
export class ProducerStates {
  readonly #producers = new Map<bigint, ProducerState>()
  readonly #aborted: Aborted[] = []

  /** First offset of the oldest open transaction. */
  get openSince(): number | undefined {
    const open = [...this.#producers.values()].flatMap(({ openSince }) => openSince ?? [])
    return open.length === 0 ? undefined : Math.min(...open)
  }

  isOpen(producerId: bigint): boolean {
    return this.#producers.get(producerId)?.openSince !== undefined
  }

  /** Whether the batch was appended before. */
  isKnown({ producerId, producerEpoch, baseSequence, count }: RecordBatchView): boolean {
    const state = this.#producers.get(producerId)
    if (state === undefined || state.epoch !== producerEpoch) return false
    return state.batches.some(({ first, last }) => first === baseSequence && last === baseSequence + count - 1)
  }

  /** Why the batch must not be appended; 0 where it may. */
  check({ producerId, producerEpoch, baseSequence }: RecordBatchView): number {
    const state = this.#producers.get(producerId)
    if (state === undefined) return 0
    if (producerEpoch < state.epoch) return ERRORS.invalidProducerEpoch
    const last = producerEpoch === state.epoch ? (state.batches.at(-1)?.last ?? -1) : -1
    return baseSequence === last + 1 ? 0 : ERRORS.outOfOrderSequence
  }

  /** Takes note of a batch that is appended. */
  take(view: RecordBatchView): void {
    const { producerId, producerEpoch: epoch, baseOffset, baseSequence, count } = view
    if (producerId < 0n) return
    const state = this.#producers.get(producerId)
    if (view.isControl) {
      const firstOffset = state?.openSince
      if (firstOffset !== undefined && isAbortMarker(view))
        this.#aborted.push({ producerId, firstOffset, lastOffset: baseOffset })
      this.#producers.set(producerId, { epoch, batches: [], openSince: undefined })
      return
    }
    const before = state?.epoch === epoch ? state.batches : []
    const batches = [...before, { first: baseSequence, last: baseSequence + count - 1 }].slice(-REMEMBERED)
    const openSince = view.isTransactional ? (state?.openSince ?? baseOffset) : undefined
    this.#producers.set(producerId, { epoch, batches, openSince })
  }

  /** Aborted transactions that overlap `[from, to)`, in the order of their ends, as a broker lists them. */
  abortedIn(from: number, to: number): readonly AbortedTransaction[] {
    return this.#aborted
      .filter(({ firstOffset, lastOffset }) => firstOffset < to && lastOffset >= from)
      .map(({ producerId, firstOffset }) => ({ producerId, firstOffset }))
  }
}
