import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CheckpointCoordinator } from '../../../core/checkpoint/coordinator.ts'
import type { EpochMarker } from '../../../core/checkpoint/epoch-marker.ts'
import { EMPTY_LEDGER, type Ledger } from '../../../core/checkpoint/ledger.ts'
import { StateKeeper } from '../../../core/checkpoint/state-keeper.ts'
import type { TaskReport } from '../../../core/checkpoint/task-report.ts'
import { MillraceError } from '../../../core/model/errors.ts'
import type { FailpointName } from '../../../core/ports/failpoint.ts'
import { valueCodec } from '../../../state/value-codec.ts'
import { ManualClock, settle } from '../../manual-clock.ts'
import { blockOf } from './epochs.ts'
import { FakeCommitter } from './fake-committer.ts'
import { MemoryBytes } from './memory-bytes.ts'

/** A coordinator of two tasks and one sink `table`, with everything that it does noted in order. */
class Bench {
  readonly steps: string[] = []
  readonly failures: unknown[] = []
  readonly table = new FakeCommitter()
  readonly bytes = new MemoryBytes()
  readonly keeper = new StateKeeper(this.bytes, valueCodec())
  readonly clock = new ManualClock(1000)
  readonly coordinator: CheckpointCoordinator
  /** Failpoint at which something happens. */
  at: { readonly name: FailpointName; readonly run: () => void } | undefined

  constructor(usedEpochs = 0) {
    this.table.onCommit = ({ to }) => {
      this.steps.push(`committing ${to}`)
    }
    this.coordinator = new CheckpointCoordinator(
      {
        keeper: this.keeper,
        shared: undefined,
        committers: new Map([['table', this.table]]),
        sources: new Map(),
        clock: this.clock,
        logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
        failpoint: (name) => this.#failpoint(name),
        inject: ({ epoch, isFinal }) => this.steps.push(`barrier ${epoch}${isFinal ? ' final' : ''}`),
        onCommitted: ({ epoch }: EpochMarker) => this.steps.push(`committed ${epoch}`),
        onFinished: () => this.steps.push('finished'),
        onFailure: (error) => this.failures.push(error),
      },
      {
        identity: {
          pipeline: 'orders',
          planDigest: 'd',
          plan: {},
          keyGroups: 4,
          hashSeed: 0,
          splits: ['raw-0', 'raw-1'],
        },
        recovered: { last: undefined, generation: 1, usedEpochs },
        tasks: 2,
        wiring: { flows: [], deadLetters: [] },
        now: 1000,
        begins: { 'raw-0': 3, 'raw-1': 0 },
      },
    )
  }

  /** Both tasks reach the barrier; each staged one record and read up to `offset`. */
  async report(epoch: number, offset: number, change: Partial<TaskReport> = {}): Promise<void> {
    for (const task of [0, 1]) this.coordinator.report({ ...reportOf(epoch, task, offset), ...change })
    await settle()
  }

  get codes(): readonly string[] {
    return this.failures.map((error) => (error instanceof MillraceError ? error.code : String(error)))
  }

  #failpoint(name: FailpointName): void {
    if (name.startsWith('P3') || name.startsWith('P9')) this.steps.push(name)
    if (this.at?.name === name) this.at.run()
  }
}

function reportOf(epoch: number, task: number, offset: number): TaskReport {
  return {
    epoch,
    task: `0/${task}`,
    blocks: [blockOf(task, { [epoch]: epoch })],
    horizons: {},
    positions: { [`raw-${task}`]: { offset, incarnation: 'topic' } },
    watermarks: { [`raw-${task}`]: offset },
    counts: EMPTY_LEDGER,
    staged: [{ sink: 'table', staged: { records: 1, outbox: [], content: `${task}@${epoch}` } }],
  }
}

const broken: Ledger = { ...EMPTY_LEDGER, operators: { keep: { in: 2, out: 1, dropped: {} } } }

