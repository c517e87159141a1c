import { findErrorBy } from '@platformatic/kafka'
import type { ErrorCode } from '../../../core/model/error-codes.ts'
import { MillraceError } from '../../../core/model/errors.ts'
import { PROTOCOL } from '../client/protocol-errors.ts'
import { translating } from '../client/translating.ts'

const FORBIDDEN: readonly number[] = [PROTOCOL.topicForbidden, PROTOCOL.groupForbidden, PROTOCOL.clusterForbidden]

/** Codes of Node and OpenSSL that say that a certificate or the handshake is wrong: waiting does not mend them. */
const TLS_FAILURE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|^ERR_SSL|^ERR_TLS|^EPROTO$/

/** Does something with the client package; what it throws becomes an error of ours. */
export const tried = translating(translateError)

function translateError(error: unknown, what: string): MillraceError {
  if (error instanceof MillraceError) return error
  const { code, reason } = classify(error)
  return new MillraceError(code, `Kafka: ${what}: ${reason}`, { cause: error })
}

function classify(error: unknown): { readonly code: ErrorCode; readonly reason: string } {
  const thrown = error instanceof Error ? error : new Error(String(error))
  const chain = causesOf(thrown)
  const tls = chain.find((cause) => TLS_FAILURE.test(codeOf(cause)))
  if (tls !== undefined) return { code: 'MR_KAFKA_REFUSED', reason: `TLS failed: ${tls.message}; check the option tls` }
  if (chain.some((cause) => cause.message.includes('requires TLS'))) {
    return { code: 'MR_KAFKA_REFUSED', reason: 'the broker wants TLS; set the option tls' }
  }
  if (chain.some((cause) => cause.message.includes('before secure TLS connection'))) {
    return {
      code: 'MR_KAFKA_UNREACHABLE',
      reason: 'the connection ended before TLS was agreed on; does that port speak TLS?',
    }
  }
  const refused = chain.find((cause) => codeOf(cause) === 'PLT_KFK_AUTHENTICATION')
  // The package wraps a connection that broke during the handshake in the same way.
  if (refused !== undefined && !causesOf(refused).some(isOfNetwork)) {
    return { code: 'MR_KAFKA_REFUSED', reason: `${refused.message} Check the option sasl (mechanism, user, password)` }
  }
  const unknown = chain.find((cause) => cause.message.startsWith('Unknown topic '))
  if (unknown !== undefined) return { code: 'MR_KAFKA_TOPIC_UNKNOWN', reason: `${unknown.message} Create it first` }
  return classifyCode(thrown, chain)
}

function classifyCode(error: Error, chain: readonly Error[]): { readonly code: ErrorCode; readonly reason: string } {
  const last = chain.at(-1) ?? error
  const apiCode = FORBIDDEN.find((code) => findErrorBy(error, 'apiCode', code) !== null)
  if (apiCode !== undefined) return { code: 'MR_KAFKA_FORBIDDEN', reason: `${last.message} Ask for the rights (ACLs)` }
  if (findErrorBy(error, 'apiCode', PROTOCOL.unknownMember) !== null) {
    return { code: 'MR_KAFKA_GROUP_SHARED', reason: 'the group has members of its own; choose another group' }
  }
  const fencing = [PROTOCOL.invalidProducerEpoch, PROTOCOL.producerFenced]
  if (fencing.some((code) => findErrorBy(error, 'apiCode', code) !== null)) {
    return {
      code: 'MR_KAFKA_FENCED',
      reason: 'the broker ended the transaction: it took too long, or another process runs this pipeline',
    }
  }
  const isUnsupported = codeOf(last) === 'PLT_KFK_UNSUPPORTED_API'
  if (isUnsupported || findErrorBy(error, 'apiCode', PROTOCOL.unsupportedVersion) !== null) {
    return { code: 'MR_KAFKA_UNSUPPORTED', reason: last.message }
  }
  if (findErrorBy(error, 'apiCode', PROTOCOL.concurrentTransactions) !== null) {
    return { code: 'MR_KAFKA_UNREACHABLE', reason: 'the transaction before is still being ended' }
  }
  const mayHeal =
    chain.some(isOfNetwork) ||
    findErrorBy(error, 'canRetry', true) !== null ||
    findErrorBy(error, 'hasStaleMetadata', true) !== null
  return { code: mayHeal ? 'MR_KAFKA_UNREACHABLE' : 'MR_KAFKA_PROTOCOL', reason: last.message }
}

/** The error, what it gathers, and what caused each, outermost first. */
function causesOf(error: Error): readonly Error[] {
  const found = new Set<Error>()
  const open: unknown[] = [error]
  while (open.length > 0) {
    const next = open.shift()
    if (!(next instanceof Error) || found.has(next)) continue
    found.add(next)
    if (next instanceof AggregateError) open.push(...next.errors)
    open.push(next.cause)
  }
  return [...found]
}

function isOfNetwork(error: Error): boolean {
  return ['PLT_KFK_NETWORK', 'PLT_KFK_TIMEOUT'].includes(codeOf(error))
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : ''
}
