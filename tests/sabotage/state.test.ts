import assert from 'node:assert/strict'
import { cpSync, readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { before, beforeEach, describe, it } from 'node:test'
import { sealMarker } from '../../core/checkpoint/epoch-marker.ts'
import { StateKeeper } from '../../core/checkpoint/state-keeper.ts'
import { MillraceError } from '../../core/model/errors.ts'
import { openFileStore } from '../../platform/system/file-store.ts'
import { openLevelStore } from '../../state/level-store.ts'
import { valueCodec } from '../../state/value-codec.ts'
import { runCommand } from '../cli/run-command.ts'
import {
  append,
  codeOf,
  copyIds,
  enterCopyOf,
  enterNewDirectory,
  order,
  pipelinePath,
  recordOf,
  run,
  runUntil,
  tableIds,
  topicRecords,
} from './scene.ts'

const STATE = '.millrace/everything/state'

/** Appends orders `from` to `to`, five of them twice, and a record that is refused. */
async function feed(from: number, to: number): Promise<void> {
  const orders = idsOf(from, to).map((id) => recordOf(order(id)))
  await append('orders', [...orders, recordOf('refused')])
  await append('orders', orders.slice(0, 5), { partition: 1 })
}

function idsOf(from: number, to: number): readonly string[] {
  return Array.from({ length: to - from }, (_, index) => `o-${String(from + index).padStart(3, '0')}`)
}

/** Every order is in the table and the topic once, and every refused record in the dead letters. */
async function assertWhole(orders: number, refused: number): Promise<void> {
  assert.deepEqual(await tableIds(), idsOf(0, orders))
  assert.deepEqual(await copyIds(), idsOf(0, orders))
  assert.equal((await topicRecords('orders.dlq')).length, refused)
}

async function assertRefused(code: string, running: Promise<unknown>): Promise<void> {
  await assert.rejects(running, (error: unknown) => {
    assert.equal(codeOf(error), code, String(error))
    return true
  })
}

function filesUnder(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative('.', join(entry.parentPath, entry.name)))
    .sort()
}

function flip(path: string): void {
  const bytes = readFileSync(path)
  const at = bytes.length >> 1
  bytes[at]! ^= 0x10
  writeFileSync(path, bytes)
}

/** Files that no guarantee rests on: locks, logs of LevelDB, advice for people. */
const UNIMPORTANT = /LOCK$|LOG(\.old)?$|\/lock\/|\/groups\/|status\.json$/

