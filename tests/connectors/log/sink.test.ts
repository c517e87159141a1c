import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { deadLetterTopic, type LogTopicOptions, logTopic, PartitionedLog } from '../../../connectors/log/index.ts'
import type { DeadLetter } from '../../../core/model/dead-letter.ts'
import type { FileStore } from '../../../core/ports/file-store.ts'
import type { Committer, Intent, WriterContext } from '../../../core/ports/sink.ts'
import { sinkSuite } from '../sink-suite.ts'
import { type SuiteRecord, suiteBatch, suiteContract, suiteRecords } from '../suite-records.ts'
import { testPorts } from '../test-ports.ts'
import { appendRecords, DIRECTORY, logFixture, readAll, readValues, textOf, textRecord } from './log-fixture.ts'
import { Died, DyingProcess, MemoryDisk } from './memory-files.ts'

const OUTBOX = '/state/outbox'
const { schema } = suiteContract

function contextOf(files: FileStore, task = 0, generation = 1): WriterContext {
  const splitOf = (index: number) => `in-${index}`
  return { ...testPorts(files), sink: 'out', task, generation, outbox: OUTBOX, splitOf, reject: () => undefined }
}

function sinkOf(disk: MemoryDisk, options: Partial<LogTopicOptions> = {}) {
  const spec = logTopic<SuiteRecord>({ topic: 'out', directory: DIRECTORY, ...options })
  return {
    writer: (task: number, generation: number) => spec.writer(contextOf(disk.fileStore(), task, generation), schema),
    committer: (files = disk.fileStore()) =>
      spec.committer({ ...testPorts(files), sink: 'out', schema, outbox: OUTBOX }),
    visible: async () => {
      const log = new PartitionedLog(testPorts(disk.fileStore()), DIRECTORY)
      return (await readValues(log, 'out')).map((value): SuiteRecord => JSON.parse(value ?? 'null'))
    },
  }
}

sinkSuite('logTopic', async () => sinkOf(new MemoryDisk()))
sinkSuite('logTopic with partitions, key and codec', async () =>
  sinkOf(new MemoryDisk(), { partitions: 3, key: 'id', codec: 'lz4' }),
)

async function stagedIntent(
  disk: MemoryDisk,
  count = 25,
): Promise<{ readonly intent: Intent; readonly committer: Committer }> {
  const { writer, committer: open } = sinkOf(disk, { partitions: 2, key: 'id' })
  const committer = open()
  await committer.open()
  const tasks = [writer(0, 1), writer(1, 1)]
  const staged = []
  for (const [task, one] of tasks.entries()) {
    one.write(suiteBatch(suiteRecords(count * task, count)))
    staged.push(await one.stage(0))
  }
  const intent = await committer.intend({ epoch: 0, committed: -1, ranges: [], now: 0 }, staged)
  assert.ok(intent !== undefined)
  return { intent, committer }
}

async function assertOnce(disk: MemoryDisk, count: number): Promise<void> {
  const visible = await sinkOf(disk).visible()
  const amounts = visible.map((record) => record.amount).sort((a, b) => a - b)
  assert.deepEqual(
    amounts,
    Array.from({ length: count }, (_, i) => i),
  )
}

/** Dies at the `n`-th change of the disk, then redoes; false where the commit ends before that. */
async function diesDuringCommit(n: number, how: 'before' | 'half', loss: 'process' | 'power'): Promise<boolean> {
  const disk = new MemoryDisk()
  const { intent, committer } = await stagedIntent(disk)
  const known = { intent, committed: -1, identity: undefined }
  const process = new DyingProcess(disk, n, how)
  const outcome = sinkOf(disk).committer(process.files).commit(intent)
  const isDead = await outcome.then(
    () => false,
    (error: unknown) => error instanceof Died,
  )
  if (loss === 'power') disk.losePower()
  const status = await committer.inspect(known)
  assert.ok(status === 'at-end' || (isDead && status === 'at-start'), status)
  // What the sink said to have it keeps: nobody commits it again.
  disk.losePower()
  assert.equal(await committer.inspect(known), status)
  await committer.commit(intent)
  disk.losePower()
  assert.equal(await committer.inspect(known), 'at-end')
  await assertOnce(disk, 50)
  return isDead
}

