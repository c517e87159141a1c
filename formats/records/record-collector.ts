// hot path
import { Batch } from '../../core/model/batch.ts'
import type { Column } from '../../core/model/column.ts'
import type { Contract } from '../../core/model/contract.ts'
import type { DeadLetter } from '../../core/model/dead-letter.ts'
import type { Split } from '../../core/model/position.ts'
import { compileDecoder, type JsonDecoder, type RunObserver, type Violation } from '../json/compile-decoder.ts'
import type { RecordBatchView } from '../record-batch/decode.ts'
import { oversizedRecord, refusedRecord } from './refused-record.ts'

const MOST_RECORDS = 4_096
const MOST_BYTES = 1_048_576

/** What stays the same for all records of one split. */
export interface CollectorOptions {
  readonly split: Split
  /** Goes into the system column of the batches. */
  readonly splitIndex: number
  /** First offset that counts: records before it are passed over. */
  readonly offset: number
  readonly contract: Contract<unknown>
  /** A larger value is refused. */
  readonly maxValueBytes: number
  /** Hex digest of what was too large to keep. */
  readonly sha256: (bytes: Uint8Array) => string
}

/** What was collected since `begin`. */
export interface Collected {
  /** Only lent: its memory is used again after the next `begin`. */
  readonly batch: Batch | undefined
  readonly rejected: readonly DeadLetter[]
  readonly tombstones: number
  /** Records of the batch, rejected ones and tombstones. */
  readonly consumed: number
}

/**
 * Decodes the values of record batches as JSON against a contract into batches of at most 4,096 records or 1 MiB of values. It
 * may become full inside a record batch and then goes on there. Used by every source whose unit is a record batch:
 *
 * @example
 * records.begin(limit)
 * while (records.hasRoom) {
 *   if (records.hasView) records.decode()
 *   else records.take(nextViewOfThePartition())
 * }
 * const { batch, rejected } = records.finish()
 */
export class RecordCollector implements RunObserver {
  readonly #options: CollectorOptions
  readonly #decoder: JsonDecoder
  readonly #offsets = new Float64Array(MOST_RECORDS)
  readonly #timestamps = new Float64Array(MOST_RECORDS)
  readonly #splits: Int32Array
  #rejected: DeadLetter[] = []
  #tombstones = 0
  #consumed = 0
  #bytes = 0
  #stop = Number.POSITIVE_INFINITY
  /** The record batch under way; every record before `#index` is consumed. */
  #view: RecordBatchView | undefined
  #index = 0
  #next: number
  /** What the last `finish` lent. */
  #lent: readonly Column[] | undefined

  constructor(options: CollectorOptions) {
    this.#options = options
    this.#decoder = compileDecoder(options.contract)
    this.#next = options.offset
    this.#splits = new Int32Array(MOST_RECORDS).fill(options.splitIndex)
  }

  /** Offset of the first record that was not consumed. */
  get next(): number {
    return this.#next
  }

  /** More can be decoded before `finish`. */
  get hasRoom(): boolean {
    return this.#consumed < MOST_RECORDS && this.#bytes < MOST_BYTES && this.#next < this.#stop
  }

  /** A record batch is under way. */
  get hasView(): boolean {
    return this.#view !== undefined
  }

  /** Takes back what was lent and collects anew, up to offset `limit`, exclusive. */
  begin(limit: number | undefined): void {
    if (this.#lent !== undefined) this.#decoder.reuse(this.#lent)
    this.#lent = undefined
    this.#stop = limit ?? Number.POSITIVE_INFINITY
  }

  /** Goes on with this record batch; it must stay as it is until `hasView` is false. */
  take(view: RecordBatchView): void {
    const { offsets, count } = view
    let index = 0
    while (index < count && offsets[index]! < this.#next) index++
    // Markers of transactions are no records of a user: their offsets are passed over.
    this.#index = view.isControl ? count : index
    this.#view = view
  }

  /** Decodes what there is room for of the record batch under way. */
  decode(): void {
    const view = this.#view!
    const { offsets, valueLengths, count } = view
    const stop = this.#stop
    const end = Math.min(count, this.#index + MOST_RECORDS - this.#consumed)
    const first = this.#index
    while (this.#index < end && this.#bytes < MOST_BYTES && offsets[this.#index]! < stop) {
      const length = valueLengths[this.#index]!
      if (length < 0) this.#tombstones++
      else if (length > this.#options.maxValueBytes) this.#refuseSize(view, this.#index)
      else {
        this.#decodeRun(view, this.#endOfRun(view, end, stop))
        continue
      }
      if (length > 0) this.#bytes += length
      this.#index++
    }
    this.#consumed += this.#index - first
    this.#next = this.#index < count ? offsets[this.#index]! : view.nextOffset
    if (this.#index === count) this.#view = undefined
  }

  /** What was collected; the record batch under way stays. */
  finish(): Collected {
    const collected: Collected = {
      batch: this.#decoder.rows === 0 ? undefined : this.#batch(),
      rejected: this.#rejected,
      tombstones: this.#tombstones,
      consumed: this.#consumed,
    }
    this.#rejected = []
    this.#tombstones = 0
    this.#consumed = 0
    this.#bytes = 0
    return collected
  }

  /** Counts the values from `#index` on that may be decoded together. */
  #endOfRun({ offsets, valueLengths }: RecordBatchView, end: number, stop: number): number {
    const { maxValueBytes } = this.#options
    let index = this.#index
    let bytes = this.#bytes
    while (index < end && bytes < MOST_BYTES && offsets[index]! < stop) {
      const length = valueLengths[index]!
      if (length < 0 || length > maxValueBytes) break
      bytes += length
      index++
    }
    this.#bytes = bytes
    return index
  }

  #decodeRun(view: RecordBatchView, end: number): void {
    const { buffer, valueStarts, valueLengths } = view
    const values = { buffer, starts: valueStarts, lengths: valueLengths }
    this.#decoder.appendAll(values, { from: this.#index, to: end }, this)
    this.#index = end
  }

  /** Called by the decoder. */
  taken(from: number, to: number): void {
    const { offsets, timestamps } = this.#view!
    const row = this.#decoder.rows - (to - from)
    this.#offsets.set(offsets.subarray(from, to), row)
    this.#timestamps.set(timestamps.subarray(from, to), row)
  }

  /** Called by the decoder. */
  refused(index: number, violation: Violation): void {
    const { topic, partition } = this.#options.split
    this.#rejected.push(refusedRecord(this.#view!, index, { topic, partition, ...violation }))
  }

  #refuseSize(view: RecordBatchView, index: number): void {
    const { split, maxValueBytes, sha256 } = this.#options
    const context = { topic: split.topic, partition: split.partition, limit: maxValueBytes, sha256 }
    this.#rejected.push(oversizedRecord(view, index, context))
  }

  #batch(): Batch {
    const { columns, rows, eventTimes } = this.#decoder.finish()
    this.#lent = columns
    return new Batch({
      schema: this.#options.contract.schema,
      columns,
      rows,
      selection: null,
      system: {
        eventTimes: eventTimes ?? this.#timestamps.subarray(0, rows),
        splits: this.#splits.subarray(0, rows),
        offsets: this.#offsets.subarray(0, rows),
        keys: null,
      },
    })
  }
}
