import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Delay } from '../../../benchmarks/large-state/delay-log.ts'
import { type Delays, delaysOf } from '../../../benchmarks/large-state/delays.ts'
import type { MeasuredEpoch } from '../../../benchmarks/large-state/metered-sink.ts'

const USUAL_MS = 2
const SECOND = 1_000
const EPOCHS = 6

/** One thread; records are due every ms, and an epoch ends every 2 s: the barrier reaches the sink just then. */
function delaysWhere(delayAt: (ms: number) => number): Delays {
  const epochs = Array.from({ length: EPOCHS }, (_, index): MeasuredEpoch => {
    const times = { snapshotCpuMs: index, longestBatchCpuMs: 1, longestWatermarkCpuMs: 0.5, restoreCpuMs: 0 }
    return {
      epoch: index + 1,
      threads: [{ records: 2 * SECOND, cutAt: (index + 1) * 2 * SECOND, firstAt: 0, ...times }],
    }
  })
  const delays = Array.from({ length: EPOCHS * 2 * SECOND }, (_, ms): Delay => [ms, delayAt(ms)])
  return delaysOf(epochs, delays)
}

/** 7 s from the first record on there was a delay of 50 ms. */
const lateAt = (late: number) => (ms: number) => (ms === late ? 50 : USUAL_MS)

describe('delaysOf', () => {
  it('says what each barrier after the first third of the run added, but for the one that ends the run', () => {
    const { usual, usualLongest, added, between, snapshots } = delaysWhere(() => USUAL_MS)
    assert.deepEqual([usual, usualLongest], [USUAL_MS, USUAL_MS])
    assert.deepEqual(added, [0, 0, 0])
    assert.equal(between, 0)
    assert.deepEqual(snapshots, [2, 3, 4])
  })

  it('charges a barrier with the record that waited longest around it', () => {
    for (const late of [7_900, 8_000, 8_499]) {
      const { added, between } = delaysWhere(lateAt(late))
      assert.deepEqual([added, between], [[0, 48, 0], 0])
    }
  })

  it('adds to what records wait at any time, and not to the median record', () => {
    const often = (ms: number) => (ms % 300 === 0 ? 6 : lateAt(8_000)(ms))
    const { usual, usualLongest, added, between } = delaysWhere(often)
    assert.deepEqual([usual, usualLongest, added, between], [USUAL_MS, 6, [0, 44, 0], 0])
  })

  it('charges no barrier with a record that was late away from it, and tells of it', () => {
    for (const late of [7_899, 8_500]) {
      const { added, between } = delaysWhere(lateAt(late))
      assert.deepEqual([added, between], [[0, 0, 0], 48])
    }
  })
})
