import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { countText, type Progress, progressText, recordsPerSecond } from '../../../core/observability/progress.ts'

const progress: Progress = {
  pipeline: 'orders',
  state: 'running',
  epoch: 3,
  records: 200_000,
  recordsPerSecond: 182_334.4,
  lag: 12_003,
  watermark: Date.UTC(2024, 2, 1, 2, 13, 20, 500),
}

describe('progress', () => {
  it('is one line with state, epoch, rate, lag and watermark', () => {
    const text = 'orders running, epoch 3, 182,334 records/s, 12,003 behind, watermark 2024-03-01T02:13:20Z'
    assert.equal(progressText(progress), text)
  })

  it('leaves out what nobody knows yet, and says when nothing is left to read', () => {
    const early = { ...progress, lag: undefined, watermark: Number.NEGATIVE_INFINITY }
    assert.equal(progressText(early), 'orders running, epoch 3, 182,334 records/s')
    assert.match(progressText({ ...progress, state: 'draining', lag: 0 }), /^orders draining, .*, caught up, /)
  })

  it('counts records per second between two samples, and none where no time passed', () => {
    assert.equal(recordsPerSecond({ at: 1_000, records: 50 }, { at: 1_500, records: 150 }), 200)
    assert.equal(recordsPerSecond({ at: 1_000, records: 50 }, { at: 1_000, records: 150 }), 0)
  })

  it('separates thousands by commas', () => {
    assert.deepEqual([0, 999, 1_000, 1_234_567.6].map(countText), ['0', '999', '1,000', '1,234,568'])
  })
})
