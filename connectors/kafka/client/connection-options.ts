import { MillraceError } from '../../../core/model/errors.ts'
import { refuseUnknownKeys, suggestion } from '../../../core/model/nearest.ts'

/** Certificates as PEM text or bytes. */
export interface KafkaTls {
  /** Authorities to trust. Default: those of Node. */
  readonly ca?: string | Uint8Array
  readonly cert?: string | Uint8Array
  readonly key?: string | Uint8Array
  readonly passphrase?: string
  /** Name that the certificate must have. Default: the host of the broker. */
  readonly serverName?: string
}

export type SaslMechanism = 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512' | 'OAUTHBEARER'

/** Credentials. A function is asked anew for every connection and for every session of one; one that fails is asked again. */
export interface KafkaSasl {
  readonly mechanism: SaslMechanism
  readonly username?: string
  readonly password?: string | (() => string | Promise<string>)
  /** For OAUTHBEARER. */
  readonly token?: string | (() => string | Promise<string>)
}

/** How to reach a cluster. */
export interface KafkaConnectionOptions {
  /** Bootstrap brokers as `host:port`, a list or text with commas. Default `localhost:9092`. */
  readonly brokers?: string | readonly string[]
  /** Default: no TLS. */
  readonly tls?: true | KafkaTls
  /** Default: no authentication. */
  readonly sasl?: KafkaSasl
}

/** Checked, with defaults filled in. */
export interface KafkaConnection {
  readonly brokers: readonly string[]
  readonly tls: KafkaTls | undefined
  readonly sasl: KafkaSasl | undefined
}

export const CONNECTION_KEYS = ['brokers', 'tls', 'sasl']

const DEFAULT_BROKERS = 'localhost:9092'
export const MECHANISMS: readonly SaslMechanism[] = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER']
const BROKER = /^(?<host>\[[0-9a-fA-F:.]+\]|[^\s:/,]+):(?<port>\d{1,5})$/

/** Throws `MR_OPTION_INVALID`, `MR_OPTION_UNKNOWN`; `where` names what has the options. */
export function resolveConnection(where: string, options: KafkaConnectionOptions): KafkaConnection {
  return Object.freeze({
    brokers: resolveBrokers(where, options.brokers ?? DEFAULT_BROKERS),
    tls: resolveTls(where, options.tls),
    sasl: resolveSasl(where, options.sasl),
  })
}

/** The user in words of messages. */
export function userOf({ sasl }: KafkaConnection): string {
  return sasl?.username === undefined ? 'the user' : `user "${sasl.username}"`
}

function resolveBrokers(where: string, brokers: string | readonly string[]): readonly string[] {
  const list = (typeof brokers === 'string' ? brokers.split(',') : [...brokers]).map((broker) => broker.trim())
  if (list.length === 0) throw invalid(where, 'brokers is empty; write for example "localhost:9092"')
  for (const broker of list) {
    const port = Number(BROKER.exec(broker)?.groups?.port)
    if (!(port >= 1 && port <= 65_535)) throw invalid(where, `broker "${broker}" is not of the form host:port`)
  }
  return list
}

function resolveTls(where: string, tls: KafkaConnectionOptions['tls']): KafkaTls | undefined {
  if (tls === undefined) return undefined
  if (tls === true) return {}
  refuseUnknownKeys(`${where}: tls`, tls, ['ca', 'cert', 'key', 'passphrase', 'serverName'])
  if ((tls.cert === undefined) !== (tls.key === undefined)) throw invalid(where, 'tls: cert and key belong together')
  return tls
}

function resolveSasl(where: string, sasl: KafkaSasl | undefined): KafkaSasl | undefined {
  if (sasl === undefined) return undefined
  refuseUnknownKeys(`${where}: sasl`, sasl, ['mechanism', 'username', 'password', 'token'])
  const { mechanism, username, password, token } = sasl
  if (!MECHANISMS.includes(mechanism)) {
    throw invalid(where, `sasl: mechanism "${mechanism}"${suggestion(String(mechanism), MECHANISMS)}`)
  }
  const isToken = mechanism === 'OAUTHBEARER'
  if (isToken && token === undefined) throw invalid(where, 'sasl: OAUTHBEARER needs a token')
  if (!isToken && (username === undefined || password === undefined)) {
    throw invalid(where, `sasl: ${mechanism} needs username and password`)
  }
  return sasl
}

function invalid(where: string, what: string): MillraceError {
  return new MillraceError('MR_OPTION_INVALID', `${where}: ${what}`)
}
