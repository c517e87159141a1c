import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Batch } from '../../../../core/model/batch.ts'
import { keyGroupOf } from '../../../../core/model/key-hash.ts'
import { BatchGatherer } from '../../../../core/runtime/exchange/batch-gatherer.ts'
import { CREDITS_PER_EDGE, ExchangeSender } from '../../../../core/runtime/exchange/exchange-sender.ts'
import type { PeerMessage } from '../../../../core/runtime/exchange/peer-messages.ts'
import { ownerOfKey, ownerOfKeyGroup } from '../../../../core/runtime/key-owner.ts'
import { TaskCounts } from '../../../../core/runtime/task/task-counts.ts'
import { ORDER, orders } from '../batches.ts'

const KEY_GROUPS = 16
const FULL = 4096
/** Emptied columns without memory. */
const nothing = () => new BatchGatherer(ORDER).finish()

interface Bench {
  readonly sender: ExchangeSender
  readonly counts: TaskCounts
  /** What each worker was sent. */
  readonly sent: PeerMessage[][]
  readonly calls: { unblocked: number }
}

function benchOf(workers: number): Bench {
  const sent: PeerMessage[][] = Array.from({ length: workers }, () => [])
  const counts = new TaskCounts()
  const calls = { unblocked: 0 }
  const sender = new ExchangeSender({
    exchange: 'unique',
    schema: ORDER,
    keys: { kind: 'fields', names: ['id'] },
    keyGroups: KEY_GROUPS,
    hashSeed: 7,
    splitOf: String,
    worker: 0,
    workers,
    counts,
    send: (worker, message) => sent[worker]!.push(message),
    onUnblocked: () => {
      calls.unblocked++
    },
  })
  return { sender, counts, sent, calls }
}

function textOf(message: PeerMessage): string {
  if (message.kind === 'records') return `${message.rows} records`
  return message.kind === 'watermark' ? `watermark ${message.time}` : message.kind
}

function batchIn(message: PeerMessage): Batch | undefined {
  if (message.kind !== 'records') return undefined
  const { columns, rows, system } = message
  return new Batch({ schema: ORDER, columns, rows, system, selection: null })
}

const many = (count: number, prefix = 'order') =>
  orders(Array.from({ length: count }, (_, index) => `${prefix}-${index}`))

describe('ExchangeSender', () => {
  it('sends every living record once, to the owner of its key group, in order', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.array(fc.string({ maxLength: 4 }), { minLength: 1, maxLength: 30 }), { maxLength: 12 }),
        checkDistribution,
      ),
    )
  })

  it('counts what it sends', () => {
    const { sender, counts } = benchOf(2)
    sender.take(many(10).select(Int32Array.of(1, 3, 5)))
    sender.take(many(2))
    assert.equal(counts.cut().exchanges.unique?.sent, 5)
  })

  it('sends at once to a hungry receiver, and gathers for one that is busy', () => {
    const { sender, sent } = benchOf(1)
    for (let i = 0; i < 3; i++) sender.take(many(5))
    assert.deepEqual(sent[0]!.map(textOf), ['5 records'])
    sender.credit(0, nothing())
    assert.deepEqual(sent[0]!.map(textOf), ['5 records', '10 records'])
  })

  it('sends a full batch to a busy receiver as long as there is credit', () => {
    const { sender, sent } = benchOf(1)
    for (let i = 0; i < CREDITS_PER_EDGE; i++) sender.take(many(FULL))
    assert.equal(sent[0]!.length, CREDITS_PER_EDGE)
    assert.equal(sender.isBlocked, false)
  })

  it('is blocked when a receiver has neither credit nor room, and says when it is no more', () => {
    const { sender, sent, calls } = benchOf(1)
    for (let i = 0; i < CREDITS_PER_EDGE + 1; i++) sender.take(many(FULL))
    assert.equal(sender.isBlocked, true)
    assert.equal(sent[0]!.length, CREDITS_PER_EDGE)
    sender.credit(0, nothing())
    assert.equal(sender.isBlocked, false)
    assert.deepEqual([sent[0]!.length, calls.unblocked], [CREDITS_PER_EDGE + 1, 1])
    sender.credit(0, nothing())
    assert.equal(calls.unblocked, 1)
  })

  it('sends control elements behind the records before them', () => {
    const { sender, sent } = benchOf(1)
    sender.take(many(1))
    sender.take(many(2))
    sender.take({ kind: 'watermark', time: 5 })
    sender.take(many(3))
    sender.take({ kind: 'watermark', time: 6 })
    assert.deepEqual(sent[0]!.map(textOf), ['1 records'])
    sender.take({ kind: 'barrier', epoch: 1 })
    sender.take({ kind: 'watermark', time: 7 })
    assert.deepEqual(sent[0]!.map(textOf), ['1 records', '5 records', 'watermark 6', 'barrier', 'watermark 7'])
  })

  it('needs no credit for control elements, nor for the records before a barrier', () => {
    const { sender, sent, calls } = benchOf(1)
    for (let i = 0; i < CREDITS_PER_EDGE + 1; i++) sender.take(many(FULL))
    sender.take({ kind: 'barrier', epoch: 1 })
    assert.deepEqual(sent[0]!.slice(-2).map(textOf), [`${FULL} records`, 'barrier'])
    for (let i = 0; i < CREDITS_PER_EDGE + 1; i++) sender.credit(0, nothing())
    sender.take(many(3))
    assert.deepEqual(textOf(sent[0]!.at(-1)!), '3 records')
    assert.equal(calls.unblocked, 1)
  })

  it('is blocked no more when a barrier took along what waited, and says so: no credit to come would', () => {
    const { sender, calls } = benchOf(2)
    while (!sender.isBlocked) sender.take(many(FULL))
    sender.take({ kind: 'barrier', epoch: 1 })
    assert.deepEqual([sender.isBlocked, calls.unblocked], [false, 1])
    sender.take({ kind: 'barrier', epoch: 2 })
    assert.equal(calls.unblocked, 1, 'it was not blocked')
  })

  it('tells every receiver every watermark and barrier, also those without records', () => {
    const { sender, sent } = benchOf(3)
    sender.take({ kind: 'watermark', time: 5 })
    sender.take({ kind: 'barrier', epoch: 1 })
    for (const messages of sent) assert.deepEqual(messages.map(textOf), ['watermark 5', 'barrier'])
  })
})

function checkDistribution(workers: number, batches: readonly (readonly string[])[]): void {
  const { sender, sent } = benchOf(workers)
  for (const [index, ids] of batches.entries()) {
    sender.take(orders(ids, { offset: 100 * index }))
    if (index % 3 === 2) for (let worker = 0; worker < workers; worker++) sender.credit(worker, nothing())
  }
  sender.take({ kind: 'barrier', epoch: 1 })
  const arrived: string[] = []
  for (const [worker, messages] of sent.entries()) {
    const offsets: number[] = []
    for (const batch of messages.map(batchIn)) {
      if (batch === undefined) continue
      for (let i = 0; i < batch.count; i++) {
        const word: number = batch.system.keys![4 * i]!
        assert.equal(ownerOfKeyGroup(keyGroupOf(word, KEY_GROUPS), workers), worker)
        assert.equal(ownerOfKey(word, KEY_GROUPS, workers), worker)
        offsets.push(batch.system.offsets[i]!)
        arrived.push(String(batch.at(i).id))
      }
    }
    assert.deepEqual(
      offsets,
      [...offsets].sort((a, b) => a - b),
    )
  }
  assert.deepEqual(arrived.sort(), batches.flat().sort())
}
