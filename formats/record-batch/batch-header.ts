// hot path
import { crc32c } from '../../core/model/crc32c.ts'
import { CODECS, type Codec } from './compression.ts'
import { AT, ATTRIBUTE, dataViewOf, LENGTH_COUNTS_FROM, MAGIC, writeInt64 } from './layout.ts'

/** Who appends a batch, and what kind of batch it is. The defaults are those of a producer without idempotence. */
export interface BatchKind {
  readonly codec: Codec
  readonly partitionLeaderEpoch?: number
  readonly producerId?: bigint
  readonly producerEpoch?: number
  readonly baseSequence?: number
  readonly isTransactional?: boolean
  readonly isControl?: boolean
}

/** What the header tells of the records. */
export interface RecordsSummary {
  readonly count: number
  /** Of the first record; −1 where there is none. */
  readonly baseTimestamp: number
  readonly maxTimestamp: number
}

/** A batch of these encoded records, with room for its header. */
export function withRecords(packed: Uint8Array): Uint8Array {
  const batch = new Uint8Array(AT.records + packed.length)
  batch.set(packed, AT.records)
  return batch
}

/** Writes everything before the records, the base offset 0, and last the CRC. */
export function writeHeader(batch: Uint8Array, kind: BatchKind, records: RecordsSummary): void {
  const view = dataViewOf(batch)
  writeInt64(view, AT.baseOffset, 0)
  view.setInt32(AT.batchLength, batch.length - LENGTH_COUNTS_FROM)
  view.setInt32(AT.partitionLeaderEpoch, kind.partitionLeaderEpoch ?? -1)
  view.setInt8(AT.magic, MAGIC)
  view.setInt16(AT.attributes, attributesOf(kind))
  view.setInt32(AT.lastOffsetDelta, records.count - 1)
  writeInt64(view, AT.baseTimestamp, records.baseTimestamp)
  writeInt64(view, AT.maxTimestamp, records.maxTimestamp)
  view.setBigInt64(AT.producerId, kind.producerId ?? -1n)
  view.setInt16(AT.producerEpoch, kind.producerEpoch ?? -1)
  view.setInt32(AT.baseSequence, kind.baseSequence ?? -1)
  view.setInt32(AT.recordCount, records.count)
  view.setUint32(AT.crc, crc32c(batch.subarray(AT.attributes)))
}

function attributesOf(kind: BatchKind): number {
  const transactional = kind.isTransactional === true ? ATTRIBUTE.transactional : 0
  const control = kind.isControl === true ? ATTRIBUTE.control : 0
  return CODECS.indexOf(kind.codec) | transactional | control
}
