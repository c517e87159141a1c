// hot path
import { tooLarge, unsupported } from './batch-errors.ts'
import { withRecords, writeHeader } from './batch-header.ts'
import { type Codec, compress } from './compression.ts'
import { LARGEST_TIMESTAMP } from './encode.ts'
import { AT } from './layout.ts'
import { intBytes, longBytes, VarintWriter } from './varint-writer.ts'

const FIRST_BYTES = 1_024
const LARGEST_BATCH_BYTES = 2 ** 31 - 1
/** Attributes and count of headers, a byte each. */
const FIXED_BYTES = 2
/** Of lengths, deltas and the fixed bytes of a record together, at most. */
const MOST_FRAME_BYTES = 40

/** A record without headers whose bytes are only lent. */
export interface LentRecord {
  /** Epoch ms, a whole number within ±2^51. */
  readonly timestamp: number
  readonly key: Uint8Array | null
  /** The value is its first `length` bytes. */
  readonly bytes: Uint8Array
  readonly length: number
}

/**
 * Puts records one after the other into a batch, without an object per record. What it gives has the bytes that
 * `encodeRecordBatch` gives for the same records. It can be used again after `finish`.
 */
export class RecordBatchBuilder {
  #writer = new VarintWriter(new Uint8Array(FIRST_BYTES), AT.records)
  #count = 0
  #baseTimestamp = -1
  #maxTimestamp = -1

  get count(): number {
    return this.#count
  }

  /** Of the batch without compression. */
  get sizeBytes(): number {
    return this.#writer.position
  }

  /** Copies the record. */
  append(record: LentRecord): void {
    const { timestamp, key, bytes, length } = record
    if (!Number.isInteger(timestamp) || Math.abs(timestamp) > LARGEST_TIMESTAMP) {
      throw unsupported(`a record has the timestamp ${timestamp}, which is not a whole number of ms`, { timestamp })
    }
    const keyLength = key === null ? -1 : key.length
    this.#reserve(Math.max(0, keyLength) + length + MOST_FRAME_BYTES)
    if (this.#count === 0) this.#baseTimestamp = timestamp
    if (this.#count === 0 || timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp
    const delta = timestamp - this.#baseTimestamp
    const keyBytes = intBytes(keyLength) + Math.max(0, keyLength)
    const valueBytes = intBytes(length) + length
    const writer = this.#writer
    writer.writeInt(FIXED_BYTES + longBytes(delta) + intBytes(this.#count) + keyBytes + valueBytes)
    writer.writeByte(0)
    writer.writeLong(delta)
    writer.writeInt(this.#count)
    writer.writeSized(key)
    writer.writeInt(length)
    writer.bytes.set(length === bytes.length ? bytes : bytes.subarray(0, length), writer.position)
    writer.position += length
    writer.writeInt(0)
    this.#count++
  }

  /** Gives the batch in a buffer of its own, base offset 0, and begins the next one. */
  finish(codec: Codec): Uint8Array {
    const { bytes, position } = this.#writer
    const records = bytes.subarray(AT.records, position)
    const batch = withRecords(codec === 'none' ? records : compress(codec, records))
    const summary = { count: this.#count, baseTimestamp: this.#baseTimestamp, maxTimestamp: this.#maxTimestamp }
    writeHeader(batch, { codec }, summary)
    this.#writer.position = AT.records
    this.#count = 0
    this.#baseTimestamp = -1
    this.#maxTimestamp = -1
    return batch
  }

  #reserve(more: number): void {
    const { bytes, position } = this.#writer
    const needed = position + more
    if (needed <= bytes.length) return
    if (needed > LARGEST_BATCH_BYTES) throw tooLarge('its records pass 2 GiB', { sizeBytes: needed })
    const grown = new Uint8Array(Math.min(LARGEST_BATCH_BYTES, Math.max(2 * bytes.length, needed)))
    grown.set(bytes.subarray(0, position))
    this.#writer = new VarintWriter(grown, position)
  }
}
