// hot path
// 1. The frame: base offset, length, magic. 2. The CRC over the rest. 3. The header's fields, and whether the record count
// can be true. 4. The records, inflated if need be. 5. Per record: length, attributes, timestamp delta, offset delta, key,
// value, headers; each must end where its length says, and the last one where the batch ends.
import { crc32c } from '../../core/model/crc32c.ts'
import { corrupt, unsupported } from './batch-errors.ts'
import { codecOf, decompress } from './compression.ts'
import {
  AT,
  ATTRIBUTE,
  dataViewOf,
  LENGTH_COUNTS_FROM,
  MAGIC,
  readInt64,
  SMALLEST_MESSAGE_BYTES,
  SMALLEST_RECORD_BYTES,
} from './layout.ts'
import { VarintReader } from './varint-reader.ts'

/**
 * One decoded batch; the arrays are indexed by record. Keys, values and headers stay bytes in `buffer`, which for an
 * uncompressed batch is part of the very input: do not change the input while the view is in use. All arrays share one memory, so
 * transferring one of them transfers all; `buffer` may share its memory with strangers and must be copied to be transferred.
 */
export interface RecordBatchView {
  /** The records' bytes, inflated if need be: what the ranges below point into. */
  readonly buffer: Uint8Array
  readonly baseOffset: number
  readonly count: number
  /** One past the last offset of the batch; after compaction more than one past the last record. */
  readonly nextOffset: number
  readonly attributes: number
  readonly partitionLeaderEpoch: number
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly isTransactional: boolean
  /** The batch holds a marker of a transaction, not a user's records. */
  readonly isControl: boolean
  readonly offsets: Float64Array
  /** Epoch ms, exact within ±2^52; under log-append time all have the maximum of the batch. */
  readonly timestamps: Float64Array
  readonly keyStarts: Int32Array
  /** −1 is a null key. */
  readonly keyLengths: Int32Array
  readonly valueStarts: Int32Array
  /** −1 is a null value, a tombstone. */
  readonly valueLengths: Int32Array
  /** Where the headers begin, with their count; read them with `headersOf`. */
  readonly headerStarts: Int32Array
  readonly headerEnds: Int32Array
}

/** Where a batch stands in a buffer and which offsets it covers, read from its header alone; the CRC is not checked. */
export interface BatchFrame {
  readonly start: number
  /** Exclusive. */
  readonly end: number
  readonly baseOffset: number
  readonly nextOffset: number
  readonly count: number
  readonly maxTimestamp: number
}

/** Bounds on what a batch may make its reader allocate. */
export interface DecodeLimits {
  /** Most bytes the records may inflate to. The arrays take 40 bytes per record on top, at most six times as much. */
  readonly maxInflatedBytes: number
  /** A view that is not read any more: the memory of its arrays and of its inflated records serves again if it is large enough. */
  readonly reuse?: RecordBatchView | undefined
}

/** One header of a record; `value` points into the batch's buffer. */
export interface RecordHeader {
  readonly key: string
  readonly value: Uint8Array | null
}

type Columns = Pick<
  RecordBatchView,
  'offsets' | 'timestamps' | 'keyStarts' | 'keyLengths' | 'valueStarts' | 'valueLengths' | 'headerStarts' | 'headerEnds'
>

const BYTES_PER_RECORD = 40

/**
 * The batch that begins at `position`, or undefined when the buffer ends before it does (a torn tail, a cut fetch).
 * Throws MR_RECORD_BATCH_UNSUPPORTED on another magic and MR_RECORD_BATCH_CORRUPT on an impossible length or offset.
 *
 * @example
 * for (let frame = frameAt(bytes, 0); frame !== undefined; frame = frameAt(bytes, frame.end)) index(frame)
 */
export function frameAt(bytes: Uint8Array, position: number): BatchFrame | undefined {
  const view = dataViewOf(bytes)
  const end = findEnd(view, position)
  return end === undefined ? undefined : readFrame(view, position, end)
}

/**
 * Decodes the batch at `position`. The CRC is checked first; afterwards every length is checked before it is used, and
 * nothing is allocated that the limits do not allow. The result is complete: `headersOf` cannot fail on it.
 *
 * @example
 * const view = decodeRecordBatch(bytes, frame.start, { maxInflatedBytes: 64 * 1024 * 1024 })
 * const start = view.valueStarts[0], length = view.valueLengths[0]
 * const value = length < 0 ? null : view.buffer.subarray(start, start + length)
 */
