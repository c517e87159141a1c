import type { Position } from '../../../core/model/position.ts'
import type { Polled, SplitReader } from '../../../core/ports/source.ts'
import { type CollectorOptions, RecordCollector } from '../../../formats/records/record-collector.ts'
import type { BatchCursor } from '../partitioned-log/batch-cursor.ts'

/**
 * Reads one partition: whole batches come into memory, are decoded one at a time, and leave in polls of at most 4,096
 * records or 1 MiB of values. A poll may end inside a batch; the next one goes on there.
 */
export class LogSplitReader implements SplitReader {
  readonly #cursor: BatchCursor
  readonly #incarnation: string
  readonly #records: RecordCollector

  /** The cursor stands before the batch that holds the position. */
  constructor(cursor: BatchCursor, position: Position, options: Omit<CollectorOptions, 'offset'>) {
    this.#cursor = cursor
    this.#incarnation = position.incarnation
    this.#records = new RecordCollector({ ...options, offset: position.offset })
  }

  async poll(limit: number | undefined): Promise<Polled> {
    const records = this.#records
    records.begin(limit)
    let caughtUp = false
    while (records.hasRoom && !caughtUp) {
      if (records.hasView) records.decode()
      else caughtUp = !(await this.#nextBatch())
    }
    return { ...records.finish(), next: { offset: records.next, incarnation: this.#incarnation }, caughtUp }
  }

  async close(): Promise<void> {
    // Nothing is held open.
  }

  /** False at the synced end. */
  async #nextBatch(): Promise<boolean> {
    const frame = this.#cursor.take()
    if (frame === undefined) return this.#cursor.fill()
    this.#records.take(this.#cursor.decode(frame))
    return true
  }
}
