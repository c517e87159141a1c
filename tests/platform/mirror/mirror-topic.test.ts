import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { PartitionedLog } from '../../../connectors/log/index.ts'
import type { ErrorCode } from '../../../core/model/error-codes.ts'
import { MillraceError } from '../../../core/model/errors.ts'
import type { FileStore } from '../../../core/ports/file-store.ts'
import { CODECS } from '../../../formats/record-batch/compression.ts'
import type { EncodableRecord } from '../../../formats/record-batch/encode.ts'
import type { MirrorOutcome } from '../../../platform/mirror/mirror-run.ts'
import { type MirrorOptions, mirrorTopic } from '../../../platform/mirror/mirror-topic.ts'
import { appendRecords, DIRECTORY, readAll, textOf, textRecord } from '../../connectors/log/log-fixture.ts'
import { Died, DyingProcess, MemoryDisk } from '../../connectors/log/memory-files.ts'
import { testPorts } from '../../connectors/test-ports.ts'
import { ManualClock, settle } from '../../manual-clock.ts'
import { MemoryKafka, type SourceBatch } from './memory-kafka.ts'

const AS = 'copy'

function mirror(
  kafka: MemoryKafka,
  files: FileStore,
  options: Partial<MirrorOptions> & { readonly clock?: ManualClock; readonly topic?: string } = {},
): Promise<MirrorOutcome> {
  const { clock = new ManualClock(), topic = 'orders', ...rest } = options
  const source = { topic, client: kafka.connect }
  return mirrorTopic(testPorts(files, clock), { source, directory: DIRECTORY, as: AS, from: 'earliest', ...rest })
}

/** What is in the copy, by partition. */
async function copied(disk: MemoryDisk): Promise<readonly (readonly EncodableRecord[])[]> {
  const log = new PartitionedLog(testPorts(disk.fileStore()), DIRECTORY)
  const topic = await log.findTopic(AS)
  const partitions: EncodableRecord[][] = Array.from({ length: topic?.partitions ?? 0 }, () => [])
  if (topic === undefined) return partitions
  for (const { partition, timestamp, key, value, headers } of await readAll(log, AS))
    partitions[partition]!.push({ timestamp, key, value, headers })
  return partitions
}

async function values(disk: MemoryDisk): Promise<readonly (readonly (string | null)[])[]> {
  return (await copied(disk)).map((records) => records.map(({ value }) => textOf(value)))
}

/** A partition with one batch per list of values. */
function batches(...lists: readonly (readonly string[])[]): readonly SourceBatch[] {
  return lists.map((list) => ({ records: list.map((value, i) => textRecord(value, { timestamp: 1_000 + i })) }))
}

function coded(code: ErrorCode, ...words: readonly string[]) {
  return (error: unknown): true => {
    assert.ok(error instanceof MillraceError, String(error))
    assert.equal(error.code, code, error.message)
    for (const word of words) assert.ok(error.message.includes(word), `"${error.message}" lacks "${word}"`)
    return true
  }
}

const bytes = fc.option(fc.uint8Array({ maxLength: 20 }), { nil: null })
const record = fc.record({
  gap: fc.nat({ max: 2 }),
  timestamp: fc.integer({ min: -1, max: 2 ** 50 }),
  key: bytes,
  value: bytes,
  headers: fc.array(
    fc.record({ key: fc.string({ unit: 'grapheme', maxLength: 5 }), value: bytes }, { noNullPrototype: true }),
    { maxLength: 2 },
  ),
})
const batch = fc.record({
  records: fc.array(record, { maxLength: 6 }),
  codec: fc.constantFrom(...CODECS),
  isHidden: fc.boolean(),
  leaderEpoch: fc.nat({ max: 3 }),
})
const sources = fc.array(fc.array(batch, { maxLength: 6 }), { minLength: 1, maxLength: 3 })
/** How a run ends: at which change of the disk, how, and whether the machine loses power with it. */
const deaths = fc.array(
  fc.record({
    at: fc.integer({ min: 1, max: 50 }),
    how: fc.constantFrom('before' as const, 'half' as const),
    losesPower: fc.boolean(),
    maxRecords: fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined }),
  }),
  { maxLength: 6 },
)

