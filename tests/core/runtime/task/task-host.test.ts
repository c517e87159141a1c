import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PeerMessage } from '../../../../core/runtime/exchange/peer-messages.ts'
import type { HostCommand } from '../../../../core/runtime/host-messages.ts'
import { settle } from '../../../manual-clock.ts'
import { blockOf } from '../../checkpoint/epochs.ts'
import { batchOf } from '../batches.ts'
import { Bench, order } from './task-host-bench.ts'

const barrier = (epoch: number, isFinal = false): HostCommand => ({ kind: 'barrier', epoch, now: 2000, isFinal })

describe('TaskHost', () => {
  it('says that it is ready when it is assigned and again when its state is back, and reads nothing before run', async () => {
    const bench = new Bench()
    bench.topic.append(0, { id: 'a' })
    await bench.tell(bench.assign())
    await bench.tell({ kind: 'restored' })
    assert.deepEqual(bench.kinds, ['ready', 'ready'])
    assert.deepEqual(bench.writer.ids, [])
    await bench.tell({ kind: 'run' })
    assert.deepEqual(bench.writer.ids, ['a'])
  })

  it('reports every task at a barrier, with positions, state, counts and what was staged', async () => {
    const bench = new Bench()
    bench.topic.append(0, { id: 'a' }, { id: 'b' }, { id: 'a' })
    await bench.run()
    await bench.tell(barrier(1))
    const reports = bench.events.flatMap((event) => (event.kind === 'report' ? [event.report] : []))
    assert.deepEqual(
      reports.map(({ task, epoch }) => [task, epoch]),
      [
        ['0/0', 1],
        ['1/0', 1],
      ],
    )
    assert.deepEqual(reports[0]?.positions, { 'orders-0': { offset: 3, incarnation: bench.topic.id } })
    assert.equal(
      reports[1]?.blocks.reduce((sum, { block }) => sum + block.entries, 0),
      2,
    )
    assert.deepEqual(reports[1]?.counts.operators.unique, { in: 3, out: 2, dropped: { duplicate: 1 } })
    assert.deepEqual(reports[1]?.counts.sinks.table, { in: 2, staged: 2, rejected: 0 })
  })

  it('reports only when its sinks are durable, and goes on reading meanwhile', async () => {
    const bench = new Bench()
    const disk = Promise.withResolvers<void>()
    bench.writer.staging = disk.promise
    await bench.run()
    await bench.tell(barrier(1))
    bench.topic.append(0, { id: 'later' })
    await bench.clock.advance(5)
    assert.deepEqual(bench.writer.ids, ['later'])
    assert.equal(bench.kinds.filter((kind) => kind === 'report').length, 1)
    disk.resolve()
    await settle()
    const reports = bench.events.flatMap((event) => (event.kind === 'report' ? [event.report] : []))
    assert.equal(reports.at(-1)?.counts.sinks.table?.staged, 0)
  })

  it('takes no record while the disk of a sink is behind, and goes on when it caught up', async () => {
    const bench = new Bench()
    bench.writer.isBusy = true
    bench.topic.append(0, { id: 'a' })
    await bench.run()
    assert.deepEqual(bench.writer.ids, [])
    bench.writer.catchUp()
    await settle()
    assert.deepEqual(bench.writer.ids, ['a'])
  })

  it('tells sinks when nothing more comes at once: after a poll of each split that has records, or of eight', async () => {
    const two = new Bench(1, { partitions: 2, isKeyed: false })
    two.topic.append(0, { id: 'a' })
    two.topic.append(1, { id: 'b' })
    await two.run()
    assert.deepEqual(two.writer.bursts, [['a', 'b']])
    const ten = new Bench(1, { partitions: 10, isKeyed: false })
    for (let i = 0; i < 10; i++) ten.topic.append(i, { id: String(i) })
    await ten.run()
    assert.deepEqual(
      ten.writer.bursts.map((ids) => ids.length),
      [8, 2],
    )
    const keyed = new Bench(1, { partitions: 2 })
    keyed.topic.append(0, { id: 'a' })
    await keyed.run()
    assert.deepEqual(keyed.writer.bursts, [['a']])
  })

  it('tells a sink that cannot stage as a failure and reports nothing', async () => {
    const bench = new Bench()
    bench.writer.stage = () => Promise.reject(new Error('disk full'))
    await bench.run()
    await bench.tell(barrier(1))
    assert.equal(bench.failure, 'MR_TASK_FAILED')
  })

  it('is silent after its first failure', async () => {
    const bench = new Bench()
    bench.topic.append(0, { id: 'a' })
    bench.writer.write = () => {
      throw new Error('cannot write')
    }
    await bench.run()
    const count = bench.events.length
    assert.equal(bench.events.at(-1)?.kind, 'failed')
    await bench.tell(barrier(1))
    assert.equal(bench.events.length, count)
  })

  it('refuses an assignment of another plan', async () => {
    const bench = new Bench()
    await bench.tell(bench.assign({ planDigest: 'other' }))
    assert.equal(bench.failure, 'MR_PLAN_MISMATCH')
  })

  it('tells a damaged block of state as what it is', async () => {
    const bench = new Bench()
    const { operator, block } = blockOf(0, { 1: 1 })
    const damaged = { operator, block: { ...block, bytes: block.bytes.slice(0, -1) }, followingBytes: 0 }
    await bench.tell(bench.assign())
    await bench.tell({ kind: 'restore', block: damaged })
    assert.equal(bench.failure, 'MR_STATE_CORRUPT')
  })

  it('refuses records for an exchange that it does not have', async () => {
    const bench = new Bench(2)
    await bench.run()
    await bench.peerSends({ kind: 'barrier', exchange: 'ghost', from: 1, epoch: 1 })
    assert.equal(bench.failure, 'MR_EXCHANGE_PROTOCOL')
  })

  it('lets what other workers send wait until its own state is back', async () => {
    const bench = new Bench(2)
    await bench.tell(bench.assign())
    const { columns, rows, system } = batchOf(order.schema, [{ id: 'early' }]).withKeys(new Int32Array(4))
    await bench.peerSends({ kind: 'records', exchange: 'unique', from: 1, columns, rows, system })
    assert.deepEqual(bench.writer.ids, [])
    await bench.tell({ kind: 'restored' })
    assert.deepEqual(bench.writer.ids, ['early'])
    assert.deepEqual(bench.toPeer, [{ kind: 'credit', exchange: 'unique', from: 0, emptied: { columns, system } }])
  })

  it('waits at a barrier for all workers before the stage behind an exchange reports', async () => {
    const bench = new Bench(2)
    await bench.run()
    await bench.tell(barrier(1))
    assert.deepEqual(bench.kinds, ['ready', 'ready', 'report'])
    await bench.peerSends({ kind: 'barrier', exchange: 'unique', from: 1, epoch: 1 })
    assert.deepEqual(bench.kinds, ['ready', 'ready', 'report', 'report'])
  })

  it('gives operators one decided time per epoch, that of the barrier before', async () => {
    const bench = new Bench()
    bench.topic.append(0, { id: 'a' })
    await bench.run()
    await bench.tell(barrier(1))
    bench.topic.append(0, { id: 'b' })
    await bench.clock.advance(5)
    bench.topic.append(0, { id: 'c' })
    await bench.clock.advance(5)
    assert.deepEqual(bench.nows, [1000, 2000, 2000])
  })

  it('tells peers how far event time was in the checkpoint, also where nothing more comes', async () => {
    const bench = new Bench(2)
    await bench.tell(bench.assign({}, 700))
    await bench.tell({ kind: 'restored' })
    assert.deepEqual(bench.toPeer, [])
    await bench.tell({ kind: 'run' })
    assert.deepEqual(bench.toPeer, [{ kind: 'watermark', exchange: 'unique', from: 0, time: 700 }])
  })

  it('takes a flood of watermarks, which need no credit', async () => {
    const bench = new Bench(2)
    await bench.run()
    const flood = Array.from(
      { length: 5000 },
      (_, time): PeerMessage => ({ kind: 'watermark', exchange: 'unique', from: 1, time }),
    )
    await bench.peerSends(...flood)
    assert.equal(bench.failure, undefined)
  })

  it('stops reading at the last barrier', async () => {
    const bench = new Bench()
    await bench.run()
    await bench.tell(barrier(1, true))
    bench.topic.append(0, { id: 'too late' })
    await bench.clock.advance(5)
    assert.deepEqual(bench.writer.ids, [])
  })

  it('says how far it is when it is asked', async () => {
    const bench = new Bench()
    bench.topic.append(0, { id: 'a' }, { id: 'b' })
    await bench.run()
    await bench.tell({ kind: 'probe' })
    const answer = bench.events.at(-1)
    assert.equal(answer?.kind === 'progress' && answer.progress.positions['orders-0']?.offset, 2)
  })

  it('closes everything when it is stopped, forgets what was not staged, and says so', async () => {
    const bench = new Bench()
    bench.topic.append(0, { id: 'a' })
    await bench.run()
    await bench.tell({ kind: 'stop' })
    assert.deepEqual([bench.kinds.at(-1), bench.stopped, bench.writer.aborted], ['stopped', 1, 1])
    await bench.tell(barrier(1))
    assert.equal(bench.kinds.at(-1), 'stopped')
  })

  it('stops also where closing fails, and tells the failure', async () => {
    const bench = new Bench()
    bench.writer.abort = () => Promise.reject(new Error('cannot abort'))
    await bench.run()
    await bench.tell({ kind: 'stop' })
    assert.deepEqual([bench.kinds.slice(-2), bench.stopped], [['stopped', 'failed'], 1])
  })
})
