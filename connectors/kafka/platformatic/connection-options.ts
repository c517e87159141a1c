import type { KafkaConnection, KafkaSasl } from '../client/connection-options.ts'
import { credentialOf, refusalOfToken } from '../client/credentials.ts'
import { CONNECT_MS } from '../client/timeouts.ts'
import { AuthenticationError, type ConnectionOptions, type SASLOptions } from './package.ts'

/** The connection in the words of the package. */
export function connectionOptions(connection: KafkaConnection, requestTimeout: number): ConnectionOptions {
  const { tls, sasl } = connection
  return {
    connectTimeout: CONNECT_MS,
    requestTimeout,
    ...(tls === undefined ? {} : { tls: tlsOptions(tls), tlsServerName: tls.serverName ?? isByName(connection) }),
    ...(sasl === undefined ? {} : { sasl: saslOptions(sasl) }),
  }
}

/** The name goes to the broker, which may hold several certificates; an address must not. */
function isByName({ brokers }: KafkaConnection): boolean {
  return brokers.some((broker) => !/^(?:\[|[\d.]+:)/.test(broker))
}

function tlsOptions({ ca, cert, key, passphrase }: NonNullable<KafkaConnection['tls']>): TlsOptions {
  return {
    ...(ca === undefined ? {} : { ca: asBuffer(ca) }),
    ...(cert === undefined ? {} : { cert: asBuffer(cert) }),
    ...(key === undefined ? {} : { key: asBuffer(key) }),
    ...(passphrase === undefined ? {} : { passphrase }),
  }
}

type TlsOptions = NonNullable<ConnectionOptions['tls']>

function saslOptions(sasl: KafkaSasl): SASLOptions {
  const { mechanism, username } = sasl
  if (mechanism === 'OAUTHBEARER') {
    return { mechanism, token: () => credentialOf(sasl, 'token'), authBytesValidator: checkTokenAnswer }
  }
  // Checked when the options were resolved.
  return { mechanism, username: username!, password: () => credentialOf(sasl, 'password') }
}

/** A broker refuses a token in an answer that looks like success. */
const checkTokenAnswer: NonNullable<SASLOptions['authBytesValidator']> = (answer, callback) => {
  const refusal = refusalOfToken(answer)
  if (refusal === undefined) callback(null, answer)
  else callback(new AuthenticationError(refusal), answer)
}

function asBuffer(value: string | Uint8Array): string | Buffer {
  return typeof value === 'string' ? value : Buffer.from(value)
}
