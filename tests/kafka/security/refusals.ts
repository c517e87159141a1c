import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { CLIENTS } from '../../../connectors/kafka/client/open-client.ts'
import { type KafkaSasl, kafka } from '../../../connectors/kafka/index.ts'
import type { ErrorCode } from '../../../core/model/error-codes.ts'
import { MillraceError } from '../../../core/model/errors.ts'
import type { Logger } from '../../../core/ports/logger.ts'
import { suiteContract } from '../../connectors/suite-records.ts'
import { ManualClock } from '../../connectors/test-ports.ts'
import type { KafkaFixture } from '../kafka-fixture.ts'
import type { Connected } from './round-trip.ts'
import { PASSPHRASE, type Reached, type SecureBroker, tokenOf, USER } from './secure-broker.ts'

/** An access that a broker does not grant, and what the error says of it. */
interface Refusal {
  readonly name: string
  readonly reached: Reached
  readonly code: ErrorCode
  readonly words: readonly string[]
}

/** Patience passes at once, so that these mean: not tried again. */
const AT_ONCE_MS = 5_000
/** Far less than what the first bytes of a TLS record would be as a length. */
const MOST_BYTES = 67_108_864

const SECRET = 'hunter2-is-no-password'

/** Every way to be turned away: an error that says why, where and what to do, soon, and without a secret. */
export function refusalTests(secure: SecureBroker, fixture: KafkaFixture): void {
  for (const client of CLIENTS) {
    describe(`who is turned away is told why, at once and without a secret (${client})`, () => {
      for (const { name, reached, code, words } of [...credentials(secure), ...encryption(secure)]) {
        it(name, async () => {
          const { error, said } = await refusalOf({ ...reached, client }, fixture)
          assert.equal(error.code, code, error.message)
          for (const word of words) assert.ok(error.message.includes(word), `"${error.message}" lacks "${word}"`)
          for (const secret of secretsOf(reached))
            assert.ok(!said.includes(secret), `the secret ${secret} was said: ${said}`)
        })
      }
    })
  }
}

function credentials(secure: SecureBroker): readonly Refusal[] {
  const broker = secure.broker.addressOf('sasl')
  const refusal = (name: string, sasl: KafkaSasl, ...words: readonly string[]): Refusal => ({
    name,
    reached: secure.to('sasl', { sasl }),
    code: 'MR_KAFKA_REFUSED',
    words: [broker, 'the option sasl', sasl.mechanism, ...words],
  })
  const wrong = { ...USER, password: SECRET }
  const unknown = { username: 'mallory', password: SECRET }
  const failing = { mechanism: 'OAUTHBEARER', token: () => Promise.reject(new Error('nobody at home')) } as const
  return [
    refusal('a wrong password for PLAIN', { mechanism: 'PLAIN', ...wrong }, 'user "alice"', 'password'),
    refusal('a wrong password for SCRAM-SHA-256', { mechanism: 'SCRAM-SHA-256', ...wrong }, 'user "alice"'),
    refusal('a wrong password for SCRAM-SHA-512', { mechanism: 'SCRAM-SHA-512', ...wrong }, 'user "alice"'),
    refusal('an unknown user for PLAIN', { mechanism: 'PLAIN', ...unknown }, 'user "mallory"'),
    refusal('an unknown user for SCRAM', { mechanism: 'SCRAM-SHA-512', ...unknown }, 'user "mallory"'),
    refusal('an expired token', { mechanism: 'OAUTHBEARER', token: tokenOf('alice', -1_000) }, 'expired'),
    refusal('something that is no token', { mechanism: 'OAUTHBEARER', token: SECRET }, 'token'),
    {
      ...refusal('a token that is empty', { mechanism: 'OAUTHBEARER', token: () => '' }),
      words: ['the function of token', 'no text', 'the option sasl'],
    },
    {
      ...refusal('a mechanism that the broker does not have', { mechanism: 'PLAIN', ...wrong }),
      reached: secure.to('scram_only', { sasl: { mechanism: 'PLAIN', ...wrong } }),
      words: [secure.broker.addressOf('scram_only'), 'PLAIN', 'mechanism'],
    },
    {
      ...refusal('credentials where none are asked for', { mechanism: 'PLAIN', ...wrong }),
      reached: { brokers: secure.broker.bootstrap, sasl: { mechanism: 'PLAIN', ...wrong } },
      words: [secure.broker.bootstrap, 'PLAIN', 'no credentials'],
    },
    {
      ...refusal('a function that fails for longer than patience lasts', failing),
      code: 'MR_KAFKA_UNREACHABLE',
      words: [broker, 'the function of token', 'nobody at home'],
    },
    {
      name: 'nobody where credentials are asked for',
      reached: secure.to('sasl'),
      code: 'MR_KAFKA_UNREACHABLE',
      words: [broker, 'closed', 'credentials'],
    },
  ]
}

function encryption(secure: SecureBroker): readonly Refusal[] {
  const { ca, client } = { ca: secure.authority.cert, client: secure.client }
  const refusal = (name: string, reached: Reached, ...words: readonly string[]): Refusal => ({
    name,
    reached,
    code: 'MR_KAFKA_REFUSED',
    words: [reached.brokers, ...words],
  })
  return [
    refusal('a broker whose authority is not known', secure.to('tls', { tls: true }), 'ca in the option tls'),
    refusal('a broker whose certificate is for another host', secure.to('elsewhere'), 'altnames', 'serverName'),
    refusal('a missing certificate of the client', secure.to('mutual'), 'cert and key'),
    refusal(
      'a wrong passphrase of the key',
      secure.to('mutual', { tls: { ca, ...client, passphrase: SECRET } }),
      'passphrase',
    ),
    refusal('no TLS where the broker wants it', { brokers: secure.broker.addressOf('tls') }, 'wants TLS'),
    {
      name: 'TLS where the broker does not speak it',
      reached: { brokers: secure.broker.bootstrap, tls: { ca } },
      code: 'MR_KAFKA_UNREACHABLE',
      words: [secure.broker.bootstrap, 'speak TLS'],
    },
  ]
}

/** The error of a source at its start, and all that it and its log lines say. */
async function refusalOf(
  connected: Connected,
  fixture: KafkaFixture,
): Promise<{ readonly error: MillraceError; readonly said: string }> {
  const lines: unknown[] = []
  const log: Logger['warn'] = (...line) => lines.push(line)
  const ports = { ...fixture.ports(), clock: new ManualClock(), logger: { info: log, warn: log, error: log } }
  const source = fixture.owns(kafka({ ...connected, topics: ['absent'], contract: suiteContract }).open(ports))
  const [startedAt, bytes] = [performance.now(), process.memoryUsage().rss]
  const error = await source.splits().then(
    () => assert.fail('it was let in'),
    (thrown: unknown) => thrown,
  )
  assert.ok(performance.now() - startedAt < AT_ONCE_MS, 'not at once')
  assert.ok(process.memoryUsage().rss - bytes < MOST_BYTES, 'memory was taken')
  assert.ok(error instanceof MillraceError, inspect(error))
  return { error, said: inspect([error, lines], { depth: null, showHidden: true }) }
}

/** What must not be said; longer texts by their last line. */
function secretsOf({ sasl, tls }: Reached): readonly string[] {
  const { key, passphrase } = typeof tls === 'object' ? tls : {}
  const given = [SECRET, PASSPHRASE, USER.password, sasl?.password, sasl?.token, passphrase, key]
  return given.filter((one) => typeof one === 'string').map((text) => text.trimEnd().split('\n').at(-2) ?? text)
}
