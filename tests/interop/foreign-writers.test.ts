import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { generateEvents } from '../../examples/events-curated/generate-events.ts'
import { EventFeed } from '../crash/event-feed.ts'
import { type JobEnd, JobProcess } from '../crash/job-process.ts'
import { logFeedTarget } from '../crash/log-side.ts'
import { RoundPlace, TOPIC } from '../crash/round-place.ts'
import { expectationOf } from '../simulation/oracle.ts'
import { withPython } from './python-test.ts'
import { runPython } from './run-python.ts'
import { foreignDigests } from './table-digest.ts'

const directory = mkdtempSync(join(tmpdir(), 'millrace-foreign-'))
after(() => rmSync(directory, { recursive: true }))

const EVENTS = { seed: 7, splits: 4 }
const PART = 480

/** The example pipeline in a directory of its own, with a log that grows part by part. */
class Pipeline {
  readonly place: RoundPlace
  #records = 0
  #lives = 0

  constructor(name: string) {
    this.place = new RoundPlace(join(directory, name), 'events-curated')
    mkdirSync(this.place.directory)
  }

  async feed(): Promise<void> {
    const range = { from: this.#records, to: this.#records + PART }
    await EventFeed.append(await logFeedTarget(this.place.log, { topic: TOPIC, splits: EVENTS.splits }), range, EVENTS)
    this.#records = range.to
  }

  run(trap = ''): Promise<JobEnd> {
    return this.start(['--until-caught-up'], trap).ended
  }

  start(more: readonly string[] = [], trap = ''): JobProcess {
    this.#lives++
    return new JobProcess({
      directory: this.place.directory,
      trace: join(this.place.directory, `trace-${this.#lives}`),
      trap,
      args: ['--epoch', '50ms', '--workers', '2', ...more],
      compileCache: join(directory, 'compile-cache'),
    })
  }

  /** Distinct valid events that were appended so far. */
  expectedRows(): number {
    return expectationOf(generateEvents({ from: 0, to: this.#records }, EVENTS)).candidates.size
  }
}

function assertDrained(end: JobEnd): void {
  assert.equal(end.code, 0, end.stderr)
}

withPython('an append by another writer stays, and the job goes on after it', async (interpreter) => {
  const pipeline = new Pipeline('append')
  await pipeline.feed()
  assertDrained(await pipeline.run())
  runPython(interpreter, 'foreign-writer.py', [pipeline.place.table, 'append'])
  await pipeline.feed()
  assertDrained(await pipeline.run())
  for (const { reader, rows, keys } of foreignDigests(interpreter, [pipeline.place.table])) {
    // The other writer repeats a row.
    assert.deepEqual([reader, rows, keys], [reader, pipeline.expectedRows() + 1, pipeline.expectedRows()])
  }
})

withPython('an append by another writer between PREPARE and commit does not stop the recovery', async (interpreter) => {
  const pipeline = new Pipeline('append-between')
  await pipeline.feed()
  assertDrained(await pipeline.run())
  await pipeline.feed()
  assert.equal((await pipeline.run('P3-prepared:kill:1')).signal, 'SIGKILL')
  runPython(interpreter, 'foreign-writer.py', [pipeline.place.table, 'append'])
  assertDrained(await pipeline.run())
  for (const { rows } of foreignDigests(interpreter, [pipeline.place.table])) {
    assert.equal(rows, pipeline.expectedRows() + 1)
  }
})

withPython(
  'a column that another writer adds under a running job stops it with MR_DELTA_CHANGED',
  async (interpreter) => {
    const pipeline = new Pipeline('add-column')
    await pipeline.feed()
    assertDrained(await pipeline.run())
    const job = pipeline.start()
    await job.reached('P0-barrier-injected')
    runPython(interpreter, 'foreign-writer.py', [pipeline.place.table, 'add-column'])
    await pipeline.feed()
    const end = await job.ended
    assert.notEqual(end.code, 0)
    assert.match(end.stderr, /MR_DELTA_CHANGED/)
  },
)

withPython('a vacuum between PREPARE and commit stops the recovery with MR_STAGED_MISSING', async (interpreter) => {
  const pipeline = new Pipeline('vacuum')
  await pipeline.feed()
  assertDrained(await pipeline.run())
  await pipeline.feed()
  assert.equal((await pipeline.run('P3-prepared:kill:1')).signal, 'SIGKILL')
  // The script prints just this shape.
  const { deleted } = runPython(interpreter, 'foreign-writer.py', [pipeline.place.table, 'vacuum']) as {
    readonly deleted: readonly string[]
  }
  assert.ok(deleted.length > 0)
  const end = await pipeline.run()
  assert.notEqual(end.code, 0)
  assert.match(end.stderr, /MR_STAGED_MISSING/)
})