describe('a mirror of a topic of Kafka', () => {
  it('holds exactly what readers of committed records see, over any deaths of its runs', async () => {
    await fc.assert(
      fc.asyncProperty(sources, deaths, fc.boolean(), async (source, kills, renamesSurvive) => {
        const disk = new MemoryDisk({ renamesSurvive })
        const kafka = new MemoryKafka(source)
        const expected = kafka.visible()
        for (const { at, how, losesPower, maxRecords } of kills) {
          const process = new DyingProcess(disk, at, how)
          const limit = maxRecords === undefined ? {} : { maxRecords }
          await mirror(kafka, process.files, limit).catch((error: unknown) => {
            if (!(error instanceof Died)) throw error
          })
          if (losesPower) disk.losePower()
          for (const [partition, records] of (await copied(disk)).entries())
            assert.deepEqual(records, expected[partition]!.slice(0, records.length))
        }
        const outcome = await mirror(kafka, disk.fileStore())
        assert.deepEqual(await copied(disk), expected)
        assert.deepEqual(
          outcome.partitions.map(({ to }) => to),
          kafka.partitions.map(({ end }) => end),
        )
        assert.deepEqual([(await mirror(kafka, disk.fileStore())).records, kafka.open], [0, 0])
      }),
      { numRuns: 150 },
    )
  })

  it('goes on inside a batch that the log has to cut, wherever the first run dies', async () => {
    const list = Array.from({ length: 2_500 }, (_, i) => `${i}`)
    const kafka = new MemoryKafka([batches(list)])
    let deaths = 0
    for (let isDead = true; isDead; ) {
      const disk = new MemoryDisk()
      const process = new DyingProcess(disk, deaths + 1, 'half')
      isDead = await mirror(kafka, process.files).then(
        () => false,
        (error: unknown) => error instanceof Died,
      )
      if (isDead) deaths++
      await mirror(kafka, disk.fileStore())
      assert.deepEqual(await values(disk), [list])
    }
    assert.ok(deaths > 15, `${deaths} places to die`)
  })

  it('goes on inside a batch where it stopped after as many records as were wanted', async () => {
    const disk = new MemoryDisk()
    const list = Array.from({ length: 2_500 }, (_, i) => `${i}`)
    const kafka = new MemoryKafka([batches(list)])
    const first = await mirror(kafka, disk.fileStore(), { maxRecords: 1_700 })
    assert.deepEqual(first.partitions, [{ partition: 0, from: 0, to: 1_700, records: 1_700 }])
    assert.equal((await mirror(kafka, disk.fileStore())).records, 800)
    assert.deepEqual(await values(disk), [list])
  })

  it('tells Kafka the leader epoch of the last record, so that a truncated log is noticed', async () => {
    const disk = new MemoryDisk()
    const kafka = new MemoryKafka([[{ ...batches(['a'])[0]!, leaderEpoch: 7 }, ...batches(['b'])]])
    await mirror(kafka, disk.fileStore(), { maxRecords: 1 })
    await mirror(kafka, disk.fileStore())
    const starts = kafka.feeds.map(({ offset, leaderEpoch }) => ({ offset, leaderEpoch }))
    assert.deepEqual(starts, [
      { offset: 0, leaderEpoch: -1 },
      { offset: 1, leaderEpoch: 7 },
    ])
  })

  const begins = [
    { from: 'earliest', expected: ['a', 'b', 'c', 'd'] },
    { from: 'latest', expected: [] },
    { from: { offset: 1 }, expected: ['b', 'c', 'd'] },
    { from: { last: 2 }, expected: ['c', 'd'] },
    { from: { last: 9 }, expected: ['a', 'b', 'c', 'd'] },
    { from: { timestamp: 1_002 }, expected: ['c', 'd'] },
    { from: { timestamp: 9_999 }, expected: [] },
  ] as const
  for (const { from, expected } of begins) {
    it(`begins from ${JSON.stringify(from)} when it is made, whatever later runs say and however late they come`, async () => {
      const disk = new MemoryDisk()
      const kafka = new MemoryKafka([batches(['a', 'b', 'c', 'd'])])
      await mirror(kafka, disk.fileStore(), { from })
      assert.deepEqual(await values(disk), [expected])
      kafka.add(0, batches(['e'])[0]!)
      await mirror(kafka, disk.fileStore(), { from: 'latest' })
      assert.deepEqual(await values(disk), [[...expected, 'e']])
    })
  }

  it('makes no topic for an offset that is not there', async () => {
    const disk = new MemoryDisk()
    const kafka = new MemoryKafka([batches(['a'])])
    await assert.rejects(mirror(kafka, disk.fileStore(), { from: { offset: 2 } }), coded('MR_POSITION_LOST', 'not 2'))
    assert.deepEqual(disk.paths(), [])
  })

  it('follows until it is told to stop, and what it copied is visible at once', async () => {
    const disk = new MemoryDisk()
    const kafka = new MemoryKafka([batches(['a']), []])
    const stop = new AbortController()
    const running = mirror(kafka, disk.fileStore(), { follow: stop.signal })
    await settle()
    assert.deepEqual(await values(disk), [['a'], []])
    kafka.add(1, batches(['b', 'c'])[0]!)
    await settle()
    assert.deepEqual(await values(disk), [['a'], ['b', 'c']])
    stop.abort()
    assert.deepEqual((await running).records, 3)
    assert.equal(kafka.open, 0)
  })

  it('stops following when the topic gets partitions that the copy does not have', async () => {
    const disk = new MemoryDisk()
    const clock = new ManualClock()
    const kafka = new MemoryKafka([batches(['a'])])
    const running = mirror(kafka, disk.fileStore(), { follow: new AbortController().signal, clock })
    const ended = assert.rejects(running, coded('MR_LOG_TOPIC_EXISTS', 'has 1 partitions', '2 by now', '--as'))
    await clock.advance(60_000)
    kafka.addPartition()
    await clock.advance(60_000)
    await ended
    assert.deepEqual(await values(disk), [['a']])
  })
})