describe('log sink', () => {
  for (const how of ['before', 'half'] as const) {
    for (const loss of ['process', 'power'] as const) {
      it(`commits exactly once when the ${loss} dies at any change of the disk (${how})`, async () => {
        let deaths = 0
        while (await diesDuringCommit(deaths + 1, how, loss)) deaths++
        assert.ok(deaths > 10, `${deaths} places to die`)
      })
    }
  }

  it('stages durably: after a loss of power the intent still has its bytes', async () => {
    const disk = new MemoryDisk()
    const { intent, committer } = await stagedIntent(disk)
    disk.losePower()
    await committer.commit(intent)
    await assertOnce(disk, 50)
  })

  it('skips what it finds among the records of others', async () => {
    const disk = new MemoryDisk()
    const log = new PartitionedLog(testPorts(disk.fileStore()), DIRECTORY)
    await log.createTopic('out', 2)
    await appendRecords(log, 'out', { records: [textRecord('{"amount":0}')] })
    const { intent, committer } = await stagedIntent(disk, 5)
    await appendRecords(log, 'out', { records: [textRecord('{"amount":1}')] })
    await committer.commit(intent)
    await appendRecords(log, 'out', { records: [textRecord('{"amount":2}')] })
    await committer.commit(intent)
    assert.equal((await readValues(log, 'out')).length, 13)
  })

  it('tells two sinks of the same records apart in one topic', async () => {
    const disk = new MemoryDisk()
    const first = await stagedIntent(disk, 5)
    const spec = logTopic({ topic: 'out', directory: DIRECTORY })
    const writer = spec.writer({ ...contextOf(disk.fileStore()), sink: 'second' }, schema)
    const committer = spec.committer({ ...testPorts(disk.fileStore()), sink: 'second', schema, outbox: OUTBOX })
    writer.write(suiteBatch(suiteRecords(0, 10)))
    const intent = await committer.intend({ epoch: 0, committed: -1, ranges: [], now: 0 }, [await writer.stage(0)])
    assert.ok(intent !== undefined)
    await first.committer.commit(first.intent)
    await committer.commit(intent)
    assert.equal((await sinkOf(disk).visible()).length, 20)
  })

  it('puts equal keys into one partition, each in its order', async () => {
    const disk = new MemoryDisk()
    const { intent, committer } = await stagedIntent(disk)
    await committer.commit(intent)
    const log = new PartitionedLog(testPorts(disk.fileStore()), DIRECTORY)
    const records = await readAll(log, 'out')
    assert.ok(records.some((record) => record.partition === 0) && records.some((record) => record.partition === 1))
    assert.ok(records.every((record) => textOf(record.key) === JSON.parse(textOf(record.value) ?? '').id))
    const identity = records[0]?.headers.find((header) => header.key === '__millrace.id')
    assert.match(textOf(identity?.value) ?? '', /^test\/out\/in-0-\d+-0$/)
  })

  it('notices staged bytes that are gone or changed, and writes nothing then', async () => {
    for (const damage of ['gone', 'changed', 'cut'] as const) {
      const disk = new MemoryDisk()
      const { intent, committer } = await stagedIntent(disk)
      const path = `${OUTBOX}/${intent.outbox[1]}`
      const bytes = disk.bytes(path)
      if (damage === 'gone') disk.removeTree(path)
      else if (damage === 'cut') disk.plant(path, bytes.slice(0, -1))
      else
        disk.plant(
          path,
          bytes.map((byte, i) => (i === bytes.length - 3 ? byte ^ 1 : byte)),
        )
      assert.equal(await committer.inspect({ intent, committed: -1, identity: undefined }), 'staged-missing')
      await assert.rejects(committer.commit(intent), { code: 'MR_STAGED_MISSING' })
      assert.deepEqual(await sinkOf(disk).visible(), [])
    }
  })

  it('notices that the topic was created anew or went back', async () => {
    const disk = new MemoryDisk()
    const log = new PartitionedLog(testPorts(disk.fileStore()), DIRECTORY)
    const { intent, committer } = await stagedIntent(disk)
    const identity = await committer.identity()
    assert.equal(await committer.inspect({ intent: undefined, committed: -1, identity }), 'at-end')
    disk.removeTree(`${DIRECTORY}/out`)
    assert.equal(await committer.inspect({ intent, committed: -1, identity }), 'replaced')
    await log.createTopic('out', 2)
    assert.equal(await committer.inspect({ intent, committed: -1, identity }), 'replaced')
    assert.equal(await committer.inspect({ intent: undefined, committed: 3, identity }), 'replaced')
    await assert.rejects(committer.commit(intent), { code: 'MR_SINK_REPLACED' })
  })

  it('keeps the outbox of the newest epoch, collects that of earlier ones and of dead generations', async () => {
    const disk = new MemoryDisk()
    const { committer, intent } = await stagedIntent(disk)
    const dead = sinkOf(disk).writer(0, 1)
    for (let i = 0; i < 10; i++) dead.write(suiteBatch(suiteRecords(0, 3_000)))
    await dead.ready()
    const next = sinkOf(disk).writer(0, 2)
    next.write(suiteBatch(suiteRecords(0, 1)))
    const staged = await next.stage(1)
    const before = disk.paths().filter((path) => path.startsWith(OUTBOX)).length
    await committer.collect(0)
    assert.equal(disk.paths().filter((path) => path.startsWith(OUTBOX)).length, before - 1)
    await committer.collect(1)
    assert.deepEqual(
      disk.paths().filter((path) => path.startsWith(OUTBOX)),
      staged.outbox.map((name) => `${OUTBOX}/${name}`),
    )
    assert.equal(before, intent.outbox.length + 2)
  })

  it('checks its options and fields before it runs', () => {
    assert.throws(() => logTopic({ topic: 'out', codec: 'zip' as 'gzip' }), { code: 'MR_OPTION_INVALID' })
    assert.throws(() => logTopic({ topic: 'out', partitions: 0 }), { code: 'MR_OPTION_INVALID' })
    assert.throws(() => logTopic({ topic: 'out', keys: 'id' } as LogTopicOptions), { code: 'MR_OPTION_UNKNOWN' })
    assert.throws(() => logTopic({ topic: 'out', key: 'idd' }).check(schema), { code: 'MR_FIELD_UNKNOWN' })
    logTopic({ topic: 'out', key: 'id' }).check(schema)
  })

  it('refuses a topic with another number of partitions than the option says', async () => {
    const disk = new MemoryDisk()
    await stagedIntent(disk)
    await assert.rejects(sinkOf(disk, { partitions: 5 }).committer().open(), { code: 'MR_LOG_TOPIC_EXISTS' })
    await sinkOf(disk).committer().open()
  })
})

