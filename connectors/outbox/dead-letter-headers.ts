import type { DeadLetter } from '../../core/model/dead-letter.ts'
import type { EncodableHeader } from '../../formats/record-batch/encode.ts'
import { identityHeader } from './record-identity.ts'

const MOST_TEXT_LENGTH = 4_096

/**
 * The headers of a dead letter: the original ones untouched, then those of Kafka Streams (KIP-1034), then ours. All
 * values are UTF-8 text.
 */
export function deadLetterHeaders(
  letter: DeadLetter,
  refused: { readonly pipeline: string; readonly at: number; readonly identity: string },
): readonly EncodableHeader[] {
  const { origin, code, message, stage, truncated } = letter
  const headers: EncodableHeader[] = [
    ...letter.headers,
    text('__streams.errors.exception', code),
    text('__streams.errors.message', message),
    text('__streams.errors.stacktrace', `${code}: ${message}\n    at ${stage} (${refused.pipeline})`),
    text('__streams.errors.topic', origin.topic),
    text('__streams.errors.partition', String(origin.partition)),
    text('__streams.errors.offset', String(origin.offset)),
    text('__millrace.errors.code', code),
    text('__millrace.errors.stage', stage),
    text('__millrace.errors.pipeline', refused.pipeline),
    text('__millrace.errors.timestamp', String(refused.at)),
  ]
  if (truncated !== undefined) {
    headers.push(text('__millrace.errors.size', String(truncated.sizeBytes)))
    headers.push(text('__millrace.errors.sha256', truncated.sha256))
  }
  headers.push(identityHeader(refused.identity))
  return headers
}

function text(key: string, value: string): EncodableHeader {
  return { key, value: value.slice(0, MOST_TEXT_LENGTH) }
}
