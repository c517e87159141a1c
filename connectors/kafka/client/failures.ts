import type { ErrorCode } from '../../../core/model/error-codes.ts'
import { MillraceError } from '../../../core/model/errors.ts'
import type { Attempt } from './attempts.ts'
import { type KafkaConnection, userOf } from './connection-options.ts'

/** What a client made of an error of its package. */
export interface Failure {
  readonly code: ErrorCode
  readonly reason: string
  /** `host:port` where it happened, if the package tells. */
  readonly broker?: string | undefined
}

/** Does something and rejects with errors of ours only. */
export type Tried = <T>(attempt: Attempt, work: () => Promise<T>) => Promise<T>

/** Makes it from what knows the errors of a package. */
export function translating(connection: KafkaConnection, classify: (error: unknown) => Failure): Tried {
  return async (attempt, work) => {
    try {
      return await work()
    } catch (error) {
      if (error instanceof MillraceError) throw error
      throw translated(attempt, connection, { ...classify(error), cause: error })
    }
  }
}

/**
 * An error, what it gathers, and what caused each, outermost first. `more`: what a package keeps beside `cause` and the errors of
 * an `AggregateError`.
 */
export function causesOf(error: unknown, more: (error: Error) => readonly unknown[] = () => []): readonly Error[] {
  const found = new Set<Error>()
  const open: unknown[] = [error]
  while (open.length > 0) {
    const next = open.shift()
    if (!(next instanceof Error) || found.has(next)) continue
    found.add(next)
    if (next instanceof AggregateError) open.push(...next.errors)
    open.push(next.cause, ...more(next))
  }
  return [...found]
}

/** What an error of ours means that a package handed through. */
export function ownFailure({ code, message }: MillraceError): Failure {
  return { code, reason: withoutPrefix(message) }
}

/** The reason alone, of the message of an error of ours. */
export function withoutPrefix(message: string): string {
  return message.replace(/^Kafka: /, '')
}

/** The user lacks the right that the attempt names. */
export function forbidden({ what, right }: Attempt, connection: KafkaConnection, cause?: unknown): MillraceError {
  const message = `Kafka: ${what}: ${userOf(connection)} may not; grant ${right ?? 'the right to (see ACLs)'}`
  return new MillraceError('MR_KAFKA_FORBIDDEN', message, cause === undefined ? {} : { cause })
}

/** `words`: those of the broker. */
export function credentialsRefused({ sasl }: KafkaConnection, words: string): Failure {
  const who = sasl?.username === undefined ? '' : ` of user "${sasl.username}"`
  const reason = `the broker refused ${sasl?.mechanism ?? 'to go on'}${who}: ${words}; check the option sasl`
  return { code: 'MR_KAFKA_REFUSED', reason }
}

/** The broker asks nobody who they are. */
export const NO_CREDENTIALS = 'this port asks for no credentials'

/** Why a transaction may write no more. */
export const FENCED = 'the broker ended the transaction: it took too long, or another process runs this pipeline'

/** The port speaks TLS and the client does not. */
export const TLS_WANTED: Failure = { code: 'MR_KAFKA_REFUSED', reason: 'the broker wants TLS; set the option tls' }

/** A port that speaks no TLS looks like a broker that has just gone: it may come back. */
export const TLS_ENDED: Failure = {
  code: 'MR_KAFKA_UNREACHABLE',
  reason: 'the connection ended before TLS was agreed on; does that port speak TLS?',
}

export function connectionClosed({ tls, sasl }: KafkaConnection): Failure {
  const missing = [...(tls === undefined ? ['TLS'] : []), ...(sasl === undefined ? ['credentials'] : [])].join(' or ')
  const hint = missing === '' ? '' : `; does that port want ${missing}?`
  return { code: 'MR_KAFKA_UNREACHABLE', reason: `the broker closed the connection${hint}` }
}

/** Codes of Node and OpenSSL that say that a certificate or the handshake is wrong: waiting does not mend them. */
const TLS_FAILURE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|^ERR_SSL|^ERR_TLS|^ERR_OSSL|^EPROTO$/

/** OpenSSL puts numbers and its own source files around what it says. */
const OPENSSL = /error:[0-9A-F]{8}:[\w ]*:[^:]*:(?<words>[^:]+)/

/** What to do, by what code and message say. */
const TLS_HINTS: readonly (readonly [RegExp, string])[] = [
  [/ALTNAME/, 'if the broker is right, name it by serverName in the option tls'],
  [/UNABLE_TO|SELF_SIGNED/, 'name the authority that certifies the brokers by ca in the option tls'],
  [/alert.*(?:cert|unknown.ca)/i, 'the broker does not take this client: see cert and key in the option tls'],
  [/DECODER|Provider|PEM/, 'see key and passphrase in the option tls; they are PEM'],
]

/** What an error with this code of Node means; `undefined` where TLS has no part in it. */
export function tlsFailed(code: string, message: string): Failure | undefined {
  const words = OPENSSL.exec(message)?.groups?.words
  if (words === undefined && !TLS_FAILURE.test(code)) return undefined
  const hint = TLS_HINTS.find(([pattern]) => pattern.test(`${code} ${message}`))?.[1] ?? 'check the option tls'
  return { code: 'MR_KAFKA_REFUSED', reason: `TLS failed: ${words ?? message}; ${hint}` }
}

function translated(
  attempt: Attempt,
  connection: KafkaConnection,
  { code, reason, broker, cause }: Failure & { readonly cause: unknown },
): MillraceError {
  if (code === 'MR_KAFKA_FORBIDDEN') return forbidden(attempt, connection, cause)
  const isOfConnection = code === 'MR_KAFKA_REFUSED' || code === 'MR_KAFKA_UNREACHABLE'
  const where = broker ?? connection.brokers.join(', ')
  const at = isOfConnection && !attempt.what.includes(where) ? ` at ${where}` : ''
  return new MillraceError(code, `Kafka: ${attempt.what}${at}: ${reason}`, { cause })
}
