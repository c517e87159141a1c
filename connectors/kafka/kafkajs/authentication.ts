import kafkajs, { type AuthenticationProviderArgs, type Mechanism } from 'kafkajs'
import { MillraceError } from '../../../core/model/errors.ts'
import type { KafkaSasl } from '../client/connection-options.ts'
import { credentialOf, refusalOfToken } from '../client/credentials.ts'
import { int32 } from '../client/encoding.ts'
import { PASSWORD_PROVIDERS } from './internals.ts'

/** A broker refused credentials; the message is in its own words. */
export class CredentialsRefused extends Error {
  override readonly name = 'CredentialsRefused'
  readonly broker: string

  constructor(broker: string, message: string) {
    super(message)
    this.broker = broker
  }
}

/** Credentials in the words of kafkajs, which by itself takes passwords as text only and tokens without a look at the answer. */
export class Authentication {
  readonly mechanism: Mechanism
  readonly #sasl: KafkaSasl
  #isProven = false

  constructor(sasl: KafkaSasl) {
    this.#sasl = sasl
    this.mechanism = {
      mechanism: sasl.mechanism,
      authenticationProvider: (connection) => ({ authenticate: () => this.#authenticate(connection) }),
    }
  }

  /** A broker took the credentials once. */
  get isProven(): boolean {
    return this.#isProven
  }

  async #authenticate(connection: AuthenticationProviderArgs): Promise<void> {
    const broker = `${connection.host}:${connection.port}`
    const credential = await given(this.#sasl, broker)
    // kafkajs hides whether the broker refused or the connection broke.
    let cause: unknown
    const saslAuthenticate: AuthenticationProviderArgs['saslAuthenticate'] = async (message) => {
      try {
        return await connection.saslAuthenticate(message)
      } catch (error) {
        cause = error
        throw error
      }
    }
    try {
      await this.#send(credential, { ...connection, saslAuthenticate })
      this.#isProven = true
    } catch (error) {
      if (cause instanceof kafkajs.KafkaJSConnectionError) throw cause
      const words = cause ?? error
      throw new CredentialsRefused(broker, words instanceof Error ? words.message : String(words))
    }
  }

  async #send(credential: string, connection: AuthenticationProviderArgs): Promise<void> {
    const { mechanism, username } = this.#sasl
    if (mechanism === 'OAUTHBEARER') return sendToken(credential, connection.saslAuthenticate)
    // Checked when the options were resolved.
    const provider = PASSWORD_PROVIDERS[mechanism]({ username: username!, password: credential })
    return provider(connection).authenticate()
  }
}

/** kafkajs gives a connection up only for errors of its own. */
async function given(sasl: KafkaSasl, broker: string): Promise<string> {
  try {
    return await credentialOf(sasl, sasl.mechanism === 'OAUTHBEARER' ? 'token' : 'password')
  } catch (error) {
    if (!(error instanceof MillraceError) || error.code !== 'MR_KAFKA_UNREACHABLE') throw error
    throw new kafkajs.KafkaJSConnectionError(error, { broker })
  }
}

/** RFC 7628. */
async function sendToken(
  token: string,
  saslAuthenticate: AuthenticationProviderArgs['saslAuthenticate'],
): Promise<void> {
  await saslAuthenticate({
    request: { encode: () => withLength(Buffer.from(`n,,\x01auth=Bearer ${token}\x01\x01`)) },
    response: {
      decode: (answer) => answer.subarray(LENGTH_BYTES),
      parse: (answer) => {
        const refusal = refusalOfToken(answer)
        if (refusal !== undefined) throw new Error(refusal)
      },
    },
  })
}

const LENGTH_BYTES = 4

function withLength(bytes: Buffer): Buffer {
  return Buffer.concat([int32(bytes.length), bytes])
}
