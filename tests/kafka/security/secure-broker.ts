import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KafkaConnectionOptions, KafkaSasl, KafkaTls } from '../../../connectors/kafka/index.ts'
import { KafkaBroker } from '../../../scripts/kafka/broker.ts'
import type { Settings } from '../../../scripts/kafka/settings.ts'
import { Authority, type Certified } from './certificates.ts'

/** A user whom every mechanism knows, with all rights. */
export const USER = { username: 'alice', password: 'the-password-of-alice' } as const
/** A user without any rights at first, whom PLAIN knows. */
export const LIMITED_USER = { username: 'bob', password: 'the-password-of-bob' } as const
export const PASSPHRASE = 'the-passphrase-of-the-key'

const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER']
const MODULES = 'org.apache.kafka.common.security'
const TOKENS = `${MODULES}.oauthbearer.internals.unsecured.OAuthBearerUnsecuredValidatorCallbackHandler`
const SASL: Settings = {
  'sasl.enabled.mechanisms': MECHANISMS.join(','),
  'plain.sasl.jaas.config': `${MODULES}.plain.PlainLoginModule required ${[USER, LIMITED_USER].map(inJaas).join(' ')};`,
  'scram-sha-256.sasl.jaas.config': `${MODULES}.scram.ScramLoginModule required;`,
  'scram-sha-512.sasl.jaas.config': `${MODULES}.scram.ScramLoginModule required;`,
  'oauthbearer.sasl.jaas.config': `${MODULES}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
  'oauthbearer.sasl.server.callback.handler.class': TOKENS,
}

/** How long a connection to the listener `renewed` may be used until it authenticates again. */
export const SESSION_MS = 4_000

export type ListenerName = 'tls' | 'mutual' | 'elsewhere' | 'sasl' | 'sasl_tls' | 'scram_only' | 'renewed'

const WITH_TLS: readonly ListenerName[] = ['tls', 'mutual', 'elsewhere', 'sasl_tls']

/**
 * A broker that asks for certificates and credentials and knows rights. Its plain listener has all rights. `mutual` demands a
 * certificate of the client, `elsewhere` shows one of another host, `renewed` ends sessions.
 */
export class SecureBroker {
  readonly broker: KafkaBroker
  readonly authority: Authority
  /** Certificate of a client; its key is encrypted with {@link PASSPHRASE}. */
  readonly client: Certified
  readonly #folder: string

  private constructor(broker: KafkaBroker, of: { folder: string; authority: Authority; client: Certified }) {
    this.broker = broker
    this.authority = of.authority
    this.client = of.client
    this.#folder = of.folder
  }

  static async start(): Promise<SecureBroker> {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-certificates-'))
    const authority = new Authority(folder, 'authority')
    const tls = tlsOf(authority.certifyServer('broker', 'IP:127.0.0.1,DNS:localhost'), authority)
    const elsewhere = tlsOf(authority.certifyServer('elsewhere', 'DNS:broker.elsewhere.example'), authority)
    const client = authority.certifyClient(USER.username, PASSPHRASE)
    const broker = await KafkaBroker.start({
      listeners: [
        { name: 'tls', protocol: 'SSL', settings: tls },
        { name: 'mutual', protocol: 'SSL', settings: { ...tls, 'ssl.client.auth': 'required' } },
        { name: 'elsewhere', protocol: 'SSL', settings: elsewhere },
        { name: 'sasl', protocol: 'SASL_PLAINTEXT', settings: SASL },
        { name: 'sasl_tls', protocol: 'SASL_SSL', settings: { ...SASL, ...tls } },
        {
          name: 'scram_only',
          protocol: 'SASL_PLAINTEXT',
          settings: { ...SASL, 'sasl.enabled.mechanisms': 'SCRAM-SHA-256' },
        },
        {
          name: 'renewed',
          protocol: 'SASL_PLAINTEXT',
          settings: { ...SASL, 'oauthbearer.connections.max.reauth.ms': String(SESSION_MS) },
        },
      ],
      settings: {
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'super.users': `User:ANONYMOUS;User:${USER.username};User:CN=${USER.username}`,
      },
      scramUsers: { [USER.username]: USER.password },
    })
    return new SecureBroker(broker, { folder, authority, client })
  }

  /** How to reach a listener: `tls` trusts the authority unless it says more. */
  to(name: ListenerName, more: { readonly sasl?: KafkaSasl; readonly tls?: KafkaTls | true } = {}): Reached {
    const { sasl, tls = WITH_TLS.includes(name) ? { ca: this.authority.cert } : undefined } = more
    const brokers = this.broker.addressOf(name)
    return { brokers, ...(sasl === undefined ? {} : { sasl }), ...(tls === undefined ? {} : { tls }) }
  }

  async stop(): Promise<void> {
    await this.broker.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

export type Reached = KafkaConnectionOptions & { readonly brokers: string }

/** A token that the broker takes for this user, until it expires. */
export function tokenOf(user: string, expiresInMs = 3_600_000): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const now = Date.now()
  const claims = { sub: user, iat: Math.floor(now / 1_000) - 60, exp: (now + expiresInMs) / 1_000 }
  return `${part({ alg: 'none' })}.${part(claims)}.`
}

function inJaas({ username, password }: { readonly username: string; readonly password: string }): string {
  return `user_${username}="${password}"`
}

function tlsOf({ cert, key }: Certified, authority: Authority): Settings {
  return {
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.certificate.chain': cert,
    'ssl.keystore.key': key,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.certificates': authority.cert,
  }
}
