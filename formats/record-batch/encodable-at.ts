import { headersOf, type RecordBatchView } from './decode.ts'
import type { EncodableRecord } from './encode.ts'

/** A decoded record, to be encoded again; its bytes are those of the view. */
export function encodableAt(view: RecordBatchView, index: number): EncodableRecord {
  const { buffer, keyStarts, keyLengths, valueStarts, valueLengths, timestamps } = view
  const bytes = (start: number, length: number) => (length < 0 ? null : buffer.subarray(start, start + length))
  return {
    timestamp: timestamps[index]!,
    key: bytes(keyStarts[index]!, keyLengths[index]!),
    value: bytes(valueStarts[index]!, valueLengths[index]!),
    headers: headersOf(view, index),
  }
}
