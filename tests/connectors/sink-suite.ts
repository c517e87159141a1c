import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Committer, EpochSummary, Intent, RecordWriter, SinkStatus, Staged } from '../../core/ports/sink.ts'
import { type SuiteRecord, suiteBatch, suiteRecords } from './suite-records.ts'

/** A sink with an empty target. Each call stands for a new process: nothing but the outside world is shared. */
export interface SinkFixture {
  writer(task: number, generation: number): RecordWriter
  committer(): Committer
  /** What readers of the target see now, by id. */
  visible(): Promise<readonly SuiteRecord[]>
}

/** What every exactly-once sink must keep; any new connector passes it against the real system. */
export function sinkSuite(name: string, make: () => Promise<SinkFixture>): void {
  describe(`${name} keeps the promises of an exactly-once sink`, () => {
    commitTests(make)
    crashTests(make)
    stagingTests(make)
  })
}

function commitTests(make: () => Promise<SinkFixture>): void {
  it('shows nothing of an epoch before its commit and all of it after', async () => {
    const job = await start(make)
    const intent = await job.prepare(0, suiteRecords(0, 10))
    assert.deepEqual(await job.visible(), [])
    await job.committer.commit(intent)
    assert.deepEqual(await job.visible(), suiteRecords(0, 10))
  })

  it('commits an intent once however often it is told to', async () => {
    const job = await start(make)
    const intent = await job.prepare(0, suiteRecords(0, 10))
    for (let i = 0; i < 3; i++) await job.committer.commit(intent)
    assert.deepEqual(await job.visible(), suiteRecords(0, 10))
  })

  it('commits epoch after epoch, skipping those without records', async () => {
    const job = await start(make)
    await job.committer.commit(await job.prepare(0, suiteRecords(0, 5)))
    assert.equal(await job.intend(1, []), undefined)
    await job.committer.commit(await job.prepare(2, suiteRecords(5, 5), 0))
    assert.deepEqual(await job.visible(), suiteRecords(0, 10))
    assert.equal(await job.inspect(undefined, 2), 'at-end')
  })

  it('commits what several tasks staged together', async () => {
    const job = await start(make)
    const other = job.fixture.writer(1, 1)
    job.writer.write(suiteBatch(suiteRecords(0, 5)))
    other.write(suiteBatch(suiteRecords(5, 5)))
    const intent = await job.intend(0, [await job.writer.stage(0), await other.stage(0)])
    assert.ok(intent !== undefined)
    await job.committer.commit(intent)
    assert.deepEqual(await job.visible(), suiteRecords(0, 10))
  })

  it('keeps what is visible when it collects a finalized epoch', async () => {
    const job = await start(make)
    await job.committer.commit(await job.prepare(0, suiteRecords(0, 5)))
    const next = await job.prepare(1, suiteRecords(5, 5), 0)
    await job.committer.collect(0)
    await job.committer.commit(next)
    await job.committer.collect(1)
    assert.deepEqual(await job.visible(), suiteRecords(0, 10))
  })
}

function crashTests(make: () => Promise<SinkFixture>): void {
  it('loses and doubles nothing when it dies before the prepare', async () => {
    const dead = await start(make)
    await dead.prepare(0, suiteRecords(0, 10))
    const job = await restart(dead.fixture, 2)
    await job.committer.commit(await job.prepare(0, suiteRecords(0, 12)))
    assert.deepEqual(await job.visible(), suiteRecords(0, 12))
  })

  it('loses and doubles nothing when it dies between prepare and commit', async () => {
    const dead = await start(make)
    await dead.committer.commit(await dead.prepare(0, suiteRecords(0, 5)))
    const intent = await dead.prepare(1, suiteRecords(5, 5), 0)
    const job = await restart(dead.fixture, 2)
    assert.equal(await job.inspect(intent, 0), 'at-start')
    await job.committer.commit(intent)
    assert.equal(await job.inspect(intent, 0), 'at-end')
    assert.deepEqual(await job.visible(), suiteRecords(0, 10))
  })

  it('loses and doubles nothing when it dies after the commit', async () => {
    const dead = await start(make)
    const intent = await dead.prepare(0, suiteRecords(0, 10))
    await dead.committer.commit(intent)
    const job = await restart(dead.fixture, 2)
    assert.equal(await job.inspect(intent, -1), 'at-end')
    await job.committer.commit(intent)
    await job.committer.commit(await job.prepare(1, suiteRecords(10, 2), 0))
    assert.deepEqual(await job.visible(), suiteRecords(0, 12))
  })

  it('leaves no trace of a zombie that commits again after its successor', async () => {
    const zombie = await start(make)
    const intent = await zombie.prepare(0, suiteRecords(0, 10))
    const job = await restart(zombie.fixture, 2)
    // Where the target lets only one of them write, the other one fails and nothing is lost.
    await Promise.allSettled([job.committer.commit(intent), zombie.committer.commit(intent)])
    await job.committer.commit(intent)
    await zombie.committer.commit(intent)
    assert.deepEqual(await job.visible(), suiteRecords(0, 10))
  })
}

