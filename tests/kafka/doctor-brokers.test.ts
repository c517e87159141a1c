import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { AclOperations, AclPermissionTypes, ResourcePatternTypes, ResourceTypes } from '@platformatic/kafka'
import type { PartFinding } from '../../platform/doctor/diagnose-pipeline.ts'
import { freePort, KafkaBroker } from '../../scripts/kafka/broker.ts'
import { spawnCommand } from '../cli/run-command.ts'
import { diagnosed, told } from './diagnosed.ts'
import { BROKERS, KafkaFixture, topicName } from './kafka-fixture.ts'

const doctored = join(import.meta.dirname, 'pipelines/doctored.ts')

it('a broker that tells clients to connect elsewhere is found, with the address', async (t) => {
  const elsewhere = await freePort()
  const broker = await KafkaBroker.start({ advertisedPort: elsewhere })
  t.after(() => broker.stop())
  const job = spawnCommand(tmpdir(), ['doctor', doctored, '--json'], {
    KAFKA_BROKERS: broker.bootstrap,
    TEST_TOPIC: 'orders',
  })
  const { code, stdout } = await job.finished
  assert.equal(code, 7)
  const { checks }: { readonly checks: readonly PartFinding[] } = JSON.parse(stdout)
  const found = checks.filter(({ subject }) => subject === 'advertised listeners')
  assert.equal(found.length, 1)
  assert.match(
    found[0]!.found,
    new RegExp(`^broker 1 tells clients to connect to 127\\.0\\.0\\.1:${elsewhere}, which fails`),
  )
  assert.ok('advice' in found[0]! && found[0].advice.includes('advertised.listeners'))
})

it('rights that the user lacks are named', async (t) => {
  const broker = await KafkaBroker.start({
    settings: {
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'allow.everyone.if.no.acl.found': 'true',
    },
  })
  const guarded = new KafkaFixture(broker.bootstrap)
  t.after(async () => {
    await guarded.close()
    await broker.stop()
  })
  await guarded.createTopic('in')
  await guarded.createTopic('out')
  await guarded.createTopic('seen')
  // Whoever is given rights on something takes them from everybody else.
  const given = [
    ['alice', ResourceTypes.TOPIC, 'in', AclOperations.READ],
    ['alice', ResourceTypes.TOPIC, 'out', AclOperations.WRITE],
    ['ANONYMOUS', ResourceTypes.TOPIC, 'seen', AclOperations.DESCRIBE],
    ['alice', ResourceTypes.GROUP, 'guarded', AclOperations.READ],
    ['alice', ResourceTypes.TRANSACTIONAL_ID, 'guarded/out', AclOperations.WRITE],
  ] as const
  await guarded.admin.createAcls({
    creations: given.map(([user, resourceType, resourceName, operation]) => ({
      resourceType,
      resourceName,
      resourcePatternType: ResourcePatternTypes.LITERAL,
      principal: `User:${user}`,
      host: '*',
      operation,
      permissionType: AclPermissionTypes.ALLOW,
    })),
  })
  const parts = { brokers: broker.bootstrap, name: 'guarded' }
  const { wrong } = await diagnosed({ ...parts, source: { topics: ['in', 'seen'] }, sink: { topic: 'out' } })
  assert.deepEqual(
    wrong.map((finding) => [finding.part, finding.subject, told(finding)[1]]),
    [
      ['in', 'topic in', 'MR_KAFKA_FORBIDDEN'],
      ['in', 'topic seen', 'MR_KAFKA_FORBIDDEN'],
      ['in', 'topic seen', ''],
      ['in', 'group guarded', 'MR_KAFKA_FORBIDDEN'],
      ['out', 'topic out', 'MR_KAFKA_FORBIDDEN'],
      ['out', 'transactional id guarded/out', 'MR_KAFKA_FORBIDDEN'],
    ],
  )
})

it('lag of a topic that does not exist ends at once, instead of waiting for its connections', async () => {
  const job = spawnCommand(tmpdir(), ['lag', doctored], {
    KAFKA_BROKERS: BROKERS,
    TEST_TOPIC: topicName('absent'),
  })
  const { code, stderr } = await job.finished
  assert.equal(code, 7, stderr)
  // A broker that has just started may have no coordinator yet, of which a warning tells.
  assert.match(stderr, /^MR_KAFKA_TOPIC_UNKNOWN: /m)
})
