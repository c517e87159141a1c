import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { resolveUntil, type Until } from '../../../core/model/until.ts'

describe('resolveUntil', () => {
  it('takes caught-up, an offset for each split, and a time', () => {
    assert.deepEqual(resolveUntil('caught-up'), { kind: 'caught-up' })
    const offsets = { 'orders-0': 0, 'orders-1': 12 }
    assert.deepEqual(resolveUntil({ offsets }), { kind: 'offsets', offsets: new Map(Object.entries(offsets)) })
    assert.deepEqual(resolveUntil({ time: 1_500 }), { kind: 'time', timeMs: 1_500 })
    assert.deepEqual(resolveUntil({ time: '1970-01-01T00:00:03Z' }), { kind: 'time', timeMs: 3_000 })
  })

  it('refuses what is none of them, with a hint', () => {
    const wrong: readonly [unknown, string, RegExp][] = [
      ['caught up', 'MR_OPTION_INVALID', /did you mean "caught-up"/],
      [{ offset: {} }, 'MR_OPTION_UNKNOWN', /did you mean "offsets"/],
      [{}, 'MR_OPTION_INVALID', /give offsets or time/],
      [true, 'MR_OPTION_INVALID', /offsets, time/],
      [{ offsets: {}, time: 0 }, 'MR_OPTION_INVALID', /not both/],
      [{ offsets: { 'orders-0': -1 } }, 'MR_OPTION_INVALID', /-1 is no offset of split "orders-0"/],
      [{ offsets: { 'orders-0': 1.5 } }, 'MR_OPTION_INVALID', /1.5 is no offset of split "orders-0"/],
      [{ offsets: 'orders-0=1' }, 'MR_OPTION_INVALID', /offsets is an object/],
      [{ offsets: undefined }, 'MR_OPTION_INVALID', /offsets is an object/],
      [{ time: 'yesterday' }, 'MR_OPTION_INVALID', /until: time: "yesterday" is no time/],
    ]
    // A caller without types may give anything.
    for (const [until, code, message] of wrong) assert.throws(() => resolveUntil(until as Until), { code, message })
  })
})
