import type { RecordBatchView } from './decode.ts'

/** A transaction that was aborted: the records of this producer from `firstOffset` to its abort marker do not count. */
export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: number
}

/** Type of a marker that ends a transaction without its records (ControlRecordType.java). */
const ABORT = 0
/** A marker's key: version and type, two bytes each. */
const MARKER_KEY_BYTES = 4

/**
 * Hides records of aborted transactions, for the batches of one fetch response and in their order. The broker names every
 * aborted transaction that overlaps what it sent, in no order; one begins to count with the first batch that reaches its
 * first offset and ends with the abort marker of its producer (the algorithm of Java's consumer, CompletedFetch.java).
 *
 * @example
 * const filter = new TransactionFilter([{ producerId: 7n, firstOffset: 100 }])
 * const seen = filter.visible(decodeRecordBatch(bytes, frame.start, limits)) // `count` 0 where nobody may see it
 */
export class TransactionFilter {
  readonly #aborted: readonly AbortedTransaction[]
  readonly #active = new Set<bigint>()
  #begun = 0

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#aborted = aborted.toSorted((a, b) => a.firstOffset - b.firstOffset)
  }

  /** The batch as a reader of committed records sees it: a hidden one and a marker have no records, but keep their offsets. */
  visible(view: RecordBatchView): RecordBatchView {
    this.#beginUpTo(view.nextOffset)
    if (view.isControl) {
      if (isAbortMarker(view)) this.#active.delete(view.producerId)
      return withoutRecords(view)
    }
    return view.isTransactional && this.#active.has(view.producerId) ? withoutRecords(view) : view
  }

  #beginUpTo(end: number): void {
    while (this.#begun < this.#aborted.length && this.#aborted[this.#begun]!.firstOffset < end) {
      this.#active.add(this.#aborted[this.#begun]!.producerId)
      this.#begun++
    }
  }
}

/** The batch with its offsets, but none of its records. */
export function withoutRecords(view: RecordBatchView): RecordBatchView {
  return { ...view, count: 0 }
}

/** Whether a control batch says that its producer's transaction was aborted. */
export function isAbortMarker({ buffer, count, keyStarts, keyLengths }: RecordBatchView): boolean {
  if (count === 0 || keyLengths[0]! < MARKER_KEY_BYTES) return false
  const typeAt = keyStarts[0]! + 2
  return ((buffer[typeAt]! << 8) | buffer[typeAt + 1]!) === ABORT
}
