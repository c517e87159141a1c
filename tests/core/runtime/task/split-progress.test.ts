import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { NO_WATERMARK } from '../../../../core/model/control.ts'
import { lowestWatermark, newestEventTime } from '../../../../core/runtime/task/split-progress.ts'
import { orders } from '../batches.ts'

describe('newestEventTime', () => {
  it('looks at living records only', () => {
    const batch = orders(['a', 'b', 'c', 'd'])
    assert.equal(newestEventTime(batch), 30)
    assert.equal(newestEventTime(batch.select(Int32Array.of(2, 0))), 20)
    assert.equal(newestEventTime(batch.select(new Int32Array())), NO_WATERMARK)
  })
})

describe('lowestWatermark', () => {
  it('is the minimum, and nothing where there is none', () => {
    assert.equal(lowestWatermark([30, 10, 20]), 10)
    assert.equal(lowestWatermark([30, NO_WATERMARK]), NO_WATERMARK)
    assert.equal(lowestWatermark([]), NO_WATERMARK)
  })
})
