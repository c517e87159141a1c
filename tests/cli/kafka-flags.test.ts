import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { before, describe, it } from 'node:test'
import { Command } from 'commander'
import { addKafkaFlags, type KafkaFlags, kafkaConnection } from '../../cli/kafka-flags.ts'
import { temporaryDirectory } from '../platform/order-log.ts'

/** What a command line and an environment say of a cluster. */
function parsed(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const flags: KafkaFlags = addKafkaFlags(new Command()).exitOverride().parse(argv, { from: 'user' }).opts()
  return kafkaConnection(flags, env)
}

const near = { brokers: 'localhost:9092', client: 'platformatic' }
const pem = (name: string) => new Uint8Array(Buffer.from(name))

describe('flags for Kafka', () => {
  before(() => {
    process.chdir(temporaryDirectory())
    for (const name of ['ca', 'cert', 'key']) writeFileSync(`${name}.pem`, name)
  })

  const cases = [
    { argv: [], expected: near },
    { argv: ['--brokers', 'a:1,b:2', '--client', 'kafkajs'], expected: { brokers: 'a:1,b:2', client: 'kafkajs' } },
    { argv: ['--tls'], expected: { ...near, tls: {} } },
    { argv: ['--tls-ca', 'ca.pem'], expected: { ...near, tls: { ca: pem('ca') } } },
    {
      argv: ['--tls', '--tls-cert', 'cert.pem', '--tls-key', 'key.pem'],
      expected: { ...near, tls: { cert: pem('cert'), key: pem('key') } },
    },
    {
      argv: ['--sasl-mechanism', 'SCRAM-SHA-256', '--sasl-username', 'u'],
      env: { KAFKA_SASL_PASSWORD: 'p' },
      expected: { ...near, sasl: { mechanism: 'SCRAM-SHA-256', username: 'u', password: 'p' } },
    },
    {
      argv: ['--sasl-mechanism', 'OAUTHBEARER'],
      env: { KAFKA_SASL_TOKEN: 't', KAFKA_SASL_PASSWORD: 'p' },
      expected: { ...near, sasl: { mechanism: 'OAUTHBEARER', token: 't' } },
    },
  ]
  for (const { argv, env, expected } of cases) {
    it(`are read: ${argv.join(' ') || 'none'}`, async () => {
      assert.deepEqual(await parsed(argv, env), expected)
    })
  }

  it('name the variable where the password or the token is missing', async () => {
    const plain = ['--sasl-mechanism', 'PLAIN', '--sasl-username', 'u']
    await assert.rejects(parsed(plain), { code: 'MR_USAGE', message: /KAFKA_SASL_PASSWORD/ })
    await assert.rejects(parsed(plain.slice(0, 2), { KAFKA_SASL_PASSWORD: 'p' }), { code: 'MR_USAGE' })
    await assert.rejects(parsed(['--sasl-mechanism', 'OAUTHBEARER']), { code: 'MR_USAGE', message: /KAFKA_SASL_TOKEN/ })
  })
})
