import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { describeTopic, PartitionedLog } from '../../../connectors/log/index.ts'
import { MillraceError } from '../../../core/model/errors.ts'
import { CODECS } from '../../../formats/record-batch/compression.ts'
import { testPorts } from '../test-ports.ts'
import { appendRecords, DIRECTORY, logFixture, readAll, readValues, textOf, textRecord } from './log-fixture.ts'

const SEGMENT = `${DIRECTORY}/events/0/${'0'.repeat(20)}.log`
const withCode = (code: string) => (error: unknown) => error instanceof MillraceError && error.code === code

describe('partitioned log', () => {
  it('gives back keys, values, headers and timestamps as they were appended, in every codec', async () => {
    for (const codec of CODECS) {
      const { log } = logFixture()
      await log.createTopic('events', 1)
      const headers = [
        { key: 'h', value: new Uint8Array([1]) },
        { key: 'none', value: null },
      ]
      const records = [textRecord('one', { key: 'k', timestamp: 7, headers }), textRecord(null), textRecord('')]
      await appendRecords(log, 'events', { records, codec })
      const found = await readAll(log, 'events')
      assert.deepEqual(
        found.map(({ offset }) => offset),
        [0, 1, 2],
      )
      assert.deepEqual(
        found.map(({ key }) => textOf(key)),
        ['k', null, null],
      )
      assert.deepEqual(
        found.map(({ value }) => textOf(value)),
        ['one', null, ''],
      )
      assert.equal(found[0]?.timestamp, 7)
      assert.deepEqual(found[0]?.headers, headers)
    }
  })

  it('goes on over many segments and finds every offset in them', async () => {
    const { log, disk } = logFixture()
    const topic = await log.createTopic('events', 1)
    for (let i = 0; i < 20; i++) {
      const records = [textRecord(`a${i}`), textRecord(`b${i}`)]
      await appendRecords(log, 'events', { records, segmentBytes: 250 })
    }
    assert.ok(disk.paths().filter((path) => path.endsWith('.log')).length > 5)
    assert.equal((await readValues(log, 'events')).length, 40)
    for (let offset = 0; offset <= 40; offset++) {
      const cursor = await log.readFrom(topic, 0, offset)
      const more = cursor.take() !== undefined || (await cursor.fill())
      assert.equal(more, offset < 40)
    }
  })

  it('shows nothing beyond the synced end to a reader', async () => {
    const { log } = logFixture()
    const topic = await log.createTopic('events', 1)
    const appender = await log.openAppender('events', { segmentBytes: 200 })
    const seen: number[] = []
    for (let i = 0; i < 10; i++) {
      await appender.append(0, [textRecord(`${i}`)])
      seen.push((await readValues(log, 'events')).length)
      if (i % 3 === 2) await appender.sync()
    }
    assert.deepEqual(seen, [0, 0, 0, 3, 3, 3, 6, 6, 6, 9])
    assert.equal((await log.bounds(topic, 0)).end, 9)
  })

  it('lets a reader that is at the end go on when more is published', async () => {
    const { log } = logFixture()
    const topic = await log.createTopic('events', 1)
    const cursor = await log.readFrom(topic, 0, 0)
    assert.equal(await cursor.fill(), false)
    await appendRecords(log, 'events', { records: [textRecord('x')] })
    assert.equal(await cursor.fill(), true)
    assert.equal(cursor.take()?.count, 1)
  })

  it('cuts a tail torn at any byte of the last batch and keeps everything published', async () => {
    const { log, disk } = logFixture()
    await log.createTopic('events', 1)
    await appendRecords(log, 'events', { records: [textRecord('kept')] })
    const published = disk.bytes(SEGMENT)
    const appender = await log.openAppender('events')
    await appender.append(0, [textRecord('torn')])
    await appender.close()
    const whole = disk.bytes(SEGMENT)
    for (let size = published.length; size <= whole.length; size++) {
      disk.plant(SEGMENT, whole.slice(0, size))
      disk.plant(`${DIRECTORY}/events/0/synced`, disk.bytes(`${DIRECTORY}/events/0/synced`))
      const next = await log.openAppender('events')
      assert.equal(next.endOffset(0), size === whole.length ? 2 : 1)
      assert.equal(disk.bytes(SEGMENT).length, size === whole.length ? whole.length : published.length)
      await next.close()
    }
  })

  it('cuts a tail whose bytes are garbage instead of believing them', async () => {
    const { log, disk } = logFixture()
    await log.createTopic('events', 1)
    await appendRecords(log, 'events', { records: [textRecord('kept')] })
    const published = disk.bytes(SEGMENT)
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (garbage) => {
        disk.plant(SEGMENT, new Uint8Array([...published, ...garbage]))
        await appendRecords(log, 'events', { records: [] })
        assert.deepEqual(disk.bytes(SEGMENT), published)
      }),
      { numRuns: 50 },
    )
  })

  it('refuses any damaged byte before the synced end', async () => {
    const { log, disk } = logFixture()
    const topic = await log.createTopic('events', 1)
    await appendRecords(log, 'events', { records: [textRecord('one')] })
    await appendRecords(log, 'events', { records: [textRecord('two')] })
    const whole = disk.bytes(SEGMENT)
    const leaderEpoch = [12, 13, 14, 15]
    for (let at = 0; at < whole.length; at++) {
      // Nobody reads the leader epoch, and no checksum covers it.
      if (leaderEpoch.includes(at % (whole.length / 2))) continue
      const damaged = whole.slice()
      damaged[at]! ^= 0x10
      disk.plant(SEGMENT, damaged)
      await assert.rejects(readAll(log, 'events'), withCode('MR_LOG_CORRUPT'), `byte ${at}`)
    }
    disk.plant(SEGMENT, whole.slice(0, -1))
    await assert.rejects(readAll(log, 'events'), withCode('MR_LOG_CORRUPT'))
    await assert.rejects(log.openAppender('events'), withCode('MR_LOG_CORRUPT'))
    disk.plant(SEGMENT, whole)
    assert.equal((await log.bounds(topic, 0)).end, 2)
    assert.equal((await readAll(log, 'events')).length, 2)
  })

  it('refuses a damaged or missing synced end', async () => {
    const { log, disk } = logFixture()
    await log.createTopic('events', 1)
    const path = `${DIRECTORY}/events/0/synced`
    const whole = disk.bytes(path)
    for (let at = 0; at < whole.length; at++) {
      const damaged = whole.slice()
      damaged[at]! ^= 1
      disk.plant(path, damaged)
      await assert.rejects(readAll(log, 'events'), (error) => error instanceof MillraceError)
    }
    disk.removeTree(path)
    await assert.rejects(readAll(log, 'events'), withCode('MR_FILE_MISSING'))
  })

  it('refuses a missing segment in the middle', async () => {
    const { log, disk } = logFixture()
    await log.createTopic('events', 1)
    for (let i = 0; i < 6; i++) await appendRecords(log, 'events', { records: [textRecord(`${i}`)], segmentBytes: 100 })
    const segments = disk.paths().filter((path) => path.endsWith('.log'))
    disk.removeTree(segments[2]!)
    await assert.rejects(readAll(log, 'events'), withCode('MR_LOG_CORRUPT'))
  })

  it('keeps what was synced over a loss of power', async () => {
    const { log, disk } = logFixture()
    await log.createTopic('events', 2)
    for (let i = 0; i < 5; i++) {
      await appendRecords(log, 'events', { records: [textRecord(`${i}`)], partition: i % 2, segmentBytes: 150 })
      disk.losePower()
    }
    const appender = await log.openAppender('events', { segmentBytes: 150 })
    await appender.append(0, [textRecord('lost'), textRecord('lost')])
    disk.losePower()
    assert.deepEqual(await readValues(log, 'events'), ['0', '2', '4', '1', '3'])
    await appendRecords(log, 'events', { records: [textRecord('next')] })
    assert.equal((await readAll(log, 'events', 0)).at(-1)?.offset, 3)
  })

  it('lets one append at a time and names the one who waits in vain', async () => {
    const { log } = logFixture()
    await log.createTopic('events', 1)
    const first = await log.openAppender('events')
    await assert.rejects(log.openAppender('events'), withCode('MR_LOG_LOCKED'))
    await first.close()
    await (await log.openAppender('events')).close()
  })

  it('creates a topic once and refuses another number of partitions', async () => {
    const { log } = logFixture()
    const topic = await log.createTopic('events', 3)
    assert.deepEqual(await log.createTopic('events', 3), topic)
    await assert.rejects(log.createTopic('events', 4), withCode('MR_LOG_TOPIC_EXISTS'))
    assert.deepEqual(await log.listTopics(), [topic])
    await assert.rejects(log.topic('event'), withCode('MR_LOG_TOPIC_UNKNOWN'))
  })

  it('refuses names that are no names', async () => {
    const { log } = logFixture()
    for (const name of ['', '.', '..', 'a/b', 'a b', '../up', 'ä', 'x'.repeat(250)]) {
      await assert.rejects(log.createTopic(name, 1), withCode('MR_OPTION_INVALID'), name)
    }
    await log.createTopic('x'.repeat(249), 1)
  })

  it('refuses to read a topic that was created anew', async () => {
    const { log, disk } = logFixture()
    const old = await log.createTopic('events', 1)
    await appendRecords(log, 'events', { records: [textRecord('old')] })
    const cursor = await log.readFrom(old, 0, 1)
    disk.removeTree(`${DIRECTORY}/events`)
    await log.createTopic('events', 1)
    await assert.rejects(log.readFrom(old, 0, 0), withCode('MR_SOURCE_REPLACED'))
    await assert.rejects(cursor.fill(), withCode('MR_SOURCE_REPLACED'))
  })

  it('refuses offsets that are not there', async () => {
    const { log } = logFixture()
    const topic = await log.createTopic('events', 1)
    await appendRecords(log, 'events', { records: [textRecord('one')] })
    for (const offset of [2, -1, 0.5]) {
      await assert.rejects(log.readFrom(topic, 0, offset), withCode('MR_POSITION_LOST'))
    }
  })

  it('finds the first record at or after a time although times do not ascend', async () => {
    const { log } = logFixture()
    const topic = await log.createTopic('events', 1)
    const times = [10, 30, 20, 40, 5]
    await appendRecords(log, 'events', { records: times.map((timestamp) => textRecord('x', { timestamp })) })
    await appendRecords(log, 'events', { records: [textRecord('x', { timestamp: 50 })] })
    const offsets = []
    for (const time of [0, 10, 11, 31, 41, 51]) offsets.push(await log.offsetForTimestamp(topic, 0, time))
    assert.deepEqual(offsets, [0, 0, 1, 3, 5, 6])
  })

  it('describes ends, sizes, segments and the last time of each partition', async () => {
    const { log, disk } = logFixture()
    await log.createTopic('events', 2)
    await appendRecords(log, 'events', {
      records: [textRecord('x', { timestamp: 5 }), textRecord('y', { timestamp: 9 })],
    })
    const { partitions, consumers } = await describeTopic(log, 'events')
    assert.deepEqual(partitions, [
      {
        partition: 0,
        startOffset: 0,
        endOffset: 2,
        sizeBytes: disk.bytes(SEGMENT).length,
        segments: 1,
        lastTimestamp: 9,
      },
      { partition: 1, startOffset: 0, endOffset: 0, sizeBytes: 0, segments: 0, lastTimestamp: undefined },
    ])
    assert.deepEqual(consumers, [])
  })

  it('keeps a value of 50 MB and refuses one that no reader could take', async () => {
    const { log } = logFixture()
    await log.createTopic('events', 1)
    const value = new Uint8Array(50_000_000).fill(120)
    await appendRecords(log, 'events', { records: [textRecord('a'), { ...textRecord(null), value }, textRecord('b')] })
    assert.deepEqual(
      (await readAll(log, 'events')).map((record) => record.value?.length),
      [1, 50_000_000, 1],
    )
    const huge = { ...textRecord(null), value: new Uint8Array(67_108_865) }
    await assert.rejects(appendRecords(log, 'events', { records: [huge] }), withCode('MR_RECORD_TOO_LARGE'))
  })

  it('refuses further work after a failed append and recovers with the next appender', async () => {
    const { disk, log } = logFixture()
    await log.createTopic('events', 1)
    const files = disk.fileStore()
    let isFull = false
    const full = {
      ...files,
      append: async (path: string, bytes: Uint8Array) => {
        await files.append(path, isFull ? bytes.subarray(0, 30) : bytes)
        if (isFull) throw new MillraceError('MR_FILE_IO', `${path}: ENOSPC`)
      },
    }
    const failing = new PartitionedLog(testPorts(full), DIRECTORY)
    const appender = await failing.openAppender('events')
    await appender.append(0, [textRecord('one')])
    isFull = true
    await assert.rejects(appender.append(0, [textRecord('two')]), withCode('MR_FILE_IO'))
    isFull = false
    await assert.rejects(appender.append(0, [textRecord('three')]), withCode('MR_FILE_IO'))
    await assert.rejects(appender.sync(), withCode('MR_FILE_IO'))
    await appender.close()
    await appendRecords(log, 'events', { records: [textRecord('four')] })
    assert.deepEqual(await readValues(log, 'events'), ['one', 'four'])
  })
})
