import { unsupported } from './batch-errors.ts'
import type { BatchKind } from './batch-header.ts'
import type { EncodableHeader } from './headers.ts'
import { AT, dataViewOf, writeInt64 } from './layout.ts'
import { RecordPayloads } from './record-payloads.ts'

export type { EncodableHeader } from './headers.ts'

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

/**
 * Encodes one batch into a fresh buffer that the caller owns. The same input gives the same bytes.
 *
 * @example
 * const record = { timestamp: 1_700_000_000_000, key: null, value: Buffer.from('{"id":1}'), headers: [] }
 * const bytes = encodeRecordBatch({ baseOffset: 0, records: [record], codec: 'lz4' })
 */
export function encodeRecordBatch(input: RecordBatchInput): Uint8Array {
  const payloads = new RecordPayloads()
  for (const { timestamp, key, value, headers } of input.records) {
    payloads.append({ timestamp, key, bytes: value, length: value?.length ?? 0, headers })
  }
  const batch = payloads.encode(input)
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
