import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { timeMs } from '../../../core/model/time.ts'

describe('timeMs', () => {
  it('takes epoch ms and RFC 3339 text', () => {
    const same = [1_769_860_800_000, '2026-01-31T12:00:00Z', '2026-01-31T12:00:00.000Z', '2026-01-31T13:30:00+01:30']
    for (const time of same) assert.equal(timeMs('start', time), 1_769_860_800_000)
    assert.equal(timeMs('start', 0), 0)
    assert.equal(timeMs('start', '2024-02-29T00:00:00.25Z'), Date.UTC(2024, 1, 29) + 250)
  })

  it('refuses what is no time, what each machine reads in its own way, and what a broker takes for another question', () => {
    const wrong = [
      'yesterday',
      '',
      '12',
      '2026-01-31',
      '2026-01-31T12:00:00',
      '2026-02-30T12:00:00Z',
      '2026-01-31T25:00:00Z',
      '1969-12-31T23:59:59.999Z',
      -1,
      1.5,
      Number.NaN,
      Number.POSITIVE_INFINITY,
    ]
    for (const time of wrong) {
      assert.throws(() => timeMs('kafka "x": start', time), {
        code: 'MR_OPTION_INVALID',
        message: /^kafka "x": start: .* is no time/,
      })
    }
  })
})