export function decodeRecordBatch(bytes: Uint8Array, position: number, limits: DecodeLimits): RecordBatchView {
  const header = dataViewOf(bytes)
  const end = findEnd(header, position)
  if (end === undefined) throw corrupt('it is cut off', { position, availableBytes: bytes.length - position })
  checkCrc(bytes, position, end)
  const frame = readFrame(header, position, end)
  const attributes = header.getInt16(position + AT.attributes)
  const codec = codecOf(attributes)
  const records = bytes.subarray(position + AT.records, end)
  const { maxInflatedBytes: maxBytes, reuse } = limits
  const buffer = decompress(codec, records, { maxBytes, memory: inflatedMemory(reuse) })
  const reader = new VarintReader(buffer)
  const columns = columnsIn(memoryFor(frame.count, reader, reuse), frame.count)
  decodeRecords(reader, columns, { frame, baseTimestamp: readInt64(header, position + AT.baseTimestamp) })
  if ((attributes & ATTRIBUTE.logAppendTime) !== 0) columns.timestamps.fill(frame.maxTimestamp)
  return {
    buffer,
    baseOffset: frame.baseOffset,
    count: frame.count,
    nextOffset: frame.nextOffset,
    attributes,
    partitionLeaderEpoch: header.getInt32(position + AT.partitionLeaderEpoch),
    producerId: header.getBigInt64(position + AT.producerId),
    producerEpoch: header.getInt16(position + AT.producerEpoch),
    baseSequence: header.getInt32(position + AT.baseSequence),
    isTransactional: (attributes & ATTRIBUTE.transactional) !== 0,
    isControl: (attributes & ATTRIBUTE.control) !== 0,
    offsets: columns.offsets,
    timestamps: columns.timestamps,
    keyStarts: columns.keyStarts,
    keyLengths: columns.keyLengths,
    valueStarts: columns.valueStarts,
    valueLengths: columns.valueLengths,
    headerStarts: columns.headerStarts,
    headerEnds: columns.headerEnds,
  }
}

/**
 * The headers of one record, in their order; header keys may repeat.
 *
 * @example
 * headersOf(view, 3).find((header) => header.key === 'trace-id')?.value
 */
export function headersOf(view: RecordBatchView, index: number): readonly RecordHeader[] {
  const start = view.headerStarts[index]
  const end = view.headerEnds[index]
  if (start === undefined || end === undefined) return []
  const { buffer } = view
  const text = Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength)
  const reader = new VarintReader(buffer)
  reader.position = start
  reader.limit = end
  const count = reader.readInt()
  const headers: RecordHeader[] = []
  for (let i = 0; i < count; i++) {
    const keyLength = reader.skipSized()
    const key = text.toString('utf8', reader.position - keyLength, reader.position)
    const valueLength = reader.skipSized()
    const value = valueLength < 0 ? null : buffer.subarray(reader.position - valueLength, reader.position)
    headers.push({ key, value })
  }
  return headers
}

function findEnd(view: DataView, position: number): number | undefined {
  const available = view.byteLength - position
  if (available < LENGTH_COUNTS_FROM) return undefined
  const length = view.getInt32(position + AT.batchLength)
  // A message of the formats before has its magic at the same place, and may be shorter than any batch.
  const magic = available > AT.magic && length >= SMALLEST_MESSAGE_BYTES ? view.getUint8(position + AT.magic) : MAGIC
  if (magic !== MAGIC) throw unsupported(`its magic is ${magic}, not ${MAGIC}`, { position, magic })
  if (length < AT.records - LENGTH_COUNTS_FROM) throw corrupt(`its length is ${length}`, { position, length })
  return available < LENGTH_COUNTS_FROM + length ? undefined : position + LENGTH_COUNTS_FROM + length
}

function readFrame(view: DataView, start: number, end: number): BatchFrame {
  const baseOffset = readInt64(view, start + AT.baseOffset)
  const lastOffsetDelta = view.getInt32(start + AT.lastOffsetDelta)
  const count = view.getInt32(start + AT.recordCount)
  const nextOffset = baseOffset + lastOffsetDelta + 1
  if (baseOffset < 0 || !Number.isSafeInteger(nextOffset)) throw corrupt('its offset is out of range', { start })
  // Compaction takes records away but keeps the range of offsets, so there are at most as many records as offsets.
  if (count < 0 || lastOffsetDelta < count - 1)
    throw corrupt(`it claims ${count} records`, { start, baseOffset, count })
  return { start, end, baseOffset, nextOffset, count, maxTimestamp: readInt64(view, start + AT.maxTimestamp) }
}

