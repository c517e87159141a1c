import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { RecoveryOutcome } from '../../../core/checkpoint/decide-recovery.ts'
import { type Recovered, recover } from '../../../core/checkpoint/recover.ts'
import { StateKeeper } from '../../../core/checkpoint/state-keeper.ts'
import type { ErrorCode } from '../../../core/model/error-codes.ts'
import { MillraceError } from '../../../core/model/errors.ts'
import type { FailpointName } from '../../../core/ports/failpoint.ts'
import type { Logger } from '../../../core/ports/logger.ts'
import type { SinkStatus } from '../../../core/ports/sink.ts'
import { valueCodec } from '../../../state/value-codec.ts'
import { blockOf, draftOf, entriesOf, KEEP_ALL } from './epochs.ts'
import { FakeCommitter } from './fake-committer.ts'
import { MemoryBytes } from './memory-bytes.ts'
import { onSharedStore, type SharedHost } from './shared-host.ts'

const SILENT: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined }
const INTENT = { from: 1, to: 2, outbox: [], content: 'staged' }

interface Place {
  readonly bytes: MemoryBytes
  readonly keeper: StateKeeper
  readonly shared?: SharedHost['shared']
}

/** A place with epochs 1 and 2; epoch 2 has an open intent of sink `table`. */
async function placeWithOpenEpoch(place: Place = emptyPlace()): Promise<Place> {
  await place.keeper.prepare(draftOf(1), [blockOf(0, { 1: 1 })], KEEP_ALL)
  const draft = draftOf(2, { intents: { table: INTENT }, committed: { table: 2 }, identities: { table: 'fake' } })
  await place.keeper.prepare(draft, [blockOf(0, { 2: 2 })], KEEP_ALL)
  return place
}

function emptyPlace(): Place {
  const bytes = new MemoryBytes()
  return { bytes, keeper: new StateKeeper(bytes, valueCodec()) }
}

interface Outcome {
  readonly recovered: Recovered
  readonly decisions: readonly RecoveryOutcome[]
  readonly table: FakeCommitter
}

/** Recovers with one sink `table` that says `status`, in a new process on the same place. */
async function recoverAt(
  place: Place,
  status: SinkStatus,
  failpoint?: (name: FailpointName) => void,
): Promise<Outcome> {
  const table = new FakeCommitter()
  table.status = status
  const decisions: RecoveryOutcome[] = []
  const recovered = await recover({
    pipeline: 'orders',
    keeper: new StateKeeper(place.bytes, valueCodec()),
    shared: place.shared,
    committers: new Map([['table', table]]),
    failpoint: failpoint ?? (() => undefined),
    logger: SILENT,
    owner: 'test',
    accept: () => undefined,
    onDecision: (outcome) => decisions.push(outcome),
  })
  return { recovered, decisions, table }
}

