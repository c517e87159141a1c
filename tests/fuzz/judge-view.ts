import { decodeRecordBatch, headersOf, type RecordBatchView } from '../../formats/record-batch/decode.ts'
import { encodableAt } from '../../formats/record-batch/encodable-at.ts'
import { encodeRecordBatch } from '../../formats/record-batch/encode.ts'
import { AT, ATTRIBUTE, dataViewOf } from '../../formats/record-batch/layout.ts'
import { recordsOf } from '../formats/record-batch/batches.ts'
import { type ReferenceRecord, referenceDecode } from '../formats/record-batch/reference-decoder.ts'
import { must } from './violation.ts'

/** Timestamps beyond are rounded, and nobody encodes them. */
const EXACT_MS = 2 ** 51
const MOST_COMPARED_RECORDS = 40
const MOST_COMPARED_BYTES = 4_096

const ARRAYS = [
  'offsets',
  'timestamps',
  'keyStarts',
  'keyLengths',
  'valueStarts',
  'valueLengths',
  'headerStarts',
  'headerEnds',
] as const

/** A view tells the truth about itself: as many records as it says, in order, every place within the buffer, headers readable. */
export function checkView(view: RecordBatchView, mostBytes: number): void {
  const { buffer, count, baseOffset, nextOffset, offsets, timestamps, headerEnds } = view
  must(Number.isInteger(count) && count >= 0, 'the count of records is no count')
  must(buffer.length <= mostBytes, 'it inflates to more than the limit')
  for (const name of ARRAYS) must(view[name].length >= count, 'an array has fewer places than records')
  let least = baseOffset
  let floor = 0
  for (let i = 0; i < count; i++) {
    must(offsets[i]! >= least && offsets[i]! < nextOffset, 'an offset is out of order')
    must(Number.isFinite(timestamps[i]), 'a timestamp is no number')
    must(isInOrder(view, i, floor), 'places of a record overlap or lie outside')
    must(
      headersOf(view, i).every(({ value }) => isWithin(value, buffer)),
      'a header lies outside',
    )
    least = offsets[i]! + 1
    floor = headerEnds[i]!
  }
}

function isInOrder(view: RecordBatchView, index: number, floor: number): boolean {
  const { buffer, keyStarts, keyLengths, valueStarts, valueLengths, headerStarts, headerEnds } = view
  const keyEnd = keyStarts[index]! + Math.max(0, keyLengths[index]!)
  const valueEnd = valueStarts[index]! + Math.max(0, valueLengths[index]!)
  if (keyLengths[index]! < -1 || valueLengths[index]! < -1) return false
  if (keyStarts[index]! <= floor || valueStarts[index]! <= keyEnd || headerStarts[index]! < valueEnd) return false
  return headerEnds[index]! > headerStarts[index]! && headerEnds[index]! <= buffer.length
}

function isWithin(value: Uint8Array | null, buffer: Uint8Array): boolean {
  if (value === null) return true
  const start = value.byteOffset - buffer.byteOffset
  return value.buffer === buffer.buffer && start >= 0 && start + value.length <= buffer.length
}

/** Two views of the same bytes are the same, whatever memory they lie in. */
export function checkSame(view: RecordBatchView, other: RecordBatchView): void {
  const isSame = view.count === other.count && Buffer.compare(view.buffer, other.buffer) === 0
  must(isSame && ARRAYS.every((name) => isEqual(view[name], other[name], view.count)), 'other memory, other records')
}

function isEqual(one: ArrayLike<number>, other: ArrayLike<number>, count: number): boolean {
  for (let i = 0; i < count; i++) if (one[i] !== other[i]) return false
  return true
}

/** The records are what the slow reference reads, and what is read again once they are encoded anew. */
export function checkRecords(view: RecordBatchView, batch: Uint8Array): void {
  if (view.count > MOST_COMPARED_RECORDS || view.buffer.length > MOST_COMPARED_BYTES) return
  const base = Number(dataViewOf(batch).getBigInt64(AT.baseTimestamp))
  const found = recordsOf(view)
  const expected = referenceRecords(view, batch)
  must(textOf(found, base) === textOf(expected, base), 'it reads other records than the reference decoder')
  if (!found.every(({ timestamp }) => Math.abs(timestamp) <= EXACT_MS)) return
  const encoded = encodeRecordBatch({
    baseOffset: 0,
    records: found.map((_, i) => encodableAt(view, i)),
    codec: 'none',
  })
  const again = recordsOf(decodeRecordBatch(encoded, 0, { maxInflatedBytes: encoded.length }))
  const moved = again.map((record, i) => ({ ...record, offset: found[i]!.offset }))
  must(textOf(moved, 0) === textOf(found, 0), 'encoded anew its records change')
}

/** A timestamp beyond 2^51 is rounded, not always in the same way, and so is one that is counted from there. */
function textOf(records: readonly ReferenceRecord[], baseTimestamp: number): string {
  const isExact = (timestamp: number): boolean => Math.max(Math.abs(timestamp), Math.abs(baseTimestamp)) <= EXACT_MS
  return JSON.stringify(records.map((record) => (isExact(record.timestamp) ? record : { ...record, timestamp: 'far' })))
}

function referenceRecords(view: RecordBatchView, batch: Uint8Array): readonly ReferenceRecord[] {
  const header = dataViewOf(batch)
  const isAppendTime = (header.getInt16(AT.attributes) & ATTRIBUTE.logAppendTime) !== 0
  const appended = Number(header.getBigInt64(AT.maxTimestamp))
  return referenceDecode(batch, view.buffer).map((record) => ({
    ...record,
    timestamp: isAppendTime ? appended : record.timestamp,
    headers: record.headers.map(([key, value]) => [asText(key), value] as const),
  }))
}

/** Bytes that are no UTF-8 become U+FFFD, as they do in a view. */
function asText(key: string): string {
  return Buffer.from(Buffer.from(key, 'hex').toString('utf8')).toString('hex')
}