function checkCrc(bytes: Uint8Array, position: number, end: number): void {
  const stored = dataViewOf(bytes).getUint32(position + AT.crc)
  const computed = crc32c(bytes.subarray(position + AT.attributes, end))
  if (stored !== computed) throw corrupt('its CRC does not match', { position, end, stored, computed })
}

function memoryFor(count: number, reader: VarintReader, reuse: RecordBatchView | undefined): ArrayBufferLike {
  const sizeBytes = reader.limit - reader.position
  if (count * SMALLEST_RECORD_BYTES > sizeBytes) {
    throw corrupt(`it claims ${count} records in ${sizeBytes} bytes`, { count, sizeBytes })
  }
  const spare = reuse?.offsets.buffer
  return spare !== undefined && spare.byteLength >= count * BYTES_PER_RECORD
    ? spare
    : new ArrayBuffer(count * BYTES_PER_RECORD)
}

/** Memory that only the records of this view lie in, inflated. */
function inflatedMemory(view: RecordBatchView | undefined): ArrayBufferLike | undefined {
  return view !== undefined && codecOf(view.attributes) === 'lz4' ? view.buffer.buffer : undefined
}

function columnsIn(memory: ArrayBufferLike, count: number): Columns {
  return {
    offsets: new Float64Array(memory, 0, count),
    timestamps: new Float64Array(memory, count * 8, count),
    keyStarts: new Int32Array(memory, count * 16, count),
    keyLengths: new Int32Array(memory, count * 20, count),
    valueStarts: new Int32Array(memory, count * 24, count),
    valueLengths: new Int32Array(memory, count * 28, count),
    headerStarts: new Int32Array(memory, count * 32, count),
    headerEnds: new Int32Array(memory, count * 36, count),
  }
}

function decodeRecords(
  reader: VarintReader,
  columns: Columns,
  batch: { readonly frame: BatchFrame; readonly baseTimestamp: number },
): void {
  const { offsets, timestamps, keyStarts, keyLengths, valueStarts, valueLengths, headerStarts, headerEnds } = columns
  const { baseTimestamp, frame } = batch
  const { count, baseOffset, nextOffset } = frame
  const { limit } = reader
  let leastOffset = baseOffset
  for (let i = 0; i < count; i++) {
    reader.limit = limit
    const length = reader.readInt()
    const end = reader.position + length
    if (length < SMALLEST_RECORD_BYTES - 1 || end > limit) throw reader.fail(`record ${i} has the length ${length}`)
    reader.limit = end
    reader.position++
    timestamps[i] = baseTimestamp + reader.readLong()
    const offset = baseOffset + reader.readInt()
    if (offset < leastOffset || offset >= nextOffset) throw reader.fail(`record ${i} has an offset out of order`)
    leastOffset = offset + 1
    offsets[i] = offset
    const keyLength = reader.skipSized()
    keyLengths[i] = keyLength
    keyStarts[i] = keyLength < 0 ? reader.position : reader.position - keyLength
    const valueLength = reader.skipSized()
    valueLengths[i] = valueLength
    valueStarts[i] = valueLength < 0 ? reader.position : reader.position - valueLength
    headerStarts[i] = reader.position
    headerEnds[i] = end
    skipHeaders(reader)
  }
  if (reader.position !== limit) throw reader.fail(`bytes follow the last of ${count} records`)
}

function skipHeaders(reader: VarintReader): void {
  // Nearly all records have none.
  if (reader.position === reader.limit - 1 && reader.bytes[reader.position] === 0) reader.position++
  else skipEachHeader(reader)
}

function skipEachHeader(reader: VarintReader): void {
  const count = reader.readInt()
  if (count < 0) throw reader.fail(`a record has ${count} headers`)
  for (let i = 0; i < count; i++) {
    if (reader.skipSized() < 0) throw reader.fail('a header has no key')
    reader.skipSized()
  }
  if (reader.position !== reader.limit) throw reader.fail('bytes follow the headers of a record')
}
