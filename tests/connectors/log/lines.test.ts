import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { appendLines, tailTopic } from '../../../connectors/log/index.ts'
import { appendRecords, logFixture, readAll, readValues, textOf, textRecord } from './log-fixture.ts'

async function* linesOf(...lines: readonly string[]): AsyncGenerator<string, void> {
  yield* lines
}

describe('lines in and out of the log', () => {
  it('appends each line once, in order, with the key before the separator', async () => {
    const { log } = logFixture()
    await log.createTopic('events', 3)
    const lines = linesOf('a\t1', 'b\t2', 'a\t3', 'no key', 'a\t')
    assert.equal(await appendLines(log, 'events', { lines, keySeparator: '\t' }), 5)
    const records = await readAll(log, 'events')
    const ofA = records.filter((record) => textOf(record.key) === 'a')
    assert.deepEqual(
      ofA.map((record) => textOf(record.value)),
      ['1', '3', ''],
    )
    assert.equal(new Set(ofA.map((record) => record.partition)).size, 1)
    assert.deepEqual(
      records.filter((record) => record.key === null).map((record) => textOf(record.value)),
      ['no key'],
    )
  })

  it('deals lines without a key over the partitions, or all into one', async () => {
    const { log } = logFixture()
    await log.createTopic('events', 2)
    await appendLines(log, 'events', { lines: linesOf('1', '2', '3', '4') })
    await appendLines(log, 'events', { lines: linesOf('5', '6'), partition: 1, codec: 'gzip' })
    const records = await readAll(log, 'events')
    assert.deepEqual(
      records.map(({ partition, value }) => [partition, textOf(value)]),
      [
        [0, '1'],
        [0, '3'],
        [1, '2'],
        [1, '4'],
        [1, '5'],
        [1, '6'],
      ],
    )
  })

  it('makes lines visible and gives the topic free while none comes', async () => {
    const { log } = logFixture()
    await log.createTopic('events', 1)
    let release = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    async function* slow(): AsyncGenerator<string, void> {
      yield 'early'
      await gate
      yield 'late'
    }
    const running = appendLines(log, 'events', { lines: slow() })
    while ((await readValues(log, 'events')).length === 0) await new Promise((resolve) => setImmediate(resolve))
    await appendRecords(log, 'events', { records: [textRecord('between')] })
    release()
    assert.equal(await running, 2)
    assert.deepEqual(await readValues(log, 'events'), ['early', 'between', 'late'])
  })

  it('fails before it takes a line where there is no topic', async () => {
    const { log } = logFixture()
    await assert.rejects(appendLines(log, 'absent', { lines: linesOf('x') }), { code: 'MR_LOG_TOPIC_UNKNOWN' })
  })

  it('shows the last records, or those from an offset, and follows until it is told to stop', async () => {
    const { log } = logFixture()
    await log.createTopic('events', 1)
    await appendRecords(log, 'events', { records: ['a', 'b', 'c'].map((value) => textRecord(value)) })
    const values = async (options: Parameters<typeof tailTopic>[2]) => {
      const found: (string | null)[] = []
      for await (const record of tailTopic(log, 'events', options)) found.push(textOf(record.value))
      return found
    }
    assert.deepEqual(await values({ start: { last: 2 } }), ['b', 'c'])
    assert.deepEqual(await values({ start: { last: 9 } }), ['a', 'b', 'c'])
    assert.deepEqual(await values({ start: { offset: 1 } }), ['b', 'c'])
    assert.deepEqual(await values({ start: 'latest' }), [])
    const stop = new AbortController()
    const followed: (string | null)[] = []
    for await (const record of tailTopic(log, 'events', { follow: stop.signal })) {
      followed.push(textOf(record.value))
      if (followed.length === 3) await appendRecords(log, 'events', { records: [textRecord('d')] })
      if (followed.length === 4) stop.abort()
    }
    assert.deepEqual(followed, ['a', 'b', 'c', 'd'])
  })
})
