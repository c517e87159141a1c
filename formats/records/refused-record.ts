import type { DeadLetter, Refusal } from '../../core/model/dead-letter.ts'
import { copyBytes, copyHeader } from '../record-batch/copy-bytes.ts'
import { headersOf, type RecordBatchView } from '../record-batch/decode.ts'

/** What is kept of a value above the limit. */
const KEPT_BYTES = 65_536

/** The record at `index` of a decoded batch as a dead letter, with copies of its original bytes. */
export function refusedRecord(
  view: RecordBatchView,
  index: number,
  why: Refusal & { readonly topic: string; readonly partition: number },
): DeadLetter {
  return {
    origin: {
      topic: why.topic,
      partition: why.partition,
      offset: view.offsets[index]!,
      timestamp: view.timestamps[index]!,
    },
    key: copyBytes(view.buffer, view.keyStarts[index]!, view.keyLengths[index]!),
    value: copyBytes(view.buffer, view.valueStarts[index]!, view.valueLengths[index]!),
    headers: headersOf(view, index).map(copyHeader),
    code: why.code,
    message: why.message,
    stage: 'source',
  }
}

/** The same for a value above `limit`: its first 64 KiB, and what the whole was. */
export function oversizedRecord(
  view: RecordBatchView,
  index: number,
  context: {
    readonly topic: string
    readonly partition: number
    readonly limit: number
    readonly sha256: (bytes: Uint8Array) => string
  },
): DeadLetter {
  const start = view.valueStarts[index]!
  const sizeBytes = view.valueLengths[index]!
  const sha256 = context.sha256(view.buffer.subarray(start, start + sizeBytes))
  const message = `the value has ${sizeBytes} bytes, the limit is ${context.limit}`
  const { topic, partition } = context
  const head = { ...view, valueLengths: Int32Array.from(view.valueLengths) }
  head.valueLengths[index] = Math.min(KEPT_BYTES, sizeBytes)
  const letter = refusedRecord(head, index, { topic, partition, code: 'MR_RECORD_TOO_LARGE', message })
  return sizeBytes > KEPT_BYTES ? { ...letter, truncated: { sizeBytes, sha256 } } : letter
}

/** The same refusal with the first 64 KiB of the value only, where it is longer, and with size and SHA-256 of the whole. */
export function shortened(letter: DeadLetter, sha256: (bytes: Uint8Array) => string): DeadLetter {
  const { value, truncated } = letter
  if (value === null || value.length <= KEPT_BYTES) return letter
  const whole = truncated ?? { sizeBytes: value.length, sha256: sha256(value) }
  return { ...letter, value: value.slice(0, KEPT_BYTES), truncated: whole }
}