describe('a job of which one file was damaged while an epoch was open', () => {
  let place: string
  let shared: string

  before(async () => {
    shared = enterNewDirectory()
    for (const epoch of [0, 1, 2]) {
      await feed(20 * epoch, 20 * epoch + 20)
      // Of the last epoch one sink has its part and the others lack theirs.
      const options = { checkpointDirectory: 'shared' }
      if (epoch < 2) await run('everything', options)
      else await runUntil('P5-sink-committed', 'everything', options)
    }
    place = enterCopyOf(shared)
    rmSync('shared', { recursive: true })
  })

  /** Runs a damaged copy: it, or a reader of what it wrote, ends with a named error, or everything is in its place. */
  async function assertHonest(damage: () => void, options: { readonly isShared: boolean }): Promise<string> {
    damage()
    try {
      await run('everything', options.isShared ? { checkpointDirectory: 'shared' } : {})
      await assertWhole(60, 3)
      return 'whole'
    } catch (error) {
      const code = error instanceof MillraceError ? codeOf(error) : String(error)
      assert.match(code, /^MR_(?!INTERNAL|TASK_FAILED)/, String(error))
      return code
    }
  }

  it('says what is damaged in state, outbox or log, or brings every record to its place', async () => {
    const outcomes = new Map<string, string>()
    enterCopyOf(place)
    const files = [...filesUnder('.millrace'), ...filesUnder('log/orders')].filter((path) => !UNIMPORTANT.test(path))
    for (const path of files) {
      for (const damage of [flip, unlinkSync]) {
        enterCopyOf(place)
        outcomes.set(`${damage.name} ${path}`, await assertHonest(() => damage(path), { isShared: false }))
      }
    }
    assert.equal(await assertHonest(() => enterCopyOf(place), { isShared: false }), 'whole')
    const state = [...outcomes].filter(([what]) => what.includes(`${STATE}/`))
    assert.ok(state.length >= 8)
    for (const [what, outcome] of state) assert.match(outcome, /^MR_STATE_(CORRUPT|IO)$/, what)
  })

  it('says what is damaged in the shared checkpoints when they are all that is left', async () => {
    enterCopyOf(shared)
    // Without its newest manifest the store is an older one, which a log sink cannot tell (README, what is not covered).
    const newest = filesUnder('shared').findLast((path) => path.includes('/manifests/'))
    const files = filesUnder('shared').filter((path) => path !== newest)
    const kinds = [/\/manifests\//, /\/outbox\/copy\//, /\/outbox\/raw-dead-letters\//, /\/block\//]
    for (const path of kinds.map((kind) => files.findLast((other) => kind.test(other))!)) {
      for (const damage of [flip, unlinkSync]) {
        enterCopyOf(shared)
        rmSync('.millrace', { recursive: true })
        await assertHonest(() => damage(path), { isShared: true })
      }
    }
    enterCopyOf(shared)
    rmSync('.millrace', { recursive: true })
    assert.equal(await assertHonest(() => flip(newest!), { isShared: true }), 'MR_CHECKPOINT_BLOCKED')
  })
})

describe('state that does not fit', () => {
  beforeEach(async () => {
    enterNewDirectory()
    await feed(0, 20)
  })

  for (const change of ['key-type', 'field-gone']) {
    it(`is refused under a contract that changed: ${change}`, async (t) => {
      await run('everything')
      process.env.MILLRACE_TEST_CHANGE = change
      t.after(() => delete process.env.MILLRACE_TEST_CHANGE)
      await assertRefused('MR_DELTA_SCHEMA', run('contract-changed'))
      await assertWhole(20, 1)
    })
  }

  it('is refused when it was written by a newer version', async () => {
    await run('everything')
    const store = await openLevelStore(join(process.cwd(), STATE), openFileStore())
    const keeper = new StateKeeper(store, valueCodec())
    await keeper.load()
    const last = keeper.last!.marker
    const { bytes } = sealMarker({ ...last, format: last.format + 1 }, valueCodec())
    const key = (await store.keys('epoch/', 'epoch0')).at(-1)!
    await store.write([{ kind: 'put', key, value: bytes }], { sync: true })
    await keeper.close()
    await assertRefused('MR_STATE_FORMAT', run('everything'))
  })

  it('is refused when it belongs to another pipeline', async () => {
    await run('everything', { stateDirectory: 'state' })
    await assertRefused('MR_CHECKPOINT_FOREIGN', run('other', { stateDirectory: 'state' }))
    assert.deepEqual(await topicRecords('other.copy'), [])
  })

  it('does not arise where two pipelines share one directory of checkpoints', async () => {
    const options = { checkpointDirectory: 'shared' }
    await run('everything', options)
    await run('other', options)
    await feed(20, 40)
    rmSync('.millrace', { recursive: true })
    await run('other', options)
    await run('everything', options)
    await assertWhole(40, 2)
    assert.deepEqual(await copyIds('other.copy'), [...idsOf(0, 40), ...idsOf(0, 5), ...idsOf(20, 25)].sort())
  })

  it('is refused when the table is ahead of it', async () => {
    await run('everything')
    cpSync('.millrace', 'before', { recursive: true })
    await feed(20, 40)
    await run('everything')
    rmSync('.millrace', { recursive: true })
    await assertRefused('MR_SINK_AHEAD', run('everything'))
    cpSync('before', '.millrace', { recursive: true })
    await assertRefused('MR_SINK_AHEAD', run('everything'))
    await assertWhole(40, 2)
  })

  it('is refused when the table is behind it, and when it is another one', async () => {
    await run('everything')
    cpSync('table', 'before', { recursive: true })
    await feed(20, 40)
    await run('everything')
    rmSync('table', { recursive: true })
    cpSync('before', 'table', { recursive: true })
    await assertRefused('MR_SINK_BEHIND', run('everything'))
    rmSync('table', { recursive: true })
    await assertRefused('MR_SINK_REPLACED', run('everything'))
  })

  it('names staged files that are gone, and abandon replays their epoch', async () => {
    await runUntil('P5-before-commit', 'everything')
    rmSync('table/region=eu', { recursive: true })
    await assertRefused('MR_STAGED_MISSING', run('everything'))
    const abandoned = await runCommand(['checkpoint', 'abandon', pipelinePath('everything')])
    assert.deepEqual([abandoned.code, abandoned.stderr], [0, ''])
    await run('everything')
    await assertWhole(20, 1)
  })
})
