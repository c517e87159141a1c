import type { DeadLetter } from '../../core/model/dead-letter.ts'
import {
  type EncodableHeader,
  type EncodedHeaders,
  encodeHeaders,
  type HeaderPart,
} from '../../formats/record-batch/headers.ts'
import { identityHeader } from './record-identity.ts'

const MOST_TEXT_LENGTH = 4_096
/** As many reasons and places are remembered. */
const MOST_SHARED = 256

/** What letters of one place that are refused for one reason have in common: the headers before the offset, and after it. */
interface Shared {
  readonly topic: string
  readonly partition: number
  readonly stage: string
  readonly code: string
  readonly message: string
  readonly before: EncodedHeaders
  readonly after: EncodedHeaders
}

/**
 * The headers of dead letters: the original ones untouched, then those of Kafka Streams (KIP-1034), then ours. All
 * values are UTF-8 text.
 */
export class DeadLetterHeaders {
  readonly #pipeline: string
  readonly #shared = new Map<string, Shared>()
  /** Those of the letter before: the next one often has the same. */
  #last: Shared | undefined

  constructor(pipeline: string) {
    this.#pipeline = pipeline
  }

  /** `at`: when it was refused, epoch ms. */
  of(letter: DeadLetter, refused: { readonly at: number; readonly identity: string }): readonly HeaderPart[] {
    const { origin, truncated } = letter
    const { before, after } = this.#sharedOf(letter)
    const headers: HeaderPart[] = [
      ...letter.headers,
      before,
      text('__streams.errors.offset', String(origin.offset)),
      after,
      text('__millrace.errors.timestamp', String(refused.at)),
    ]
    if (truncated !== undefined) {
      headers.push(text('__millrace.errors.size', String(truncated.sizeBytes)))
      headers.push(text('__millrace.errors.sha256', truncated.sha256))
    }
    headers.push(identityHeader(refused.identity))
    return headers
  }

  #sharedOf(letter: DeadLetter): Shared {
    if (this.#last === undefined || !isOf(letter, this.#last)) this.#last = this.#find(letter)
    return this.#last
  }

  #find(letter: DeadLetter): Shared {
    const { origin, code, message, stage } = letter
    const name = `${stage}\n${origin.topic}\n${origin.partition}\n${code}\n${message}`
    const known = this.#shared.get(name)
    if (known !== undefined) return known
    const shared = sharedHeaders(letter, this.#pipeline)
    if (this.#shared.size === MOST_SHARED) this.#shared.clear()
    this.#shared.set(name, shared)
    return shared
  }
}

function isOf({ origin, stage, code, message }: DeadLetter, shared: Shared): boolean {
  const isHere = origin.partition === shared.partition && origin.topic === shared.topic && stage === shared.stage
  return isHere && code === shared.code && message === shared.message
}

function sharedHeaders({ origin, code, message, stage }: DeadLetter, pipeline: string): Shared {
  const before = encodeHeaders([
    text('__streams.errors.exception', code),
    text('__streams.errors.message', message),
    text('__streams.errors.stacktrace', `${code}: ${message}\n    at ${stage} (${pipeline})`),
    text('__streams.errors.topic', origin.topic),
    text('__streams.errors.partition', String(origin.partition)),
  ])
  const after = encodeHeaders([
    text('__millrace.errors.code', code),
    text('__millrace.errors.stage', stage),
    text('__millrace.errors.pipeline', pipeline),
  ])
  return { topic: origin.topic, partition: origin.partition, stage, code, message, before, after }
}

function text(key: string, value: string): EncodableHeader {
  return { key, value: value.slice(0, MOST_TEXT_LENGTH) }
}
