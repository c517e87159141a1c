import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { StageStep } from '../../../../core/dataflow/physical-plan.ts'
import { MillraceError } from '../../../../core/model/errors.ts'
import type { Operator } from '../../../../core/ports/operator.ts'
import { Chain, type RejectedRows } from '../../../../core/runtime/task/chain.ts'
import type { Element } from '../../../../core/runtime/task/element.ts'
import { TaskCounts } from '../../../../core/runtime/task/task-counts.ts'
import { blockOf } from '../../checkpoint/epochs.ts'
import { orders } from '../batches.ts'

const STATELESS = { onWatermark: () => undefined, snapshot: () => [], restore: () => undefined, horizon: -Infinity }

/** Passes everything on. */
const pass: Operator = { ...STATELESS, onBatch: (batch, output) => output.emit(batch) }

interface Bench {
  readonly chain: Chain
  readonly counts: TaskCounts
  /** What came out of each leaf. */
  readonly out: Readonly<Record<string, string[]>>
  readonly rejected: (RejectedRows & { readonly operator: string })[]
}

function benchOf(steps: readonly StageStep[], operators: Readonly<Record<string, Operator>>): Bench {
  const counts = new TaskCounts()
  const out: Record<string, string[]> = {}
  const rejected: (RejectedRows & { readonly operator: string })[] = []
  const chain = new Chain({
    steps,
    operators: new Map(Object.entries(operators)),
    counts,
    leafOf: (step) => {
      const name = step.kind === 'exchange' ? step.exchange : step.id
      const texts: string[] = []
      out[name] = texts
      return { take: (element) => texts.push(textOf(element)) }
    },
    reject: (operator, rows) => rejected.push({ ...rows, operator }),
  })
  return { chain, counts, out, rejected }
}

function textOf(element: Element): string {
  if (element.kind === 'batch') return Array.from({ length: element.count }, (_, i) => element.at(i).id).join('')
  return element.kind === 'watermark' ? `watermark ${element.time}` : `barrier ${element.epoch}`
}

const sink = (id: string): StageStep => ({ kind: 'sink', id })
const step = (id: string, ...next: readonly StageStep[]): StageStep => ({ kind: 'operator', id, next })
const ids = (text: string) => orders([...text])

