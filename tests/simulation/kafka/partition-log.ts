import { decodeRecordBatch, type RecordBatchView } from '../../../formats/record-batch/decode.ts'
import { encodeRecordBatch, setBaseOffset } from '../../../formats/record-batch/encode.ts'
import { AT, dataViewOf, MOST_INFLATED_BYTES } from '../../../formats/record-batch/layout.ts'
import { type AbortedTransaction, isAbortMarker } from '../../../formats/record-batch/transaction-filter.ts'
import { ERRORS } from './broker-errors.ts'
import { ProducerStates } from './producer-states.ts'

interface StoredBatch {
  readonly bytes: Uint8Array
  readonly view: RecordBatchView
}

interface LeaderEpoch {
  readonly epoch: number
  readonly startOffset: number
}

/** What ends a transaction. */
export interface Marker {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly end: TransactionEnd
}

export type TransactionEnd = 'commit' | 'abort'

export interface ReadRange {
  readonly offset: number
  readonly maxBytes: number
  readonly isCommittedOnly: boolean
}

/** What a read brought; the last batch may be cut off. */
export interface Read {
  readonly bytes: Uint8Array
  readonly aborted: readonly AbortedTransaction[]
}

/** The log of one partition, as its leader has it. */
export class PartitionLog {
  #batches: StoredBatch[] = []
  #producers = new ProducerStates()
  #start = 0
  readonly #epochs: LeaderEpoch[] = [{ epoch: 0, startOffset: 0 }]

  get start(): number {
    return this.#start
  }

  /** High watermark: all replicas are always in sync. */
  get end(): number {
    return this.#batches.at(-1)?.view.nextOffset ?? this.#start
  }

  get stableEnd(): number {
    return this.#producers.openSince ?? this.end
  }

  get leaderEpoch(): number {
    return this.#epochs.at(-1)!.epoch
  }

  /** Whether a transaction of this producer is open here. */
  isOpen(producerId: bigint): boolean {
    return this.#producers.isOpen(producerId)
  }

  /** Appends a copy of a batch unless it is there already; gives a code of the protocol, 0 for none. */
  append(batch: Uint8Array): number {
    const view = decode(batch)
    if (view.producerId >= 0n) {
      if (this.#producers.isKnown(view)) return 0
      const code = this.#producers.check(view)
      if (code !== 0) return code
    }
    this.#store(batch.slice())
    return 0
  }

  appendMarker({ producerId, producerEpoch, end }: Marker): void {
    // Key: version and type. Value: version and the epoch of the coordinator.
    const key = Uint8Array.of(0, 0, 0, end === 'commit' ? 1 : 0)
    const record = { timestamp: 0, key, value: new Uint8Array(6), headers: [] }
    const flags = { isControl: true, isTransactional: true, codec: 'none' } as const
    this.#store(encodeRecordBatch({ baseOffset: 0, records: [record], producerId, producerEpoch, ...flags }))
  }

  /** Retention: what is before the offset is gone. */
  deleteBefore(offset: number): void {
    this.#start = Math.max(this.#start, Math.min(offset, this.end))
    this.#batches = this.#batches.filter(({ view }) => view.nextOffset > this.#start)
  }

  /** Another replica becomes the leader. */
  elect(): void {
    this.#epochs.push({ epoch: this.leaderEpoch + 1, startOffset: this.end })
  }

  /** A replica that lacks everything from the offset on becomes the leader. */
  electUnclean(end: number): void {
    const kept = this.#batches.filter(({ view }) => view.nextOffset <= end)
    const epoch = this.leaderEpoch + 1
    this.#batches = kept
    this.#producers = new ProducerStates()
    for (const { view } of kept) this.#producers.take(view)
    while (this.#epochs.at(-1)!.startOffset > this.end) this.#epochs.pop()
    this.#epochs.push({ epoch, startOffset: this.end })
  }

  /** Where the log parts from that of a reader who had a record of this epoch before `offset`; `undefined` where it does not. */
  divergesAt(epoch: number, offset: number): number | undefined {
    if (epoch < 0) return undefined
    const known = this.#epochs.findLast((one) => one.epoch <= epoch)
    const next = this.#epochs.find((one) => one.epoch > epoch)
    const end = next?.startOffset ?? this.end
    return known?.epoch === epoch && end >= offset ? undefined : end
  }

  /** Code of the protocol where the reader's idea of the leader is another one. */
  checkLeaderEpoch(epoch: number): number {
    if (epoch < 0 || epoch === this.leaderEpoch) return 0
    return epoch < this.leaderEpoch ? ERRORS.fencedLeaderEpoch : ERRORS.unknownLeaderEpoch
  }

  has(offset: number): boolean {
    return offset >= this.#start && offset <= this.end
  }

  /** From the batch that holds the offset on; the first batch comes whole, however large it is. */
  read({ offset, maxBytes, isCommittedOnly }: ReadRange): Read {
    const until = isCommittedOnly ? this.stableEnd : this.end
    const found: StoredBatch[] = []
    let sizeBytes = 0
    for (const stored of this.#batches) {
      if (stored.view.nextOffset <= offset) continue
      if (stored.view.baseOffset >= until || (found.length > 0 && sizeBytes >= maxBytes)) break
      found.push(stored)
      sizeBytes += stored.bytes.length
    }
    const bytes = new Uint8Array(Buffer.concat(found.map((stored) => stored.bytes)))
    const kept = Math.max(found[0]?.bytes.length ?? 0, maxBytes)
    const end = found.at(-1)?.view.nextOffset ?? offset
    return {
      bytes: bytes.subarray(0, kept),
      aborted: isCommittedOnly ? this.#producers.abortedIn(offset, end) : [],
    }
  }

  /** Offset of the first record that is not older; −1 where there is none. */
  offsetAt(timestamp: number, isCommittedOnly: boolean): number {
    const until = isCommittedOnly ? this.stableEnd : this.end
    for (const { view } of this.#batches) {
      if (view.isControl) continue
      for (let i = 0; i < view.count; i++) {
        const offset = view.offsets[i]!
        if (offset >= until) return -1
        if (offset >= this.#start && view.timestamps[i]! >= timestamp) return offset
      }
    }
    return -1
  }

  /** Batches without a transaction or of a committed one, by the markers that follow. */
  committed(): readonly RecordBatchView[] {
    const views = this.#batches.map(({ view }) => view)
    return views.filter((view, i) => {
      if (view.isControl || !view.isTransactional) return !view.isControl
      const marker = views.find((later, at) => at > i && later.isControl && later.producerId === view.producerId)
      return marker !== undefined && !isAbortMarker(marker)
    })
  }

  #store(bytes: Uint8Array): void {
    setBaseOffset(bytes, this.end)
    dataViewOf(bytes).setInt32(AT.partitionLeaderEpoch, this.leaderEpoch)
    const view = decode(bytes)
    this.#producers.take(view)
    this.#batches.push({ bytes, view })
  }
}

function decode(batch: Uint8Array): RecordBatchView {
  return decodeRecordBatch(batch, 0, { maxInflatedBytes: MOST_INFLATED_BYTES })
}
