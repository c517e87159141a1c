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
} from '../client/failures.ts'
import { PROTOCOL } from '../client/protocol-errors.ts'
import { type Connection, findErrorBy } from './package.ts'

/** What codes of the protocol mean, the first that is found. */
const MEANING: readonly (readonly [number, Failure['code'], string?])[] = [
  [PROTOCOL.topicForbidden, 'MR_KAFKA_FORBIDDEN'],
  [PROTOCOL.groupForbidden, 'MR_KAFKA_FORBIDDEN'],
  [PROTOCOL.clusterForbidden, 'MR_KAFKA_FORBIDDEN'],
  [PROTOCOL.transactionForbidden, 'MR_KAFKA_FORBIDDEN'],
  [PROTOCOL.unknownMember, 'MR_KAFKA_GROUP_SHARED', 'the group has members of its own; choose another group'],
  [PROTOCOL.invalidProducerEpoch, 'MR_KAFKA_FENCED', FENCED],
  [PROTOCOL.producerFenced, 'MR_KAFKA_FENCED', FENCED],
  [PROTOCOL.unsupportedVersion, 'MR_KAFKA_UNSUPPORTED'],
  [PROTOCOL.concurrentTransactions, 'MR_KAFKA_UNREACHABLE', 'the transaction before is still being ended'],
]

/** Makes errors of the package ours. */
export class Translator {
  readonly tried: Tried
  readonly #connection: KafkaConnection
  /** What TLS said last of a connection that was there already. */
  #tls: Failure | undefined

  constructor(connection: KafkaConnection) {
    this.#connection = connection
    this.tried = translating(connection, (error) => this.#classify(error))
  }

  /**
   * Looks after a connection. In TLS 1.3 a broker refuses the certificate of a client after that has taken the connection as made;
   * whoever waits for an answer is told only that it closed.
   */
  watch(connection: Connection): void {
    // Whoever waits for an answer gets the error too; without a listener it would end the process.
    connection.on('error', (error) => {
      this.#tls = tlsFailureIn(causesOf(error)) ?? this.#tls
    })
    // Its timer for the next authentication would keep the process.
    connection.once('close', () => connection.close(() => undefined))
  }

  #classify(error: unknown): Failure {
    const thrown = error instanceof Error ? error : new Error(String(error))
    const chain = causesOf(thrown)
    return { ...this.#failureOf(thrown, chain), broker: brokerIn(chain) }
  }

  #failureOf(error: Error, chain: readonly Error[]): Failure {
    const ours = chain.find((cause) => cause instanceof MillraceError)
    if (ours !== undefined) return ownFailure(ours)
    return this.#connectionFailure(chain) ?? this.#authenticationFailure(chain) ?? protocolFailure(error, chain)
  }

  #connectionFailure(chain: readonly Error[]): Failure | undefined {
    const tls = tlsFailureIn(chain)
    if (tls !== undefined) return tls
    if (chain.some(({ message }) => message.includes('requires TLS'))) return TLS_WANTED
    if (chain.some(({ message }) => message.includes('before secure TLS connection'))) return TLS_ENDED
    if (!chain.some(({ message }) => message === 'Connection closed')) return undefined
    const late = this.#tls
    this.#tls = undefined
    return late ?? connectionClosed(this.#connection)
  }

  #authenticationFailure(chain: readonly Error[]): Failure | undefined {
    const refused = chain.filter((cause) => codeOf(cause) === 'PLT_KFK_AUTHENTICATION')
    // The package wraps a connection that broke during the handshake in the same way.
    if (refused.length === 0 || refused.some((one) => causesOf(one).some(isOfNetwork))) return undefined
    const isUnasked = chain.some((cause) => 'apiCode' in cause && cause.apiCode === PROTOCOL.wrongSaslState)
    const words = isUnasked ? NO_CREDENTIALS : chain.map(wordsOfBroker).find((found) => found !== undefined)
    return credentialsRefused(this.#connection, words ?? refused.at(-1)!.message)
  }
}

function protocolFailure(error: Error, chain: readonly Error[]): Failure {
  const unknown = chain.find((cause) => cause.message.startsWith('Unknown topic '))
  if (unknown !== undefined) return { code: 'MR_KAFKA_TOPIC_UNKNOWN', reason: `${unknown.message} Create it first` }
  const last = chain.at(-1) ?? error
  for (const [apiCode, code, reason] of MEANING) {
    if (findErrorBy(error, 'apiCode', apiCode) !== null) return { code, reason: reason ?? last.message }
  }
  if (codeOf(last) === 'PLT_KFK_UNSUPPORTED_API') return { code: 'MR_KAFKA_UNSUPPORTED', reason: last.message }
  const mayHeal =
    chain.some(isOfNetwork) ||
    findErrorBy(error, 'canRetry', true) !== null ||
    findErrorBy(error, 'hasStaleMetadata', true) !== null
  return { code: mayHeal ? 'MR_KAFKA_UNREACHABLE' : 'MR_KAFKA_PROTOCOL', reason: last.message }
}

function tlsFailureIn(chain: readonly Error[]): Failure | undefined {
  return chain.map((cause) => tlsFailed(codeOf(cause), cause.message)).find((failure) => failure !== undefined)
}

/** The package names the broker in the message only. */
function brokerIn(chain: readonly Error[]): string | undefined {
  const pattern = /^Connection to (?<broker>\S+) (?:failed|timed out)\.$/
  return chain.map(({ message }) => pattern.exec(message)?.groups?.broker).find((broker) => broker !== undefined)
}

function wordsOfBroker(error: Error): string | undefined {
  if ('serverErrorMessage' in error && typeof error.serverErrorMessage === 'string') return error.serverErrorMessage
  return 'apiId' in error ? error.message : undefined
}

function isOfNetwork(error: Error): boolean {
  return ['PLT_KFK_NETWORK', 'PLT_KFK_TIMEOUT'].includes(codeOf(error))
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : ''
}
