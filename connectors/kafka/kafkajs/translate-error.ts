import { MillraceError } from '../../../core/model/errors.ts'
import type { KafkaConnection } from '../client/connection-options.ts'
import {
  causesOf,
  connectionClosed,
  credentialsRefused,
  type Failure,
  FENCED,
  NO_CREDENTIALS,
  ownFailure,
  TLS_ENDED,
  TLS_WANTED,
  type Tried,
  tlsFailed,
  translating,
  withoutPrefix,
} from '../client/failures.ts'
import { type Authentication, CredentialsRefused } from './authentication.ts'

/** What an error means, by the type that the protocol gives it. */
const MEANING: Readonly<Record<string, { readonly code: Failure['code']; readonly reason?: string }>> = {
  UNKNOWN_TOPIC_OR_PARTITION: { code: 'MR_KAFKA_TOPIC_UNKNOWN', reason: 'it does not exist; create the topic first' },
  TOPIC_AUTHORIZATION_FAILED: { code: 'MR_KAFKA_FORBIDDEN' },
  GROUP_AUTHORIZATION_FAILED: { code: 'MR_KAFKA_FORBIDDEN' },
  CLUSTER_AUTHORIZATION_FAILED: { code: 'MR_KAFKA_FORBIDDEN' },
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: { code: 'MR_KAFKA_FORBIDDEN' },
  UNKNOWN_MEMBER_ID: {
    code: 'MR_KAFKA_GROUP_SHARED',
    reason: 'the group has members of its own; choose another group',
  },
  INVALID_PRODUCER_EPOCH: { code: 'MR_KAFKA_FENCED', reason: FENCED },
  PRODUCER_FENCED: { code: 'MR_KAFKA_FENCED', reason: FENCED },
  CONCURRENT_TRANSACTIONS: { code: 'MR_KAFKA_UNREACHABLE', reason: 'the transaction before is still being ended' },
  UNSUPPORTED_VERSION: { code: 'MR_KAFKA_UNSUPPORTED' },
}

const MAY_HEAL =
  /Connection|Timeout|BrokerNotFound|MetadataNotLoaded|StaleTopicMetadata|NotFound|LockTimeout|Coordinator/

/** Makes errors of kafkajs ours. */
export function translatingKafkajs(connection: KafkaConnection, authentication: Authentication | undefined): Tried {
  return translating(connection, (error) => {
    const chain: readonly TellingError[] = causesOf(error, keptIn)
    const broker = chain.map((cause) => cause.broker).find((found) => found !== undefined)
    const isStale = authentication?.isProven === true && chain.some(({ type }) => type === 'ILLEGAL_SASL_STATE')
    return { ...(isStale ? STALE : failureOf(connection, error, chain)), broker }
  })
}

/** A connection that was to authenticate again and could not; the broker closes it. */
const STALE: Failure = { code: 'MR_KAFKA_UNREACHABLE', reason: 'the session of the connection has ended' }

function failureOf(connection: KafkaConnection, error: unknown, chain: readonly TellingError[]): Failure {
  for (const cause of chain) {
    const found = connectionFailure(connection, cause) ?? MEANING[String(cause.type ?? '')]
    if (found !== undefined) return { ...found, reason: found.reason ?? cause.message }
  }
  const reason = chain.at(-1)?.message ?? String(error)
  const mayHeal = chain.some((cause) => MAY_HEAL.test(cause.name) || cause.retriable === true)
  return { code: mayHeal ? 'MR_KAFKA_UNREACHABLE' : 'MR_KAFKA_PROTOCOL', reason: withoutPrefix(reason) }
}

function connectionFailure(connection: KafkaConnection, cause: TellingError): Failure | undefined {
  if (cause instanceof MillraceError) return ownFailure(cause)
  if (cause.message.includes(TLS_WANTED.reason)) return TLS_WANTED
  if (cause.message.includes('before secure TLS connection')) return TLS_ENDED
  if (cause.name === 'KafkaJSConnectionClosedError' || cause.message === 'Connection closed by the server') {
    return connectionClosed(connection)
  }
  if (cause.type === 'ILLEGAL_SASL_STATE') return credentialsRefused(connection, NO_CREDENTIALS)
  if (cause instanceof CredentialsRefused || cause.type === 'UNSUPPORTED_SASL_MECHANISM') {
    return credentialsRefused(connection, cause.message)
  }
  return tlsFailed(String(cause.code ?? ''), cause.message.replace(/^Connection error: /, ''))
}

/** An error of kafkajs with what it tells beside its message. */
interface TellingError extends Error {
  readonly code?: unknown
  readonly type?: unknown
  readonly broker?: string
  readonly retriable?: boolean
  readonly originalError?: unknown
  readonly errors?: readonly unknown[]
}

/** The package keeps what caused an error, and what an error gathers, in fields of its own. */
function keptIn(error: TellingError): readonly unknown[] {
  return [...(error.errors ?? []), error.originalError]
}
