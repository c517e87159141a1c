import { MillraceError } from '../../../core/model/errors.ts'
import type { EncodableRecord } from '../../../formats/record-batch/encode.ts'

const BATCH_RECORDS = 1_000
const BATCH_BYTES = 1_048_576
const MOST_RECORD_BYTES = 67_108_864

/** Cuts records into what makes a batch each: at most 1,000 or 1 MiB. Throws `MR_RECORD_TOO_LARGE` above 64 MiB a record. */
export function batchParts<R extends EncodableRecord>(records: readonly R[]): readonly (readonly R[])[] {
  const sizes = records.map(sizeOf)
  const parts: (readonly R[])[] = []
  for (let from = 0, to = 0; from < records.length; from = to) {
    to = batchEnd(sizes, from)
    parts.push(records.slice(from, to))
  }
  return parts
}

function batchEnd(sizes: readonly number[], from: number): number {
  let to = from
  let bytes = 0
  while (to < sizes.length && to - from < BATCH_RECORDS && (to === from || bytes + sizes[to]! <= BATCH_BYTES)) {
    bytes += sizes[to]!
    to++
  }
  return to
}

function sizeOf(record: EncodableRecord): number {
  let size = (record.key?.length ?? 0) + (record.value?.length ?? 0)
  for (const header of record.headers) size += header.key.length + (header.value?.length ?? 0)
  if (size <= MOST_RECORD_BYTES) return size
  const message = `a record of ${size} bytes is too large for the log; the limit is ${MOST_RECORD_BYTES}`
  throw new MillraceError('MR_RECORD_TOO_LARGE', message, { details: { sizeBytes: size } })
}
