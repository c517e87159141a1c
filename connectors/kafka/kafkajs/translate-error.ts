import type { ErrorCode } from '../../../core/model/error-codes.ts'
import { MillraceError } from '../../../core/model/errors.ts'
import { translating } from '../client/translating.ts'

/** What an error of kafkajs means, by its name or the type that the protocol gives it. */
const MEANING: Readonly<Record<string, { readonly code: ErrorCode; readonly hint: string }>> = {
  UNKNOWN_TOPIC_OR_PARTITION: { code: 'MR_KAFKA_TOPIC_UNKNOWN', hint: 'create the topic first' },
  TOPIC_AUTHORIZATION_FAILED: { code: 'MR_KAFKA_FORBIDDEN', hint: 'ask for the rights (ACLs)' },
  GROUP_AUTHORIZATION_FAILED: { code: 'MR_KAFKA_FORBIDDEN', hint: 'ask for the rights (ACLs)' },
  CLUSTER_AUTHORIZATION_FAILED: { code: 'MR_KAFKA_FORBIDDEN', hint: 'ask for the rights (ACLs)' },
  UNKNOWN_MEMBER_ID: { code: 'MR_KAFKA_GROUP_SHARED', hint: 'the group has members of its own; choose another group' },
  INVALID_PRODUCER_EPOCH: {
    code: 'MR_KAFKA_FENCED',
    hint: 'the broker ended the transaction: it took too long, or another process runs this pipeline',
  },
  PRODUCER_FENCED: {
    code: 'MR_KAFKA_FENCED',
    hint: 'the broker ended the transaction: it took too long, or another process runs this pipeline',
  },
  CONCURRENT_TRANSACTIONS: { code: 'MR_KAFKA_UNREACHABLE', hint: 'the transaction before is still being ended' },
  UNSUPPORTED_VERSION: { code: 'MR_KAFKA_UNSUPPORTED', hint: 'another version of the broker is needed' },
  ILLEGAL_SASL_STATE: { code: 'MR_KAFKA_REFUSED', hint: 'the broker asks for no credentials; check the option sasl' },
  UNSUPPORTED_SASL_MECHANISM: { code: 'MR_KAFKA_REFUSED', hint: 'check the option sasl' },
  SASL_AUTHENTICATION_FAILED: { code: 'MR_KAFKA_REFUSED', hint: 'check the option sasl' },
  KafkaJSSASLAuthenticationError: { code: 'MR_KAFKA_REFUSED', hint: 'check the option sasl' },
}

const TLS_FAILURE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|^ERR_SSL|^ERR_TLS|^EPROTO$/
const MAY_HEAL =
  /Connection|Timeout|BrokerNotFound|MetadataNotLoaded|StaleTopicMetadata|NotFound|LockTimeout|Coordinator/

/** Does something with kafkajs; what it throws becomes an error of ours. */
export const tried = translating(translateError)

function translateError(error: unknown, what: string): MillraceError {
  if (error instanceof MillraceError) return error
  const chain = causesOf(error)
  const last = chain.at(-1)
  const message = last instanceof Error ? last.message : String(error)
  const told = (code: ErrorCode, hint?: string): MillraceError =>
    new MillraceError(code, `Kafka: ${what}: ${message}${hint === undefined ? '' : `; ${hint}`}`, { cause: error })
  if (message.includes('before secure TLS connection')) return told('MR_KAFKA_UNREACHABLE', 'does that port speak TLS?')
  for (const cause of chain) {
    if (TLS_FAILURE.test(String(cause.code ?? ''))) return told('MR_KAFKA_REFUSED', 'check the option tls')
    const meaning = MEANING[String(cause.type ?? '')] ?? MEANING[cause.name]
    if (meaning !== undefined) return told(meaning.code, meaning.hint)
  }
  const mayHeal = chain.some((cause) => MAY_HEAL.test(cause.name) || cause.retriable === true)
  return told(mayHeal ? 'MR_KAFKA_UNREACHABLE' : 'MR_KAFKA_PROTOCOL')
}

/** An error of kafkajs with what it tells beside its message. */
interface TellingError extends Error {
  readonly code?: unknown
  readonly type?: unknown
  readonly retriable?: boolean
  readonly originalError?: unknown
}

function causesOf(error: unknown): readonly TellingError[] {
  const chain: TellingError[] = []
  for (let next: unknown = error; next instanceof Error && !chain.includes(next); ) {
    const telling: TellingError = next
    chain.push(telling)
    next = telling.cause ?? telling.originalError
  }
  return chain
}
