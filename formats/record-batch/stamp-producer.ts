import { crc32c } from '../../core/model/crc32c.ts'
import { AT, ATTRIBUTE, dataViewOf } from './layout.ts'

/** Who appends a batch, and which of its batches for the partition it is. */
export interface ProducerStamp {
  readonly producerId: bigint
  readonly producerEpoch: number
  /** Number of the batch's first record among those of this producer and epoch for the partition. */
  readonly baseSequence: number
}

const SEQUENCES = 2 ** 31

/** Makes an encoded batch part of a transaction of this producer, in place, and renews its CRC. */
export function stampTransactional(batch: Uint8Array, stamp: ProducerStamp): void {
  const view = dataViewOf(batch)
  view.setInt16(AT.attributes, view.getInt16(AT.attributes) | ATTRIBUTE.transactional)
  stampIdempotent(batch, stamp)
}

/** Makes an encoded batch one of this producer, in place, and renews its CRC. */
export function stampIdempotent(batch: Uint8Array, stamp: ProducerStamp): void {
  const view = dataViewOf(batch)
  view.setBigInt64(AT.producerId, stamp.producerId)
  view.setInt16(AT.producerEpoch, stamp.producerEpoch)
  view.setInt32(AT.baseSequence, stamp.baseSequence)
  view.setUint32(AT.crc, crc32c(batch.subarray(AT.attributes)))
}

/** The sequence that follows so many records; after 2^31 − 1 comes 0. */
export function sequenceAfter(baseSequence: number, records: number): number {
  return (baseSequence + records) % SEQUENCES
}

/** Number of records in an encoded batch. */
export function recordCountOf(batch: Uint8Array): number {
  return dataViewOf(batch).getInt32(AT.recordCount)
}
