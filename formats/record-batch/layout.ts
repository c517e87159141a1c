/**
 * Byte positions in the header of a record batch, magic 2, all numbers big-endian (Kafka protocol guide, "Record Batch").
 * The CRC covers everything from `attributes` to the end; base offset, length and leader epoch stand outside of it.
 */
export const AT = {
  baseOffset: 0,
  batchLength: 8,
  partitionLeaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordCount: 57,
  records: 61,
} as const

/** `batchLength` counts the bytes after itself. */
export const LENGTH_COUNTS_FROM = 12

export const MAGIC = 2

/** Bits of `attributes`; the low three bits number the codec. */
export const ATTRIBUTE = { codec: 0x07, logAppendTime: 0x08, transactional: 0x10, control: 0x20 } as const

/** Length, attributes, two deltas, key length, value length and header count, one byte each. */
export const SMALLEST_RECORD_BYTES = 7

/** Of the formats before: CRC, magic, attributes, key length and value length. */
export const SMALLEST_MESSAGE_BYTES = 14

const TWO_TO_32 = 4_294_967_296

/** Reads a signed 64-bit integer as a number: exact within ±2^53, rounded beyond. */
export function readInt64(view: DataView, position: number): number {
  return view.getInt32(position) * TWO_TO_32 + view.getUint32(position + 4)
}

/** Writes a safe integer as a signed 64-bit integer. */
export function writeInt64(view: DataView, position: number, value: number): void {
  view.setInt32(position, Math.floor(value / TWO_TO_32))
  view.setUint32(position + 4, value >>> 0)
}

/** A view over exactly the bytes given, whatever part of its memory they are. */
export function dataViewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** The most that a reader lets one batch inflate to; writers of ours keep every batch well below. */
export const MOST_INFLATED_BYTES = 134_217_728