describe('Chain', () => {
  it('passes batches, watermarks and barriers in the order in which they came', () => {
    const { chain, out } = benchOf([step('a', step('b', sink('table')))], { a: pass, b: pass })
    chain.push(ids('xy'))
    chain.push({ kind: 'watermark', time: 5 })
    chain.push(ids('z'))
    chain.push({ kind: 'barrier', epoch: 1 })
    assert.deepEqual(out.table, ['xy', 'watermark 5', 'z', 'barrier 1'])
  })

  it('has everything out of its leaves when push returns', () => {
    const { chain, out } = benchOf([step('a', sink('table'))], { a: pass })
    chain.push(ids('x'))
    assert.deepEqual(out.table, ['x'])
  })

  it('feeds every branch of a tree with everything', () => {
    const first: Operator = {
      ...STATELESS,
      onBatch: (batch, output) => {
        output.emit(batch.select(Int32Array.of(0)))
        output.drop('filtered', batch.count - 1)
      },
    }
    const exchange: StageStep = { kind: 'exchange', exchange: 'unique', toStage: 1 }
    const { chain, out } = benchOf([step('a', sink('all'), step('first', sink('firsts'), exchange))], {
      a: pass,
      first,
    })
    chain.push(ids('xyz'))
    chain.push({ kind: 'barrier', epoch: 1 })
    assert.deepEqual(out, { all: ['xyz', 'barrier 1'], firsts: ['x', 'barrier 1'], unique: ['x', 'barrier 1'] })
  })

  it('ends also in an operator that feeds nothing', () => {
    const { chain, counts } = benchOf([step('a')], { a: pass })
    chain.push(ids('xy'))
    assert.deepEqual(counts.cut().operators.a, { in: 2, out: 2, dropped: {} })
  })

  it('sends what an operator emits at a watermark before the watermark', () => {
    const late: Operator = {
      ...STATELESS,
      onBatch: (batch, output) => output.drop('absorbed', batch.count),
      onWatermark: (time, output) => output.emit(ids(`w${time}`)),
    }
    const { chain, out } = benchOf([step('late', step('a', sink('table')))], { late, a: pass })
    chain.push(ids('xy'))
    chain.push({ kind: 'watermark', time: 5 })
    assert.deepEqual(out.table, ['w5', 'watermark 5'])
  })

  it('sends no empty batch on', () => {
    const none: Operator = { ...STATELESS, onBatch: (batch, output) => output.emit(batch.select(new Int32Array())) }
    const { chain, out } = benchOf([step('none', sink('table'))], { none })
    chain.push(ids('xy'))
    assert.deepEqual(out.table, [])
  })

  it('counts what each operator took, gave and dropped, and hands refused rows over', () => {
    const refuse: Operator = {
      ...STATELESS,
      onBatch: (batch, output) => {
        output.drop('duplicate', 1)
        output.reject(batch, Int32Array.of(1), { code: 'MR_RECORD_LATE', message: 'too late' })
        output.emit(batch.select(Int32Array.of(0)))
      },
    }
    const { chain, counts, rejected } = benchOf([step('refuse', sink('table'))], { refuse })
    chain.push(ids('xyz'))
    const dropped = { duplicate: 1, MR_RECORD_LATE: 1 }
    assert.deepEqual(counts.cut().operators.refuse, { in: 3, out: 1, dropped })
    assert.deepEqual(
      rejected.map(({ operator, code, rows }) => [operator, code, [...rows]]),
      [['refuse', 'MR_RECORD_LATE', [1]]],
    )
  })

  it('collects the state that its operators hand over at a barrier, once', () => {
    const keyed: Operator = { ...pass, snapshot: () => [blockOf(3, { 1: 1 }).block] }
    const { chain } = benchOf([step('keyed', sink('table'))], { keyed })
    chain.push(ids('x'))
    assert.deepEqual(chain.takeBlocks(), [])
    chain.push({ kind: 'barrier', epoch: 1 })
    assert.deepEqual(chain.takeBlocks(), [blockOf(3, { 1: 1 }, 'keyed')])
    assert.deepEqual(chain.takeBlocks(), [])
  })

  it('throws what an operator threw, then and ever after, and lets no barrier out', () => {
    const broken: Operator = {
      ...STATELESS,
      onBatch: () => {
        throw new TypeError('no such field')
      },
    }
    const { chain, out } = benchOf([sink('before'), step('broken', sink('table'))], { broken })
    const failure = { code: 'MR_OPERATOR_FAILED', message: 'operator "broken" failed: no such field' }
    assert.throws(() => chain.push(ids('x')), failure)
    assert.throws(() => chain.push({ kind: 'barrier', epoch: 1 }), failure)
    assert.deepEqual(out, { before: [], table: [] })
  })

  it('latches on a throw at a watermark and at a snapshot too, and keeps the code of a coded error', () => {
    const lose = (): never => {
      throw new MillraceError('MR_STATE_CORRUPT', 'a block is damaged')
    }
    for (const broken of [
      { ...pass, onWatermark: lose },
      { ...pass, snapshot: lose },
    ]) {
      const { chain, out } = benchOf([step('broken', sink('table'))], { broken })
      const push = (): void => {
        chain.push({ kind: 'watermark', time: 1 })
        chain.push({ kind: 'barrier', epoch: 1 })
      }
      assert.throws(push, { code: 'MR_STATE_CORRUPT' })
      assert.throws(push, { code: 'MR_STATE_CORRUPT' })
      assert.ok(!out.table?.includes('barrier 1'))
    }
  })

  it('refuses a step that it has no operator for', () => {
    assert.throws(() => benchOf([step('ghost', sink('table'))], {}), { code: 'MR_INTERNAL', message: /"ghost"/ })
  })
})
