import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createServer, type TLSSocket } from 'node:tls'
import { CLIENTS } from '../../../connectors/kafka/client/open-client.ts'
import { type KafkaSasl, kafkaClient } from '../../../connectors/kafka/index.ts'
import { ManualClock } from '../../connectors/test-ports.ts'
import type { KafkaFixture } from '../kafka-fixture.ts'
import { roundTrip } from './round-trip.ts'
import { PASSPHRASE, type SecureBroker, tokenOf, USER } from './secure-broker.ts'

const CREDENTIALS: readonly KafkaSasl[] = [
  { mechanism: 'PLAIN', ...USER },
  { mechanism: 'SCRAM-SHA-256', ...USER },
  { mechanism: 'SCRAM-SHA-512', ...USER },
  { mechanism: 'OAUTHBEARER', token: tokenOf(USER.username) },
]

/** Every way to be let in: what is written can be read. */
export function mechanismTests(secure: SecureBroker, fixture: KafkaFixture): void {
  for (const client of CLIENTS) {
    describe(`who is let in reads and writes (${client})`, () => {
      for (const sasl of CREDENTIALS) {
        it(`${sasl.mechanism} over TLS`, () => roundTrip(fixture, { ...secure.to('sasl_tls', { sasl }), client }))

        it(`${sasl.mechanism} over plain connections, by a function that is asked anew for each`, async () => {
          const asked: string[] = []
          const functions = { password: noted(sasl.password, asked), token: noted(sasl.token, asked) }
          await roundTrip(fixture, { ...secure.to('sasl', { sasl: { ...sasl, ...functions } }), client })
          // The sink has one connection, the source two.
          assert.ok(asked.length >= 3, `asked ${asked.length} times`)
        })
      }

      it('TLS', () => roundTrip(fixture, { ...secure.to('tls'), client }))

      it('TLS with a certificate of the client, whose key is encrypted', () => {
        const { authority, client: certified } = secure
        const tls = { ca: Buffer.from(authority.cert), ...certified, passphrase: PASSPHRASE }
        return roundTrip(fixture, { ...secure.to('mutual', { tls }), client })
      })

      it('TLS with a broker whose certificate has another name, which serverName says', () => {
        const tls = { ca: secure.authority.cert, serverName: 'broker.elsewhere.example' }
        return roundTrip(fixture, { ...secure.to('elsewhere', { tls }), client })
      })

      it('a function may give it at once', () =>
        roundTrip(fixture, {
          ...secure.to('sasl', { sasl: { mechanism: 'OAUTHBEARER', token: () => tokenOf(USER.username) } }),
          client,
        }))

      it('a broker with several certificates hears which host is meant', async () => {
        const { cert, key } = secure.authority.certifyServer('several', 'DNS:localhost')
        const meant: (string | false | null)[] = []
        const server = createServer({ cert, key }, (socket: TLSSocket) => {
          meant.push(socket.servername)
          socket.destroy()
        })
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
        const address = server.address()
        assert.ok(typeof address === 'object' && address !== null)
        const tls = { ca: secure.authority.cert }
        const ports = { ...fixture.ports(), clock: new ManualClock() }
        const asking = fixture.owns(await kafkaClient(ports, { brokers: `localhost:${address.port}`, tls, client }))
        await assert.rejects(asking.listTopics(), { code: 'MR_KAFKA_UNREACHABLE' })
        server.close()
        assert.deepEqual(meant, ['localhost'])
      })
    })
  }
}

/** A function that gives what is given, and notes that it was asked. */
function noted(given: KafkaSasl['token'], asked: string[]): () => Promise<string> {
  return async () => {
    asked.push('once more')
    return String(given)
  }
}
