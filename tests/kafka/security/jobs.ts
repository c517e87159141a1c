import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { inspect } from 'node:util'
import { CLIENTS } from '../../../connectors/kafka/client/open-client.ts'
import { type RunningJob, runPipeline } from '../../../platform/index.ts'
import { eventually } from '../eventually.ts'
import { type KafkaFixture, topicName } from '../kafka-fixture.ts'
import { readCommitted } from '../read-topic.ts'
import { type Right, Rights } from './rights.ts'
import { LIMITED_USER, type SecureBroker } from './secure-broker.ts'

const PIPELINE = new URL('../pipelines/secured.ts', import.meta.url)
/** A job that must not go on says so within this time. */
const AT_ONCE_MS = 10_000

/** The rights of a job as the README of the connector lists them. */
function rightsOf(name: string): readonly Right[] {
  return [
    { operation: 'READ', on: 'topic', name: `${name}-in` },
    { operation: 'READ', on: 'group', name },
    { operation: 'READ', on: 'topic', name: `${name}-out` },
    { operation: 'WRITE', on: 'topic', name: `${name}-out` },
    { operation: 'WRITE', on: 'transactional-id', name: `${name}/out` },
  ]
}

/** Whole jobs of a user with just the rights that they need. */
export function jobTests(secure: SecureBroker, fixture: KafkaFixture): void {
  const rights = new Rights(fixture, LIMITED_USER.username)
  for (const client of CLIENTS) {
    describe(`a job of a limited user (${client})`, () => {
      it('runs with the rights that the README names, and stops when one is taken away', async (t) => {
        const name = topicName('secured').replaceAll('.', '-')
        for (const topic of [`${name}-in`, `${name}-out`]) await fixture.createTopic(topic)
        await rights.grant(...rightsOf(name))
        const record = { timestamp: 1, key: null, value: Buffer.from('{"n":1}'), headers: [] }
        await fixture.append({ topic: `${name}-in`, partition: 0 }, [record])
        const { job, lines } = await start(t, { secure, client, name, password: LIMITED_USER.password })
        const ended = job.done.then(() => assert.fail('it went on'), String)
        await eventually('nothing was written', { looks: 200, everyMs: 50 }, async () =>
          (await readCommitted(fixture, `${name}-out`)).length === 1 ? true : undefined,
        )
        const revokedAt = performance.now()
        await rights.revoke(rightsOf(name)[0]!)
        const said = await ended
        assert.ok(performance.now() - revokedAt < AT_ONCE_MS, 'not at once')
        assert.ok(said.includes(`user "${LIMITED_USER.username}" may not; grant READ on topic "${name}-in"`), said)
        assert.ok(!inspect([said, lines]).includes(LIMITED_USER.password))
      })

      it('ends at its start where the password is wrong', async (t) => {
        const { job } = await start(t, { secure, client, name: topicName('refused'), password: 'wrong' })
        await assert.rejects(job.done, { code: 'MR_KAFKA_REFUSED' })
      })
    })
  }
}

/** Starts the pipeline in a folder of its own. */
async function start(
  t: TestContext,
  of: {
    readonly secure: SecureBroker
    readonly client: string
    readonly name: string
    readonly password: string
  },
): Promise<{ readonly job: RunningJob; readonly lines: readonly unknown[] }> {
  const { secure, client, name, password } = of
  const directory = await mkdtemp(join(tmpdir(), 'millrace-secured-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  const brokers = secure.broker.addressOf('sasl_tls')
  const asked = { name: name.replaceAll('.', '-'), brokers, ca: secure.authority.cert, client }
  const url = new URL(PIPELINE)
  url.search = String(new URLSearchParams({ ...asked, username: LIMITED_USER.username }))
  process.env.TEST_PASSWORD = password
  const lines: unknown[] = []
  const log = (...line: readonly unknown[]): number => lines.push(line)
  const logger = { info: log, warn: log, error: log }
  return { job: runPipeline(url, { stateDirectory: directory, epoch: '200ms', workers: 1, logger }), lines }
}
