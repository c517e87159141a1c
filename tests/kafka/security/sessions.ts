import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CLIENTS } from '../../../connectors/kafka/client/open-client.ts'
import type { KafkaClientChoice } from '../../../connectors/kafka/index.ts'
import { Follower } from '../follower.ts'
import { type KafkaFixture, topicName } from '../kafka-fixture.ts'
import { SESSION_MS, type SecureBroker, tokenOf, USER } from './secure-broker.ts'

/** A connection with every session: the follower has one for descriptions and one for data. */
const TOKENS = 6

/** Brokers that end sessions: who says again who it is reads on. */
export function sessionTests(secure: SecureBroker, fixture: KafkaFixture): void {
  describe('a reader outlives its sessions', { concurrency: true }, () => {
    for (const client of CLIENTS) {
      it(`its connections authenticate again, with new tokens and without a trouble (${client})`, async () => {
        const { warnings } = await follow({ secure, fixture, client, tokenAt: () => tokenOf(USER.username) })
        assert.deepEqual(warnings, [])
      })

      it(`where one cannot, another takes its place (${client})`, async () => {
        await follow({
          secure,
          fixture,
          client,
          tokenAt: (asked) => {
            if (asked === 3 || asked === 4) throw new Error('nobody at home')
            return tokenOf(USER.username)
          },
        })
      })
    }
  })
}

/** Reads records one by one as they are written, until enough tokens were asked for. */
async function follow(of: {
  readonly secure: SecureBroker
  readonly fixture: KafkaFixture
  readonly client: KafkaClientChoice
  tokenAt(asked: number): string
}): Promise<{ readonly warnings: readonly string[] }> {
  const { secure, fixture, client, tokenAt } = of
  const topic = topicName('sessions')
  await fixture.createTopic(topic)
  let asked = 0
  const warnings: string[] = []
  const warn = (message: string, fields?: object): number => warnings.push(`${message} ${JSON.stringify(fields)}`)
  const ports = { ...fixture.ports(), logger: { info: () => undefined, warn, error: warn } }
  const sasl = { mechanism: 'OAUTHBEARER', token: async () => tokenAt(++asked) } as const
  const follower = new Follower(ports, { ...secure.to('renewed', { sasl }), client })
  await follower.start(topic)
  const until = performance.now() + 4 * SESSION_MS
  let written = 0
  for (; asked < TOKENS; written++) {
    assert.ok(performance.now() < until, `asked for ${asked} tokens only`)
    const record = { timestamp: 1, key: null, value: Buffer.from(String(written)), headers: [] }
    await fixture.append({ topic, partition: 0 }, [record])
    await follower.reached(written + 1)
  }
  await follower.stop()
  assert.deepEqual(
    follower.values,
    Array.from({ length: written }, (_, i) => i),
  )
  return { warnings }
}
