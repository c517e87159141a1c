// hot path
import { Batch } from '../../../core/model/batch.ts'
import type { Column } from '../../../core/model/column.ts'
import type { Contract } from '../../../core/model/contract.ts'
import type { DeadLetter } from '../../../core/model/dead-letter.ts'
import type { Position, Split } from '../../../core/model/position.ts'
import type { Sha256 } from '../../../core/ports/digest.ts'
import type { Polled, SplitReader } from '../../../core/ports/source.ts'
import {
  compileDecoder,
  type JsonDecoder,
  type RunObserver,
  type Violation,
} from '../../../formats/json/compile-decoder.ts'
import type { RecordBatchView } from '../../../formats/record-batch/decode.ts'
import type { BatchCursor } from '../partitioned-log/batch-cursor.ts'
import { oversizedRecord, refusedRecord } from './refused-record.ts'

const MOST_RECORDS = 4_096
const MOST_BYTES = 1_048_576

export interface LogReaderOptions {
  readonly split: Split
  readonly splitIndex: number
  readonly position: Position
  readonly contract: Contract<unknown>
  readonly maxValueBytes: number
  readonly sha256: Sha256
}

/**
 * Reads one partition: whole batches come into memory, are decoded one at a time, and leave in polls of at most 4,096
 * records or 1 MiB of values. A poll may end inside a batch; the next one goes on there.
 */
export class LogSplitReader implements SplitReader, RunObserver {
  readonly #cursor: BatchCursor
  readonly #options: LogReaderOptions
  readonly #decoder: JsonDecoder
  readonly #offsets = new Float64Array(MOST_RECORDS)
  readonly #timestamps = new Float64Array(MOST_RECORDS)
  readonly #splits: Int32Array
  #rejected: DeadLetter[] = []
  #tombstones = 0
  #consumed = 0
  #bytes = 0
  /** The batch under way; every record before `#index` is consumed. */
  #view: RecordBatchView | undefined
  #index = 0
  #next: number
  /** What the last poll lent. */
  #lent: readonly Column[] | undefined

  /** The cursor stands before the batch that holds the position. */
  constructor(cursor: BatchCursor, options: LogReaderOptions) {
    this.#cursor = cursor
    this.#options = options
    this.#decoder = compileDecoder(options.contract)
    this.#next = options.position.offset
    this.#splits = new Int32Array(MOST_RECORDS).fill(options.splitIndex)
  }

  async poll(limit: number | undefined): Promise<Polled> {
    this.#takeBack()
    const stop = limit ?? Number.POSITIVE_INFINITY
    let isCaughtUp = false
    while (this.#consumed < MOST_RECORDS && this.#bytes < MOST_BYTES && this.#next < stop) {
      if (this.#view === undefined) this.#view = this.#nextBatch()
      if (this.#view !== undefined) this.#consume(this.#view, stop)
      else if (!(await this.#cursor.fill())) {
        isCaughtUp = true
        break
      }
    }
    return this.#polled(isCaughtUp)
  }

  async close(): Promise<void> {
    this.#view = undefined
  }

  /** The batch of the last poll was only lent: its memory serves again. */
  #takeBack(): void {
    if (this.#lent !== undefined) this.#decoder.reuse(this.#lent)
    this.#lent = undefined
  }

  #nextBatch(): RecordBatchView | undefined {
    const frame = this.#cursor.take()
    if (frame === undefined) return undefined
    const view = this.#cursor.decode(frame)
    const { offsets, count } = view
    let index = 0
    while (index < count && offsets[index]! < this.#next) index++
    // Markers of transactions are no records of a user: their offsets are passed over.
    this.#index = view.isControl ? count : index
    return view
  }

  #consume(view: RecordBatchView, stop: number): void {
    const { offsets, valueLengths, count } = view
    const end = Math.min(count, this.#index + MOST_RECORDS - this.#consumed)
    const first = this.#index
    while (this.#index < end && this.#bytes < MOST_BYTES && offsets[this.#index]! < stop) {
      const length = valueLengths[this.#index]!
      if (length < 0) this.#tombstones++
      else if (length > this.#options.maxValueBytes) this.#refuseSize(view, this.#index)
      else {
        this.#decode(view, this.#endOfRun(view, end, stop))
        continue
      }
      if (length > 0) this.#bytes += length
      this.#index++
    }
    this.#consumed += this.#index - first
    this.#next = this.#index < count ? offsets[this.#index]! : view.nextOffset
    if (this.#index === count) this.#view = undefined
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

  #decode(view: RecordBatchView, end: number): void {
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

  #polled(caughtUp: boolean): Polled {
    const polled: Polled = {
      batch: this.#decoder.rows === 0 ? undefined : this.#batch(),
      rejected: this.#rejected,
      tombstones: this.#tombstones,
      consumed: this.#consumed,
      next: { offset: this.#next, incarnation: this.#options.position.incarnation },
      caughtUp,
    }
    this.#rejected = []
    this.#tombstones = 0
    this.#consumed = 0
    this.#bytes = 0
    return polled
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