describe('recover', () => {
  it('starts fresh where nothing is stored', async () => {
    const { recovered, decisions, table } = await recoverAt(emptyPlace(), 'at-end')
    assert.deepEqual(recovered, { last: undefined, generation: 1, usedEpochs: 0 })
    assert.deepEqual(decisions, [{ kind: 'fresh' }])
    assert.deepEqual(table.inspected, [{ intent: undefined, committed: -1, identity: undefined }])
  })

  it('redoes the open intent of a sink that lacks it, from the same intent', async () => {
    const { recovered, decisions, table } = await recoverAt(await placeWithOpenEpoch(), 'at-start')
    assert.deepEqual(decisions, [{ kind: 'redo', epoch: 2, sinks: ['table'] }])
    assert.deepEqual(table.committed, [INTENT])
    assert.deepEqual(table.inspected, [{ intent: INTENT, committed: 1, identity: 'fake' }])
    assert.equal(recovered.last?.marker.epoch, 2)
    assert.equal(recovered.usedEpochs, 2)
  })

  it('commits nothing where the sink has the open epoch already', async () => {
    const { decisions, table } = await recoverAt(await placeWithOpenEpoch(), 'at-end')
    assert.deepEqual(decisions, [{ kind: 'finalize', epoch: 2 }])
    assert.deepEqual(table.committed, [])
  })

  it('resumes from a finalized epoch and does not ask about its intent, whose bytes may be gone', async () => {
    const place = await placeWithOpenEpoch()
    await place.keeper.collect(2)
    const { recovered, decisions, table } = await recoverAt(place, 'at-end')
    assert.deepEqual(decisions, [{ kind: 'resume', epoch: 2 }])
    assert.deepEqual(table.inspected, [{ intent: undefined, committed: 2, identity: 'fake' }])
    assert.equal(recovered.last?.marker.epoch, 2)
  })

  const refusals: readonly (readonly [SinkStatus, ErrorCode])[] = [
    ['unreachable', 'MR_CHECKPOINT_BLOCKED'],
    ['staged-missing', 'MR_STAGED_MISSING'],
    ['replaced', 'MR_SINK_REPLACED'],
    ['ahead', 'MR_SINK_AHEAD'],
    ['behind', 'MR_SINK_BEHIND'],
  ]
  for (const [status, code] of refusals) {
    it(`stops with ${code} where the sink is ${status}, and claims nothing`, async () => {
      const place = await placeWithOpenEpoch()
      await assert.rejects(recoverAt(place, status), { code, message: /table/ })
      assert.equal(place.bytes.entries.has('claim'), false)
    })
  }

  it('stops where a finalized epoch is gone from its sink', async () => {
    const place = await placeWithOpenEpoch()
    await place.keeper.collect(2)
    await assert.rejects(recoverAt(place, 'behind'), { code: 'MR_SINK_BEHIND' })
  })

  it('stops at the state of another pipeline', async () => {
    const place = emptyPlace()
    await place.keeper.prepare(draftOf(1, { pipeline: 'payments' }), [], KEEP_ALL)
    await assert.rejects(recoverAt(place, 'at-end'), { code: 'MR_CHECKPOINT_FOREIGN', message: /"payments"/ })
  })

  it('stops at damaged state', async () => {
    const place = await placeWithOpenEpoch()
    place.bytes.flip(place.bytes.named('epoch/')[1]!, 300)
    await assert.rejects(recoverAt(place, 'at-end'), { code: 'MR_STATE_CORRUPT' })
  })

  it('stops where a sink of the open epoch is not in the pipeline any more', async () => {
    const place = await placeWithOpenEpoch()
    const intents = { table: INTENT, 'removed-sink': INTENT }
    await place.keeper.prepare(draftOf(3, { intents }), [], KEEP_ALL)
    await assert.rejects(recoverAt(place, 'at-end'), { code: 'MR_CHECKPOINT_BLOCKED', message: /removed-sink/ })
  })

  it('raises the generation at every start and never lowers the epoch counter', async () => {
    const place = await placeWithOpenEpoch()
    await place.keeper.writeClaim({ generation: 6, usedEpochs: 9 })
    const first = await recoverAt(place, 'at-end')
    const second = await recoverAt(place, 'at-end')
    assert.deepEqual([first.recovered.generation, first.recovered.usedEpochs], [7, 9])
    assert.deepEqual([second.recovered.generation, second.recovered.usedEpochs], [8, 9])
  })

  for (const name of ['recovery-decided', 'recovery-redone', 'recovery-claimed'] as const) {
    it(`can die at ${name} and be run again`, async () => {
      const place = await placeWithOpenEpoch()
      const die = (at: FailpointName): void => {
        if (at === name) throw new Error('killed')
      }
      await assert.rejects(recoverAt(place, 'at-start', die), /killed/)
      const { recovered } = await recoverAt(place, name === 'recovery-decided' ? 'at-start' : 'at-end')
      assert.equal(recovered.last?.marker.epoch, 2)
    })
  }

  it('rebuilds a lost or damaged local state from the shared store', () =>
    onSharedStore(async ({ host }) => {
      const a = host('a')
      await placeWithOpenEpoch(a)
      await a.shared.publish(a.keeper.last!, a.keeper)
      for (const b of [host('b'), await damaged(host('c'))]) {
        const { recovered, decisions, table } = await recoverAt(b, 'at-start')
        assert.deepEqual(
          decisions.map(({ kind }) => kind),
          ['superseded', 'redo'],
        )
        assert.equal(recovered.last?.hash, a.keeper.last?.hash)
        assert.deepEqual(table.committed, [INTENT])
        await b.keeper.load()
        assert.deepEqual(await entriesOf(b.keeper), await entriesOf(a.keeper))
      }
    }))

  it('publishes an epoch that died between P3 and P4 before its sinks get it', () =>
    onSharedStore(async ({ host, store }) => {
      const a = host('a')
      await placeWithOpenEpoch(a)
      const atCommit: (readonly number[])[] = []
      const table = new FakeCommitter()
      table.status = 'at-start'
      table.onCommit = async () => {
        atCommit.push(await store.epochs())
      }
      const ports = {
        pipeline: 'orders',
        keeper: a.keeper,
        shared: a.shared,
        owner: 'a',
        logger: SILENT,
        accept: () => undefined,
      }
      await recover({ ...ports, committers: new Map([['table', table]]), failpoint: () => undefined })
      assert.deepEqual(atCommit, [[2]])
    }))

  it('gives its sinks nothing where another owner took the number of the open epoch', () =>
    onSharedStore(async ({ host }) => {
      const [a, b] = [host('a'), host('b')]
      await placeWithOpenEpoch(a)
      await b.shared.claim(2, { generation: 4, name: 'b' })
      const table = new FakeCommitter()
      table.status = 'at-start'
      const ports = {
        pipeline: 'orders',
        keeper: a.keeper,
        shared: a.shared,
        owner: 'a',
        logger: SILENT,
        accept: () => undefined,
      }
      await recover({ ...ports, committers: new Map([['table', table]]), failpoint: () => undefined })
      assert.notEqual(a.keeper.last?.marker.epoch, 2)
      assert.deepEqual(table.committed, [])
    }))

  it('takes over from an owner that is alive and commits its next epoch meanwhile', () =>
    onSharedStore(async ({ host }) => {
      const [a, b] = [host('a'), host('b')]
      await placeWithOpenEpoch(a)
      await a.shared.publish(a.keeper.last!, a.keeper)
      const table = new FakeCommitter()
      table.status = 'at-start'
      table.onCommit = async () => {
        table.status = 'at-end'
        await a.keeper.prepare(draftOf(3), [], KEEP_ALL)
        await a.shared.publish(a.keeper.last!, a.keeper)
        throw new MillraceError('MR_SINK_AHEAD', 'the table has epoch 3')
      }
      const ports = { pipeline: 'orders', keeper: b.keeper, shared: b.shared, owner: 'b', logger: SILENT }
      const committers = new Map([['table', table]])
      const { last } = await recover({ ...ports, committers, accept: () => undefined, failpoint: () => undefined })
      assert.equal(last?.marker.epoch, 3)
    }))

  it('claims nothing for a pipeline that cannot go on from the state, so that the owner runs on', () =>
    onSharedStore(async ({ host, store }) => {
      const a = host('a')
      await placeWithOpenEpoch(a)
      const table = new FakeCommitter()
      table.status = 'at-end'
      const accept = (): void => {
        throw new MillraceError('MR_PLAN_INCOMPATIBLE', 'the key changed')
      }
      const ports = { pipeline: 'orders', keeper: a.keeper, shared: a.shared, owner: 'a', logger: SILENT, accept }
      await assert.rejects(recover({ ...ports, committers: new Map([['table', table]]), failpoint: () => undefined }), {
        code: 'MR_PLAN_INCOMPATIBLE',
      })
      assert.deepEqual(await store.epochs(), [2])
      assert.deepEqual(await a.keeper.claimed(), { generation: 0, usedEpochs: 0 })
    }))

  it('claims a number of its own in the shared store, above every other', () =>
    onSharedStore(async ({ host, store }) => {
      const a = host('a')
      await placeWithOpenEpoch(a)
      const first = await recoverAt(a, 'at-end')
      assert.deepEqual(await store.epochs(), [2, 3])
      assert.deepEqual([first.recovered.generation, first.recovered.usedEpochs], [2, 3])
      const second = await recoverAt(host('b'), 'at-end')
      assert.deepEqual([second.recovered.generation, second.recovered.usedEpochs], [3, 4])
    }))

  it('waits for a shared store that cannot be read', () =>
    onSharedStore(async ({ host, store }) => {
      const broken = { ...store, epochs: () => Promise.reject(new Error('no route')) }
      await assert.rejects(recoverAt(host('a', broken as typeof store), 'at-end'), {
        code: 'MR_CHECKPOINT_BLOCKED',
        message: /no route/,
      })
    }))
})

async function damaged(host: SharedHost): Promise<SharedHost> {
  await host.keeper.prepare(draftOf(1), [], KEEP_ALL)
  host.bytes.flip(host.bytes.named('epoch/')[0]!, 300)
  return host
}
