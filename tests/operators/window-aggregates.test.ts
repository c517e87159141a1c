import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { avg, count, max, min, sum, tumbling, window } from '../../operators/index.ts'
import { type Fields, specOf } from './batches.ts'
import { order } from './order-schema.ts'
import { type Event, KEY, WindowRun } from './window-run.ts'

const { schema } = order

describe('aggregates', () => {
  const aggregates = {
    n: count(),
    noted: count('weight'),
    total: sum('discount'),
    users: sum('user'),
    least: min('user'),
    greatest: max('user'),
    first: min('at'),
    day: max('day'),
    mean: avg('weight'),
  }

  function resultOf(...events: readonly Fields[]): Fields {
    const run = new WindowRun({ aggregates })
    run.take(...events.map((fields): Event => ['eu', 1, 1, fields]))
    run.watermark(10)
    const { region, window_start, window_end, ...result } = run.recorder.records[0]!
    assert.deepEqual([region, window_start, window_end], ['eu', 0, 10])
    return result
  }

  it('leave missing values out, and are missing where all values are', () => {
    assert.deepEqual(resultOf({}), {
      n: 1,
      noted: 0,
      total: undefined,
      users: undefined,
      least: undefined,
      greatest: undefined,
      first: 1,
      day: undefined,
      mean: undefined,
    })
    const some = resultOf(
      { discount: -3, weight: 1, user: 5n, day: '2024-02-29' },
      {},
      { discount: 5, weight: 4, user: -7n },
    )
    assert.deepEqual(some, {
      n: 3,
      noted: 2,
      total: 2,
      users: -2n,
      least: -7n,
      greatest: 5n,
      first: 1,
      day: '2024-02-29',
      mean: 2.5,
    })
  })

  it('of 64-bit whole numbers are exact', () => {
    const long = fc.bigInt(-(2n ** 60n), 2n ** 60n)
    fc.assert(
      fc.property(fc.array(long, { minLength: 1, maxLength: 7 }), (users) => {
        const { users: total, least, greatest } = resultOf(...users.map((user) => ({ user })))
        const sorted = users.toSorted((a, b) => (a < b ? -1 : 1))
        assert.deepEqual([total, least, greatest], [users.reduce((a, b) => a + b), sorted[0], sorted.at(-1)])
      }),
    )
  })

  it('stop the task where a sum is beyond its type, also where it came back since', () => {
    const large = 2n ** 63n - 1n
    assert.throws(() => resultOf({ user: large }, { user: 1n }), { code: 'MR_OPERATOR_FAILED', message: /"user"/ })
    const most = Number.MAX_SAFE_INTEGER
    const values = [most, 1, -1].map((discount) => ({ discount }))
    assert.throws(() => resultOf(...values), { code: 'MR_OPERATOR_FAILED', message: /"discount"/ })
  })
})

describe('window is refused', () => {
  const bind = (aggregates: unknown, key: typeof KEY | undefined | { kind: 'function'; keyOf: () => string } = KEY) =>
    specOf(schema, window(tumbling(10), aggregates as never), key)

  it('on a stream that is not keyed by fields', () => {
    const unkeyed = { code: 'MR_OPTION_INVALID', message: /keyBy/ }
    assert.throws(() => specOf(schema, window(tumbling(10), { n: count() } as never)), unkeyed)
    assert.throws(() => bind({ n: count() }, { kind: 'function', keyOf: () => 'a' }), unkeyed)
  })

  it('with aggregates that do not fit', () => {
    assert.throws(() => bind({ n: sum('cent') }), { code: 'MR_FIELD_UNKNOWN', message: /"cents"/ })
    assert.throws(() => bind({ n: sum('region') }), { code: 'MR_OPTION_INVALID', message: /sum\("region"\).*string/ })
    assert.throws(() => bind({ n: avg('user') }), { code: 'MR_OPTION_INVALID', message: /int64/ })
    assert.throws(() => bind({ n: max('paid') }), { code: 'MR_OPTION_INVALID', message: /boolean/ })
    assert.throws(() => bind({ n: { name: 'summ' } }), { code: 'MR_OPTION_INVALID', message: /did you mean "sum"/ })
    assert.throws(() => bind({ region: count() }), { code: 'MR_OPTION_INVALID', message: /two fields "region"/ })
    assert.throws(() => bind({ window_end: count() }), { code: 'MR_OPTION_INVALID', message: /window_end/ })
  })

  it('with unknown options, a length that is none, or no windows', () => {
    assert.throws(() => window(tumbling(10), {}, { latenes: 1 } as never), {
      code: 'MR_OPTION_UNKNOWN',
      message: /lateness/,
    })
    assert.throws(() => tumbling('1 minute' as never), { code: 'MR_OPTION_INVALID' })
    assert.throws(() => tumbling(0), { code: 'MR_OPTION_INVALID', message: /whole number/ })
    assert.throws(() => tumbling(0.5), { code: 'MR_OPTION_INVALID', message: /whole number/ })
    assert.throws(() => window({ n: count() } as never, {}), { code: 'MR_OPTION_INVALID', message: /tumbling/ })
  })
})
