// hot path
// Of a record only length, time and number depend on the batch that it is in: the rest is encoded as records come, one after the
// other in one memory, and copied when the batches are made.
import { tooLarge, unsupported } from './batch-errors.ts'
import { type BatchKind, withRecords, writeHeader } from './batch-header.ts'
import { compress } from './compression.ts'
import { type HeaderPart, mostHeaderBytes, writeHeaders } from './headers.ts'
import { AT } from './layout.ts'
import { intBytes, longBytes, VarintWriter } from './varint-writer.ts'

/** Timestamps lie within ± this. */
const LARGEST_TIMESTAMP = 2 ** 51

const FIRST_BYTES = 1_024
const FIRST_RECORDS = 16
const LARGEST_BATCH_BYTES = 2 ** 31 - 1
const ATTRIBUTES_BYTES = 1
/** Lengths of key and value, at most. */
const MOST_LENGTH_BYTES = 10
const NO_HEADERS: readonly HeaderPart[] = []

/** A record whose bytes are only lent. */
export interface LentRecord {
  /** Epoch ms, a whole number within ±2^51. */
  readonly timestamp: number
  readonly key: Uint8Array | null
  /** The value is its first `length` bytes; `null`: there is none. */
  readonly bytes: Uint8Array | null
  readonly length: number
  /** None by default. */
  readonly headers?: readonly HeaderPart[]
}

/**
 * Records on their way into batches, without an object per record. It can be used again after `clear`, and keeps its memory.
 *
 * @example
 * const records = new RecordPayloads()
 * records.append({ timestamp: 1_700_000_000_000, key: null, bytes: Buffer.from('{"id":1}'), length: 8 })
 * const batch = records.encode({ codec: 'lz4' })
 * records.clear()
 */
export class RecordPayloads {
  #writer = new VarintWriter(new Uint8Array(FIRST_BYTES), 0)
  #timestamps = new Float64Array(FIRST_RECORDS)
  /** Where the payload of each record ends. */
  #ends = new Int32Array(FIRST_RECORDS)
  #count = 0

  get count(): number {
    return this.#count
  }

  /** Of all records, without what depends on their batch. */
  get sizeBytes(): number {
    return this.#writer.position
  }

  /** The same for one record. */
  sizeBytesOf(row: number): number {
    return this.#ends[row]! - this.#startOf(row)
  }

  /** Copies the record. */
  append(record: LentRecord): void {
    const { timestamp, key, bytes, length, headers = NO_HEADERS } = record
    if (!Number.isInteger(timestamp) || Math.abs(timestamp) > LARGEST_TIMESTAMP) {
      const message = `record ${this.#count} has the timestamp ${timestamp}, which is not a whole number of ms`
      throw unsupported(message, { index: this.#count, timestamp })
    }
    this.#reserve((key?.length ?? 0) + length + MOST_LENGTH_BYTES + mostHeaderBytes(headers))
    const writer = this.#writer
    writer.writeSized(key)
    writer.writeSized(bytes === null || bytes.length === length ? bytes : bytes.subarray(0, length))
    writeHeaders(writer, headers)
    if (this.#count === this.#ends.length) this.#growRows()
    this.#timestamps[this.#count] = timestamp
    this.#ends[this.#count] = writer.position
    this.#count++
  }

  /**
   * One batch of these rows, or of all, with base offset 0, in a buffer of its own. The same records give the same bytes. Throws
   * `MR_RECORD_BATCH_TOO_LARGE` where it would pass 2 GiB.
   */
  encode(kind: BatchKind, rows: ArrayLike<number> = this.#allRows()): Uint8Array {
    const times = this.#timesOf(rows)
    const plain = new Uint8Array(AT.records + this.#measure(rows, times.baseTimestamp))
    this.#write(new VarintWriter(plain, AT.records), rows, times.baseTimestamp)
    const batch = kind.codec === 'none' ? plain : withRecords(compress(kind.codec, plain.subarray(AT.records)))
    writeHeader(batch, kind, { count: rows.length, ...times })
    return batch
  }

  /** Forgets the records. */
  clear(): void {
    this.#writer.position = 0
    this.#count = 0
  }

  #startOf(row: number): number {
    return row === 0 ? 0 : this.#ends[row - 1]!
  }

  #allRows(): Int32Array {
    const rows = new Int32Array(this.#count)
    for (let row = 0; row < rows.length; row++) rows[row] = row
    return rows
  }

  #timesOf(rows: ArrayLike<number>): { baseTimestamp: number; maxTimestamp: number } {
    if (rows.length === 0) return { baseTimestamp: -1, maxTimestamp: -1 }
    const baseTimestamp = this.#timestamps[rows[0]!]!
    let maxTimestamp = baseTimestamp
    for (let i = 0; i < rows.length; i++) maxTimestamp = Math.max(maxTimestamp, this.#timestamps[rows[i]!]!)
    return { baseTimestamp, maxTimestamp }
  }

  #measure(rows: ArrayLike<number>, baseTimestamp: number): number {
    let totalBytes = 0
    for (let i = 0; i < rows.length; i++) {
      const bodyBytes = this.#bodyBytes(rows[i]!, i, baseTimestamp)
      totalBytes += intBytes(bodyBytes) + bodyBytes
    }
    if (totalBytes > LARGEST_BATCH_BYTES - AT.records) throw passesLimit(totalBytes)
    return totalBytes
  }

  /** Bytes of a record as number `index` of a batch, without its own length. */
  #bodyBytes(row: number, index: number, baseTimestamp: number): number {
    const delta = this.#timestamps[row]! - baseTimestamp
    return ATTRIBUTES_BYTES + longBytes(delta) + intBytes(index) + this.sizeBytesOf(row)
  }

  #write(writer: VarintWriter, rows: ArrayLike<number>, baseTimestamp: number): void {
    const payloads = this.#writer.bytes
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!
      writer.writeInt(this.#bodyBytes(row, i, baseTimestamp))
      writer.writeByte(0)
      writer.writeLong(this.#timestamps[row]! - baseTimestamp)
      writer.writeInt(i)
      writer.writeBytes(payloads.subarray(this.#startOf(row), this.#ends[row]!))
    }
  }

  #reserve(more: number): void {
    const { bytes, position } = this.#writer
    const needed = position + more
    if (needed <= bytes.length) return
    if (needed > LARGEST_BATCH_BYTES) throw passesLimit(needed)
    const grown = new Uint8Array(Math.min(LARGEST_BATCH_BYTES, Math.max(2 * bytes.length, needed)))
    grown.set(bytes.subarray(0, position))
    this.#writer = new VarintWriter(grown, position)
  }

  #growRows(): void {
    const timestamps = new Float64Array(2 * this.#ends.length)
    const ends = new Int32Array(2 * this.#ends.length)
    timestamps.set(this.#timestamps)
    ends.set(this.#ends)
    this.#timestamps = timestamps
    this.#ends = ends
  }
}

function passesLimit(sizeBytes: number): Error {
  return tooLarge('its records pass 2 GiB', { sizeBytes })
}