function stagingTests(make: () => Promise<SinkFixture>): void {
  it('cuts the epoch at the call: what comes after it belongs to the next one', async () => {
    const job = await start(make)
    job.writer.write(suiteBatch(suiteRecords(0, 5)))
    const first = job.writer.stage(0)
    job.writer.write(suiteBatch(suiteRecords(5, 5)))
    const intent = await job.intend(0, [await first])
    assert.ok(intent !== undefined)
    await job.committer.commit(intent)
    assert.deepEqual(await job.visible(), suiteRecords(0, 5))
    await job.committer.commit(await job.prepare(1, [], 0))
    assert.deepEqual(await job.visible(), suiteRecords(0, 10))
  })

  it('writes living rows only, and says how many it took', async () => {
    const job = await start(make)
    assert.equal(job.writer.write(suiteBatch(suiteRecords(0, 4), Int32Array.of(1, 3))), 2)
    const staged = await job.writer.stage(0)
    assert.equal(staged.records, 2)
    const intent = await job.intend(0, [staged])
    assert.ok(intent !== undefined)
    await job.committer.commit(intent)
    assert.deepEqual(await job.visible(), [suiteRecords(1, 1)[0], suiteRecords(3, 1)[0]])
  })

  it('forgets what was not staged when it aborts', async () => {
    const job = await start(make)
    job.writer.write(suiteBatch(suiteRecords(0, 5)))
    await job.writer.abort()
    await job.writer.abort()
    await job.committer.commit(await job.prepare(0, suiteRecords(5, 5)))
    assert.deepEqual(await job.visible(), suiteRecords(5, 5))
  })

  it('is ready again after any amount of records', async () => {
    const job = await start(make)
    for (let i = 0; i < 20; i++) {
      job.writer.write(suiteBatch(suiteRecords(1_000 * i, 1_000)))
      if (job.writer.isBusy) await job.writer.ready()
      assert.equal(job.writer.isBusy, false)
    }
    await job.committer.commit(await job.prepare(0, []))
    assert.equal((await job.visible()).length, 20_000)
  })
}

interface Job {
  readonly fixture: SinkFixture
  readonly writer: RecordWriter
  readonly committer: Committer
  /** Writes, stages and intends; the intent is what comes back from stored bytes. */
  prepare(epoch: number, records: readonly SuiteRecord[], committed?: number): Promise<Intent>
  intend(epoch: number, staged: readonly Staged[]): Promise<Intent | undefined>
  inspect(intent: Intent | undefined, committed: number): Promise<SinkStatus>
  visible(): Promise<readonly SuiteRecord[]>
}

async function start(make: () => Promise<SinkFixture>): Promise<Job> {
  return restart(await make(), 1)
}

async function restart(fixture: SinkFixture, generation: number): Promise<Job> {
  const committer = fixture.committer()
  await committer.open()
  const writer = fixture.writer(0, generation)
  const identity = await committer.identity()
  const intend = async (summary: EpochSummary, staged: readonly Staged[]) =>
    structuredClone(await committer.intend(summary, structuredClone(staged)))
  return {
    fixture,
    writer,
    committer,
    intend: (epoch, staged) => intend(summaryOf(epoch, -1), staged),
    inspect: (intent, committed) => committer.inspect({ intent, committed, identity }),
    prepare: async (epoch, records, committed = -1) => {
      if (records.length > 0) writer.write(suiteBatch(records))
      const intent = await intend(summaryOf(epoch, committed), [await writer.stage(epoch)])
      assert.ok(intent !== undefined)
      return intent
    },
    visible: async () => [...(await fixture.visible())].sort((a, b) => a.amount - b.amount),
  }
}

function summaryOf(epoch: number, committed: number): EpochSummary {
  return { epoch, committed, ranges: [], now: 1_700_000_000_000 }
}