const letter: DeadLetter = {
  origin: { topic: 'events', partition: 3, offset: 41, timestamp: 99 },
  key: new TextEncoder().encode('k'),
  value: new TextEncoder().encode('{broken'),
  headers: [{ key: '__millrace.id', value: new TextEncoder().encode('from an earlier life') }],
  code: 'MR_RECORD_JSON',
  message: 'no valid JSON',
  stage: 'source',
}

function deadLetterFixture({ disk, log }: { disk: MemoryDisk; log: PartitionedLog } = logFixture(), sink = 'out') {
  const spec = deadLetterTopic({ directory: DIRECTORY })
  const writer = spec.writer({ ...contextOf(disk.fileStore()), sink })
  const committer = spec.committer({ ...testPorts(disk.fileStore()), sink, schema, outbox: OUTBOX })
  const prepare = async (epoch: number) => {
    const intent = await committer.intend({ epoch, committed: -1, ranges: [], now: 0 }, [await writer.stage(epoch)])
    assert.ok(intent !== undefined)
    return intent
  }
  return { disk, log, writer, committer, prepare }
}

describe('dead-letter topic', () => {
  it('keeps the original record and adds the headers of Kafka Streams and ours', async () => {
    const { log, writer, committer, prepare } = deadLetterFixture()
    writer.writeLetters([letter, { ...letter, truncated: { sizeBytes: 9_999, sha256: 'abc' } }])
    await committer.commit(await prepare(0))
    const [first, second] = await readAll(log, 'events.dlq')
    assert.equal(textOf(first?.key), 'k')
    assert.equal(textOf(first?.value), '{broken')
    assert.equal(first?.timestamp, 99)
    assert.deepEqual(first?.headers[0], letter.headers[0])
    assert.deepEqual(
      first?.headers.slice(1).map(({ key, value }) => `${key}=${textOf(value)?.split('\n')[0]}`),
      [
        '__streams.errors.exception=MR_RECORD_JSON',
        '__streams.errors.message=no valid JSON',
        '__streams.errors.stacktrace=MR_RECORD_JSON: no valid JSON',
        '__streams.errors.topic=events',
        '__streams.errors.partition=3',
        '__streams.errors.offset=41',
        '__millrace.errors.code=MR_RECORD_JSON',
        '__millrace.errors.stage=source',
        '__millrace.errors.pipeline=test',
        '__millrace.errors.timestamp=1700000000000',
        '__millrace.id=test/out/events-3-41-source-0',
      ],
    )
    const headers = new Map(second?.headers.map(({ key, value }) => [key, textOf(value)]))
    assert.equal(headers.get('__millrace.errors.size'), '9999')
    assert.equal(headers.get('__millrace.errors.sha256'), 'abc')
    assert.equal(headers.get('__millrace.id'), 'test/out/events-3-41-source-1')
  })

  it('writes each letter once over redo, also one that was a dead letter before', async () => {
    const { log, writer, committer, prepare } = deadLetterFixture()
    writer.writeLetters([letter, letter])
    writer.writeRows(suiteBatch(suiteRecords(0, 3)), Int32Array.of(2), {
      code: 'MR_RECORD_LATE',
      message: 'late',
      stage: 'w',
    })
    const intent = await prepare(0)
    for (let i = 0; i < 3; i++) await committer.commit(intent)
    assert.equal((await readAll(log, 'events.dlq')).length, 2)
    const [row] = await readAll(log, 'in.dlq')
    assert.equal(textOf(row?.value), '{"id":"record-2","amount":2,"at":1000002}')
    assert.equal(await committer.inspect({ intent, committed: -1, identity: '' }), 'at-end')
  })

  it('takes no record of another sink for its own, whatever identity both inherited', async () => {
    const first = deadLetterFixture()
    const second = deadLetterFixture(first, 'second')
    first.writer.writeLetters([letter])
    second.writer.writeLetters([letter])
    const [one, two] = [await first.prepare(0), await second.prepare(0)]
    await second.committer.commit(two)
    await first.committer.commit(one)
    assert.equal((await readAll(first.log, 'events.dlq')).length, 2)
  })

  it('makes no topic where nothing was refused', async () => {
    const { log, writer, committer } = deadLetterFixture()
    await committer.open()
    const staged = [await writer.stage(0)]
    assert.equal(await committer.intend({ epoch: 0, committed: -1, ranges: [], now: 0 }, staged), undefined)
    assert.deepEqual(await log.listTopics(), [])
  })
})