describe('CheckpointCoordinator', () => {
  it('walks an epoch through its steps in order', async () => {
    const bench = new Bench()
    bench.coordinator.due()
    await bench.report(1, 10)
    assert.deepEqual(bench.steps, [
      'barrier 1',
      'P3-before-prepare',
      'P3-prepared',
      'committing 1',
      'committed 1',
      'P9-collecting',
      'P9-collected',
    ])
    assert.deepEqual(bench.failures, [])
  })

  it('makes one durable unit of positions, watermarks, blocks, intents and what it knows of each sink', async () => {
    const bench = new Bench()
    bench.coordinator.due()
    await bench.report(1, 10)
    const marker = bench.coordinator.last!.marker
    assert.deepEqual(
      [marker.positions['raw-0']?.offset, marker.positions['raw-1']?.offset, marker.watermarks['raw-1']],
      [10, 10, 10],
    )
    assert.deepEqual(
      marker.blocks.map(({ keyGroup, from }) => [keyGroup, from]),
      [
        [0, 1],
        [1, 1],
      ],
    )
    assert.deepEqual(marker.intents.table, { from: -1, to: 1, outbox: [], content: ['0@1', '1@1'] })
    assert.deepEqual([marker.committed.table, marker.identities.table, marker.finalized], [1, 'fake', 0])
  })

  it('lets the ranges of one sink tile, from where each split began, also over an epoch that left it nothing', async () => {
    const bench = new Bench()
    for (const [epoch, offset] of [
      [1, 10],
      [2, 20],
      [3, 30],
    ] as const) {
      bench.coordinator.due()
      await bench.report(epoch, offset, epoch === 2 ? { staged: [] } : {})
    }
    const covered = bench.table.summaries.map(({ ranges }) => ranges.map(({ from, to }) => `${from}-${to}`).join(' '))
    assert.deepEqual(covered, ['3-10 0-10', '10-20 10-20', '10-30 10-30'])
    assert.deepEqual(
      bench.table.committed.map(({ from, to }) => [from, to]),
      [
        [-1, 1],
        [1, 3],
      ],
    )
  })

  it('injects the next barrier while the sinks commit, but prepares it only after them', async () => {
    const bench = new Bench()
    const slow = Promise.withResolvers<void>()
    bench.table.onCommit = () => slow.promise
    bench.coordinator.due()
    await bench.report(1, 10)
    bench.coordinator.due()
    await bench.report(2, 20)
    assert.equal(bench.keeper.last?.marker.epoch, 1)
    assert.equal(bench.steps.at(-1), 'barrier 2')
    slow.resolve()
    await settle()
    assert.equal(bench.keeper.last?.marker.epoch, 2)
    assert.deepEqual(bench.failures, [])
  })

  it('prepares no epoch whose ledger is broken, and says what is missing', async () => {
    const bench = new Bench()
    bench.coordinator.due()
    await bench.report(1, 10, { counts: broken })
    assert.deepEqual(bench.codes, ['MR_LEDGER_BROKEN'])
    assert.match(String(bench.failures[0]), /operator "keep" took 4 records but accounts for 2/)
    assert.deepEqual(bench.bytes.named('epoch/'), [])
    assert.deepEqual(bench.table.committed, [])
  })

  it('keeps the blocks that the slowest task of an operator still needs', async () => {
    const bench = new Bench()
    bench.coordinator.due()
    await bench.report(1, 10)
    bench.coordinator.due()
    bench.coordinator.report({ ...reportOf(2, 0, 20), horizons: { unique: 1 } })
    bench.coordinator.report({ ...reportOf(2, 1, 20), horizons: { unique: 9 } })
    await settle()
    assert.equal(bench.keeper.last?.marker.blocks.length, 4)
  })

  it('finishes once, after one last epoch', async () => {
    const bench = new Bench()
    bench.coordinator.end()
    bench.coordinator.end()
    await bench.report(1, 10)
    bench.coordinator.due()
    await settle()
    assert.equal(bench.steps[0], 'barrier 1 final')
    assert.deepEqual(
      bench.steps.filter((step) => step === 'finished'),
      ['finished'],
    )
  })

  it('tells a failed step once and does nothing afterwards', async () => {
    const bench = new Bench()
    bench.table.onCommit = () => {
      throw new Error('the table is gone')
    }
    bench.coordinator.due()
    await bench.report(1, 10)
    bench.coordinator.due()
    await settle()
    assert.deepEqual(bench.failures.map(String), ['Error: the table is gone'])
    assert.deepEqual(bench.steps.slice(-2), ['P3-before-prepare', 'P3-prepared'])
  })

  it('tells a report that nobody asked for as a failure instead of throwing it at the link', () => {
    const bench = new Bench()
    bench.coordinator.report(reportOf(1, 0, 10))
    assert.deepEqual(bench.codes, ['MR_INTERNAL'])
  })

  it('lets a commit under way end when it is settled, and begins no other', async () => {
    const bench = new Bench()
    const slow = Promise.withResolvers<void>()
    bench.table.onCommit = () => slow.promise
    bench.coordinator.due()
    await bench.report(1, 10)
    const settled = bench.coordinator.settle()
    bench.coordinator.due()
    await settle()
    slow.resolve()
    await settled
    assert.equal(bench.table.committed.length, 1)
    assert.ok(!bench.steps.includes('barrier 2'))
  })

  it('does not commit an epoch that was prepared while it was settled', async () => {
    const bench = new Bench()
    const settled = Promise.withResolvers<void>()
    bench.at = { name: 'P3-prepared', run: () => settled.resolve(bench.coordinator.settle()) }
    bench.coordinator.due()
    await bench.report(1, 10)
    await settled.promise
    assert.equal(bench.keeper.last?.marker.epoch, 1)
    assert.deepEqual(bench.table.committed, [])
  })

  it('decides the time of an epoch once and stores it with the epoch before', async () => {
    const bench = new Bench()
    await bench.clock.advance(500)
    bench.coordinator.due()
    await bench.report(1, 10)
    assert.deepEqual(bench.coordinator.last?.marker.timeLog, [
      { epoch: 1, now: 1000 },
      { epoch: 2, now: 1500 },
    ])
    assert.equal(bench.table.summaries[0]?.now, 1000)
  })

  it('goes on after the number that was used last', () => {
    const bench = new Bench(7)
    bench.coordinator.due()
    assert.deepEqual(bench.steps, ['barrier 8'])
  })
})
