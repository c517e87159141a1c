import { createHash } from 'node:crypto'
import type { Header } from '../../core/model/dead-letter.ts'
import { headersOf, type RecordBatchView } from '../../formats/record-batch/decode.ts'

/** A record with all that a reader sees of it; bytes are texts of `bytesText`. */
export interface SeenRecord {
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly timestampType: 'CreateTime' | 'LogAppendTime'
  readonly key: string | null
  readonly value: string | null
  readonly headers: readonly (readonly [string, string | null])[]
}

const MOST_BYTES = 1_000
const LOG_APPEND_TIME = 8

/** Base64; of many bytes only their number and SHA-256. */
export function bytesText(bytes: Uint8Array): string {
  if (bytes.length <= MOST_BYTES) return Buffer.from(bytes).toString('base64')
  return digestText(bytes.length, createHash('sha256').update(bytes).digest('hex'))
}

/** The text of bytes of which no more is known. */
export function digestText(sizeBytes: number, sha256: string): string {
  return `${sizeBytes} bytes ${sha256}`
}

export function headerTexts(headers: readonly Header[]): SeenRecord['headers'] {
  return headers.map(({ key, value }) => [bytesText(Buffer.from(key)), value === null ? null : bytesText(value)])
}

/** The records of a batch from an offset on; a marker has none. */
export function seenRecordsOf(
  view: RecordBatchView,
  { partition, start }: { readonly partition: number; readonly start: number },
): readonly SeenRecord[] {
  const text = (at: number, length: number) => (length < 0 ? null : bytesText(view.buffer.subarray(at, at + length)))
  const all = Array.from({ length: view.isControl ? 0 : view.count }, (_, i) => ({
    partition,
    offset: view.offsets[i]!,
    timestamp: view.timestamps[i]!,
    timestampType: (view.attributes & LOG_APPEND_TIME) === 0 ? ('CreateTime' as const) : ('LogAppendTime' as const),
    key: text(view.keyStarts[i]!, view.keyLengths[i]!),
    value: text(view.valueStarts[i]!, view.valueLengths[i]!),
    headers: headerTexts(headersOf(view, i)),
  }))
  return all.filter(({ offset }) => offset >= start)
}
