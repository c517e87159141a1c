import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  Collected,
  MemoryTopic,
  memoryDeadLetters,
  memorySink,
  memorySource,
} from '../../../connectors/memory/index.ts'
import type { DeadLetter } from '../../../core/model/dead-letter.ts'
import type { WriterContext } from '../../../core/ports/sink.ts'
import { MemoryDisk } from '../log/memory-files.ts'
import { sinkSuite } from '../sink-suite.ts'
import { type SuiteEntry, sourceSuite } from '../source-suite.ts'
import { type SuiteRecord, suiteBatch, suiteContract, suiteRecords } from '../suite-records.ts'
import { testPorts } from '../test-ports.ts'

const ports = testPorts(new MemoryDisk().fileStore())

function context(task: number, generation: number): WriterContext {
  return { ...ports, sink: 'out', task, generation, outbox: '/outbox', splitOf: () => 'in-3', reject: () => undefined }
}

function entryOf(entry: SuiteEntry): SuiteRecord | null {
  if (entry === 'tombstone') return null
  // Breaks the contract on purpose: the types would not allow it.
  return entry === 'violation' ? ({ id: 5 } as unknown as SuiteRecord) : entry
}

sourceSuite('memorySource', async () => {
  const makeTopic = (id: string) => new MemoryTopic<SuiteRecord>({ name: 'events', id, partitions: 2 })
  let topic = makeTopic('first')
  return {
    open: () => memorySource<SuiteRecord>({ contract: suiteContract, splits: topic }).open(ports),
    append: async (partition, entries) => topic.append(partition, ...entries.map(entryOf)),
    recreate: async () => {
      topic = makeTopic('second')
    },
  }
})

sinkSuite('memorySink', async () => {
  const into = new Collected<SuiteRecord>()
  const spec = memorySink({ into })
  return {
    writer: (task, generation) => spec.writer(context(task, generation), suiteContract.schema),
    committer: () => spec.committer({ ...ports, sink: 'out', schema: suiteContract.schema, outbox: '/outbox' }),
    visible: async () => into.items,
  }
})

describe('memory connector', () => {
  it('collects dead letters, re-encoding rows that failed after decoding', async () => {
    const into = new Collected<DeadLetter>()
    const spec = memoryDeadLetters({ into })
    const writer = spec.writer(context(0, 1))
    const committer = spec.committer({ ...ports, sink: 'out', schema: { fields: [] }, outbox: '/outbox' })
    const why = { code: 'MR_RECORD_LATE', message: 'late', stage: 'window' } as const
    writer.writeRows(suiteBatch(suiteRecords(0, 3)), Int32Array.of(1), why)
    const staged = await writer.stage(0)
    const intent = await committer.intend({ epoch: 0, committed: -1, ranges: [], now: 0 }, [staged])
    assert.ok(intent !== undefined)
    await committer.commit(intent)
    assert.deepEqual(into.items[0]?.origin, { topic: 'in', partition: 3, offset: 1, timestamp: 1_000_001 })
    assert.equal(
      new TextDecoder().decode(into.items[0]?.value ?? undefined),
      '{"id":"record-1","amount":1,"at":1000001}',
    )
  })

  it('says when the collection is ahead, behind or another one', async () => {
    const into = new Collected<number>('one')
    const committer = memorySink({ into }).committer({ ...ports, sink: 's', schema: { fields: [] }, outbox: '/o' })
    const intent = { from: 1, to: 2, outbox: [], content: [1] }
    assert.equal(await committer.inspect({ intent, committed: 1, identity: 'one' }), 'behind')
    assert.equal(await committer.inspect({ intent, committed: 1, identity: 'two' }), 'replaced')
    await assert.rejects(committer.commit(intent), { code: 'MR_SINK_BEHIND' })
    into.commit([1], { from: -1, to: 3 })
    assert.equal(await committer.inspect({ intent, committed: 1, identity: 'one' }), 'ahead')
    await assert.rejects(committer.commit(intent), { code: 'MR_SINK_AHEAD' })
    assert.deepEqual(into.items, [1])
  })

  it('takes the same option names as its documentation, and no others', () => {
    const options = { into: new Collected(), inot: 1 }
    assert.throws(() => memorySink(options), { code: 'MR_OPTION_UNKNOWN' })
  })
})
