// hot path
// 1. Measure every record. 2. One buffer of the right size; records written into it. 3. Compressed records move to a second
// buffer behind the header. 4. Header, and last the CRC over everything after it.
import { tooLarge, unsupported } from './batch-errors.ts'
import { type BatchKind, withRecords, writeHeader } from './batch-header.ts'
import { compress } from './compression.ts'
import { AT, dataViewOf, writeInt64 } from './layout.ts'
import { intBytes, longBytes, VarintWriter } from './varint-writer.ts'

/** A header to be written; text becomes UTF-8, half a surrogate pair U+FFFD. */
export interface EncodableHeader {
  readonly key: string
  readonly value: Uint8Array | string | null
}

/** A record to be written; its bytes are copied. */
export interface EncodableRecord {
  /** Epoch ms, a whole number within ±2^51. */
  readonly timestamp: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly EncodableHeader[]
}

/** What goes into one batch. The defaults are those of a producer without idempotence. */
export interface RecordBatchInput extends BatchKind {
  /** Offset of the first record; the others follow without a gap. */
  readonly baseOffset: number
  readonly records: readonly EncodableRecord[]
}

/** Timestamps lie within ± this. */
export const LARGEST_TIMESTAMP = 2 ** 51
const LARGEST_BATCH_BYTES = 2 ** 31 - 1
const ATTRIBUTES_BYTES = 1

interface Measured {
  /** Bytes of each record without its own length. */
  readonly bodyBytes: Int32Array
  readonly totalBytes: number
  readonly maxTimestamp: number
}

/**
 * Encodes one batch into a fresh buffer that the caller owns. The same input gives the same bytes.
 *
 * @example
 * const record = { timestamp: 1_700_000_000_000, key: null, value: Buffer.from('{"id":1}'), headers: [] }
 * const bytes = encodeRecordBatch({ baseOffset: 0, records: [record], codec: 'lz4' })
 */
export function encodeRecordBatch(input: RecordBatchInput): Uint8Array {
  const { records, codec } = input
  const measured = measure(records)
  const plain = new Uint8Array(AT.records + measured.totalBytes)
  writeRecords(new VarintWriter(plain, AT.records), records, measured.bodyBytes)
  const batch = codec === 'none' ? plain : withRecords(compress(codec, plain.subarray(AT.records)))
  const baseTimestamp = records[0]?.timestamp ?? -1
  writeHeader(batch, input, { count: records.length, baseTimestamp, maxTimestamp: measured.maxTimestamp })
  setBaseOffset(batch, input.baseOffset)
  return batch
}

/**
 * Gives an encoded batch, which begins at the buffer's start, its place in the log. The CRC stays valid: it leaves the base
 * offset out.
 */
export function setBaseOffset(bytes: Uint8Array, offset: number): void {
  if (!Number.isSafeInteger(offset) || offset < 0) throw unsupported(`${offset} is not an offset`, { offset })
  writeInt64(dataViewOf(bytes), AT.baseOffset, offset)
}

function measure(records: readonly EncodableRecord[]): Measured {
  const bodyBytes = new Int32Array(records.length)
  const baseTimestamp = records[0]?.timestamp ?? -1
  let maxTimestamp = baseTimestamp
  let totalBytes = 0
  for (let i = 0; i < records.length; i++) {
    const record = records[i]!
    const { timestamp } = record
    if (!Number.isInteger(timestamp) || Math.abs(timestamp) > LARGEST_TIMESTAMP) {
      throw unsupported(`record ${i} has the timestamp ${timestamp}, which is not a whole number of ms`, { index: i })
    }
    if (timestamp > maxTimestamp) maxTimestamp = timestamp
    const body = ATTRIBUTES_BYTES + longBytes(timestamp - baseTimestamp) + intBytes(i) + payloadBytes(record)
    totalBytes += intBytes(body) + body
    if (totalBytes > LARGEST_BATCH_BYTES - AT.records) throw tooLarge('its records pass 2 GiB', { index: i })
    bodyBytes[i] = body
  }
  return { bodyBytes, totalBytes, maxTimestamp }
}

function payloadBytes(record: EncodableRecord): number {
  const { headers } = record
  let size = sizedBytes(record.key) + sizedBytes(record.value) + intBytes(headers.length)
  for (let i = 0; i < headers.length; i++) {
    const { key, value } = headers[i]!
    size += textBytes(key) + (typeof value === 'string' ? textBytes(value) : sizedBytes(value))
  }
  return size
}

function textBytes(text: string): number {
  const size = Buffer.byteLength(text)
  return intBytes(size) + size
}

function sizedBytes(value: Uint8Array | null): number {
  return value === null ? 1 : intBytes(value.length) + value.length
}

function writeRecords(writer: VarintWriter, records: readonly EncodableRecord[], bodyBytes: Int32Array): void {
  const baseTimestamp = records[0]?.timestamp ?? -1
  for (let i = 0; i < records.length; i++) {
    const record = records[i]!
    writer.writeInt(bodyBytes[i]!)
    writer.writeByte(0)
    writer.writeLong(record.timestamp - baseTimestamp)
    writer.writeInt(i)
    writer.writeSized(record.key)
    writer.writeSized(record.value)
    writeHeaders(writer, record.headers)
  }
}

function writeHeaders(writer: VarintWriter, headers: EncodableRecord['headers']): void {
  writer.writeInt(headers.length)
  for (let i = 0; i < headers.length; i++) {
    const { key, value } = headers[i]!
    writer.writeText(key)
    if (typeof value === 'string') writer.writeText(value)
    else writer.writeSized(value)
  }
}
