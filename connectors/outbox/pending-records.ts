// hot path
import type { Codec } from '../../formats/record-batch/compression.ts'
import { type LentRecord, RecordPayloads } from '../../formats/record-batch/record-payloads.ts'

const BATCH_RECORDS = 1_000
/** Well below what brokers of Kafka take as they come (1 MiB); only a larger record makes a larger batch. */
const BATCH_BYTES = 524_288

/** A record on its way out; `hash` chooses the partition among those that the topic turns out to have. */
export interface OutgoingRecord extends LentRecord {
  readonly topic: string
  readonly hash: number
}

/** A record batch for a partition. */
export interface OutgoingBatch {
  readonly partition: number
  readonly count: number
  readonly batch: Uint8Array
}

/** Records, encoded as far as can be before it is known how many partitions their topics have. */
export class PendingRecords {
  readonly #payloads = new RecordPayloads()
  readonly #hashes: number[] = []
  /** Rows of each topic, in the order in which they came. */
  readonly #rows = new Map<string, number[]>()

  get count(): number {
    return this.#payloads.count
  }

  get sizeBytes(): number {
    return this.#payloads.sizeBytes
  }

  topics(): IterableIterator<string> {
    return this.#rows.keys()
  }

  /** Copies the record. */
  add(record: OutgoingRecord): void {
    const row = this.#payloads.count
    this.#payloads.append(record)
    this.#hashes[row] = record.hash
    const rows = this.#rows.get(record.topic)
    if (rows === undefined) this.#rows.set(record.topic, [row])
    else rows.push(row)
  }

  /** The records of a topic, in batches of a partition each; those of a partition keep their order. */
  *batches(topic: string, to: { readonly partitions: number; readonly codec: Codec }): Generator<OutgoingBatch> {
    for (const [partition, rows] of this.#byPartition(topic, to.partitions)) {
      for (const part of this.#parts(rows)) {
        yield { partition, count: part.length, batch: this.#payloads.encode({ codec: to.codec }, part) }
      }
    }
  }

  clear(): void {
    this.#payloads.clear()
    this.#hashes.length = 0
    this.#rows.clear()
  }

  #byPartition(topic: string, partitions: number): Map<number, number[]> {
    return Map.groupBy(this.#rows.get(topic) ?? [], (row) => this.#hashes[row]! % partitions)
  }

  #parts(rows: readonly number[]): readonly (readonly number[])[] {
    const parts: number[][] = []
    let bytes = Number.POSITIVE_INFINITY
    for (const row of rows) {
      const last = parts.at(-1)
      const sizeBytes = this.#payloads.sizeBytesOf(row)
      bytes += sizeBytes
      if (last !== undefined && last.length < BATCH_RECORDS && bytes <= BATCH_BYTES) last.push(row)
      else {
        parts.push([row])
        bytes = sizeBytes
      }
    }
    return parts
  }
}
