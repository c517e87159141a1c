import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { NO_WATERMARK } from '../../../../core/model/control.ts'
import { exchangeWatermarks, planSplits, splitsOfWorker } from '../../../../core/runtime/job/assignment.ts'
import { ownerOfKeyGroup } from '../../../../core/runtime/key-owner.ts'
import { markerOf } from '../../checkpoint/epochs.ts'
import { sourceOf } from './unread-source.ts'

const sources = (...partitions: readonly number[]) =>
  new Map(partitions.map((count, index) => [`s${index}`, sourceOf(`t${index}`, count)]))

describe('planSplits', () => {
  it('begins every split at its start at the first run', async () => {
    const { splits, table, begins } = await planSplits(sources(2, 1), undefined)
    assert.deepEqual(
      splits.map(({ source, split, index, position, watermark, limit }) => [
        source,
        split.id,
        index,
        position.offset,
        watermark,
        limit,
      ]),
      [
        ['s0', 't0-0', 0, 5, NO_WATERMARK, undefined],
        ['s0', 't0-1', 1, 5, NO_WATERMARK, undefined],
        ['s1', 't1-0', 2, 5, NO_WATERMARK, undefined],
      ],
    )
    assert.deepEqual(table, ['t0-0', 't0-1', 't1-0'])
    assert.deepEqual(begins, { 't0-0': 5, 't0-1': 5, 't1-0': 5 })
  })

  it('goes on where the checkpoint says, and begins only new splits', async () => {
    const last = markerOf(3, {
      splits: ['t0-0'],
      positions: { 't0-0': { offset: 30, incarnation: 't0' } },
      watermarks: { 't0-0': 700, 'exchange:unique': 600 },
    })
    const { splits, begins } = await planSplits(sources(2), last)
    assert.deepEqual(
      splits.map(({ position, watermark }) => [position.offset, watermark]),
      [
        [30, 700],
        [5, NO_WATERMARK],
      ],
    )
    assert.deepEqual(begins, { 't0-1': 5 })
  })

  it('never changes the index of a split, whatever order the sources give', async () => {
    const position = { offset: 1, incarnation: 'x' }
    const last = markerOf(3, { splits: ['t0-1', 't0-0'], positions: { 't0-1': position, 't0-0': position } })
    const { splits, table } = await planSplits(sources(3), last)
    assert.deepEqual(table, ['t0-1', 't0-0', 't0-2'])
    assert.deepEqual(
      splits.map(({ split, index }) => [split.id, index]),
      [
        ['t0-0', 1],
        ['t0-1', 0],
        ['t0-2', 2],
      ],
    )
  })

  it('reads each split of a bounded run up to its bound, and one that appeared since not at all', async () => {
    const last = markerOf(3, { splits: ['t0-0'], positions: { 't0-0': { offset: 30, incarnation: 't0' } } })
    const bounds = new Map([
      ['t0-0', 20],
      ['t0-1', 40],
    ])
    const { splits } = await planSplits(sources(3), last, bounds)
    assert.deepEqual(
      splits.map(({ position, limit }) => [position.offset, limit]),
      [
        [30, 20],
        [5, 40],
        [5, 5],
      ],
    )
  })

  it('stops where a split of the checkpoint is gone', async () => {
    const last = markerOf(3, { positions: { 't0-4': { offset: 1, incarnation: 't0' } } })
    await assert.rejects(planSplits(sources(2), last), { code: 'MR_POSITION_LOST', message: /"t0-4"/ })
  })

  it('refuses a split that two sources read, as positions are kept by its id', async () => {
    const twice = new Map([
      ['a', sourceOf('events', 1)],
      ['b', sourceOf('events', 1)],
    ])
    await assert.rejects(planSplits(twice, undefined), {
      code: 'MR_PLAN_DUPLICATE_ID',
      message: /"events-0".*"a".*"b"/,
    })
  })
})

describe('splitsOfWorker and ownerOfKeyGroup', () => {
  it('give every split and every key group to exactly one worker, evenly', async () => {
    const { splits } = await planSplits(sources(7, 4), undefined)
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), (workers) => {
        const parts = Array.from({ length: workers }, (_, worker) => splitsOfWorker(splits, worker, workers))
        assert.deepEqual(
          new Set(parts.flat().map(({ split }) => split.id)),
          new Set(splits.map(({ split }) => split.id)),
        )
        const sizes = parts.map((part) => part.length)
        assert.equal(
          sizes.reduce((sum, size) => sum + size, 0),
          11,
        )
        assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1)
        const groups = Array.from({ length: 256 }, (_, group) => ownerOfKeyGroup(group, workers))
        assert.equal(new Set(groups).size, workers)
        assert.ok(groups.every((owner) => owner >= 0 && owner < workers))
      }),
    )
  })
})

describe('exchangeWatermarks', () => {
  it('finds the watermarks of exchanges among those of splits', () => {
    const last = markerOf(3, { watermarks: { 't0-0': 700, 'exchange:unique': 600, 'exchange:per-user': 500 } })
    assert.deepEqual(exchangeWatermarks(last), { unique: 600, 'per-user': 500 })
    assert.deepEqual(exchangeWatermarks(undefined), {})
  })
})
