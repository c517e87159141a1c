import { crc32c } from '../../../core/model/crc32c.ts'
import { headersOf, type RecordBatchView } from '../../../formats/record-batch/decode.ts'
import type { EncodableRecord } from '../../../formats/record-batch/encode.ts'
import type { ReferenceRecord } from './reference-decoder.ts'

export const LIMITS = { maxInflatedBytes: 1024 * 1024 }

/** A view as plain records, in the form of the reference decoder. */
export function recordsOf(view: RecordBatchView): ReferenceRecord[] {
  return Array.from({ length: view.count }, (_, i) => ({
    offset: view.offsets[i] ?? Number.NaN,
    timestamp: view.timestamps[i] ?? Number.NaN,
    key: sliceHex(view.buffer, view.keyStarts[i], view.keyLengths[i]),
    value: sliceHex(view.buffer, view.valueStarts[i], view.valueLengths[i]),
    headers: headersOf(view, i).map(({ key, value }) => [hex(utf8(key)), value === null ? null : hex(value)] as const),
  }))
}

/** What the reference decoder must say about records that were encoded from `baseOffset` on. */
export function expectedOf(records: readonly EncodableRecord[], baseOffset: number): ReferenceRecord[] {
  return records.map((record, i) => ({
    offset: baseOffset + i,
    timestamp: record.timestamp,
    key: record.key === null ? null : hex(record.key),
    value: record.value === null ? null : hex(record.value),
    headers: record.headers.map(({ key, value }) => [hex(utf8(key)), hexOf(value)] as const),
  }))
}

function hexOf(value: Uint8Array | string | null): string | null {
  if (value === null) return null
  return hex(typeof value === 'string' ? utf8(value) : value)
}

/** Makes the stored CRC of a tampered batch right again. */
export function repairCrc(batch: Uint8Array): void {
  new DataView(batch.buffer, batch.byteOffset, batch.byteLength).setUint32(17, crc32c(batch.subarray(21)))
}

/** A batch with a valid header and CRC around any record section. */
export function batchAround(section: Uint8Array, header: { codec: number; count: number }): Uint8Array {
  const batch = Buffer.alloc(61 + section.length)
  batch.writeInt32BE(batch.length - 12, 8)
  batch.writeInt8(2, 16)
  batch.writeInt16BE(header.codec, 21)
  batch.writeInt32BE(Math.max(0, header.count - 1), 23)
  batch.writeInt32BE(header.count, 57)
  batch.set(section, 61)
  repairCrc(batch)
  return batch
}

/** A small generator of numbers below a bound; the same seed gives the same numbers. */
export function seededNumbers(seed: number): (bound: number) => number {
  let state = seed | 0
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound
  }
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

export function hex(value: Uint8Array): string {
  return Buffer.from(value).toString('hex')
}

function sliceHex(buffer: Uint8Array, start = Number.NaN, length = Number.NaN): string | null {
  return length < 0 ? null : hex(buffer.subarray(start, start + length))
}