describe('a mirror refuses', () => {
  const made = async () => {
    const disk = new MemoryDisk()
    const kafka = new MemoryKafka([batches(['a'])])
    await mirror(kafka, disk.fileStore())
    return { disk, kafka, log: new PartitionedLog(testPorts(disk.fileStore()), DIRECTORY) }
  }

  it('a topic that is no copy, before it asks Kafka', async () => {
    const disk = new MemoryDisk()
    const kafka = new MemoryKafka([[]])
    await new PartitionedLog(testPorts(disk.fileStore()), DIRECTORY).createTopic(AS, 1)
    await assert.rejects(
      mirror(kafka, disk.fileStore(), { topic: 'no' }),
      coded('MR_LOG_TOPIC_EXISTS', 'is no copy', '--as'),
    )
  })

  it('a topic that is created anew, or of another cluster', async () => {
    const { disk, kafka } = await made()
    kafka.id = 'id-2'
    await assert.rejects(mirror(kafka, disk.fileStore()), coded('MR_LOG_TOPIC_EXISTS', 'id-1', 'id-2', 'created anew'))
  })

  it('no topic for its id where the client knows names only', async () => {
    const { disk, kafka } = await made()
    kafka.topicIdentity = false
    kafka.add(0, batches(['b'])[0]!)
    await mirror(kafka, disk.fileStore())
    assert.deepEqual(await values(disk), [['a', 'b']])
  })

  it('a copy of another topic', async () => {
    const { disk, kafka, log } = await made()
    const { mirrorOf, ...topic } = await log.topic(AS)
    const other = { format: 1, topicId: topic.id, partitions: 1, mirrorOf: { ...mirrorOf, topic: 'payments' } }
    disk.plant(`${DIRECTORY}/${AS}/topic.json`, Buffer.from(JSON.stringify(other)))
    await assert.rejects(mirror(kafka, disk.fileStore()), coded('MR_LOG_TOPIC_EXISTS', 'a copy of "payments"'))
  })

  it('a copy to which somebody else appended', async () => {
    const { disk, kafka, log } = await made()
    await appendRecords(log, AS, { records: [textRecord('foreign')] })
    await assert.rejects(
      mirror(kafka, disk.fileStore()),
      coded('MR_LOG_TOPIC_EXISTS', 'partition 0, offset 1', 'somebody else'),
    )
  })

  it('a copy of fewer partitions', async () => {
    const { disk, kafka } = await made()
    kafka.addPartition()
    await assert.rejects(mirror(kafka, disk.fileStore()), coded('MR_LOG_TOPIC_EXISTS', 'has 1 partitions', '2 by now'))
  })

  it('to skip what retention took before it was copied', async () => {
    const { disk, kafka } = await made()
    for (const value of ['b', 'c']) kafka.add(0, batches([value])[0]!)
    kafka.partitions[0]!.start = 2
    await assert.rejects(mirror(kafka, disk.fileStore()), coded('MR_POSITION_LOST', 'not 1', 'retention'))
  })
})
