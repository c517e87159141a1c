import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InvalidArgumentError } from 'commander'
import fc from 'fast-check'
import { parseOffsets, parseSize, parseTime } from '../../cli/arguments.ts'

const refusal = (message: RegExp) => (error: unknown) =>
  error instanceof InvalidArgumentError && message.test(error.message)

describe('parseOffsets', () => {
  it('takes the offset of each split from a list', () => {
    assert.deepEqual(parseOffsets('orders-0=1200'), { 'orders-0': 1200 })
    assert.deepEqual(parseOffsets('a.b_c-d-0=0, orders-1=900'), { 'a.b_c-d-0': 0, 'orders-1': 900 })
  })

  it('gives back any offsets that were written as a list', () => {
    const topic = fc.stringMatching(/^[a-zA-Z0-9._-]{1,20}$/)
    const id = fc.tuple(topic, fc.nat(999)).map(([name, partition]) => `${name}-${partition}`)
    fc.assert(
      fc.property(fc.dictionary(id, fc.maxSafeNat(), { minKeys: 1, noNullPrototype: true }), (offsets) => {
        const list = Object.entries(offsets).map(([split, offset]) => `${split}=${offset}`)
        assert.deepEqual(parseOffsets(list.join(',')), offsets)
      }),
    )
  })

  it('refuses what is no such list, with the part that is wrong', () => {
    const wrong: readonly [string, RegExp][] = [
      ['', /"" is no split with its offset/],
      ['orders-0', /"orders-0" is no split with its offset/],
      ['orders-0=', /"orders-0=" is no split/],
      ['=5', /"=5" is no split/],
      ['orders-0=5,', /"" is no split/],
      ['orders-0=5;orders-1=6', /"orders-0=5;orders-1=6" is no split/],
      ['orders-0=-1', /"orders-0=-1" is no split/],
      ['orders-0=1.5', /"orders-0=1.5" is no split/],
      ['orders-0=99999999999999999', /"orders-0=99999999999999999" is no split/],
      ['orders-0=5,orders-0=6', /names split "orders-0" twice/],
    ]
    for (const [text, message] of wrong) assert.throws(() => parseOffsets(text), refusal(message), text)
  })
})

describe('parseTime', () => {
  it('takes epoch ms and RFC 3339 text', () => {
    assert.equal(parseTime('1769860800000'), 1_769_860_800_000)
    assert.equal(parseTime('2026-01-31T12:00:00Z'), 1_769_860_800_000)
  })

  it('refuses anything else', () => {
    for (const text of ['', 'noon', '-5', '2026-01-31']) {
      assert.throws(() => parseTime(text), refusal(/epoch ms, or for example 2026-01-31T12:00:00Z/), text)
    }
  })
})

describe('parseSize', () => {
  it('takes bytes, and sizes with a unit', () => {
    assert.deepEqual(['4096', '512MiB', '1.5GiB'].map(parseSize), [4096, 512 * 2 ** 20, 1.5 * 2 ** 30])
  })

  it('refuses what is no size, with what to write', () => {
    for (const text of ['', '0', '-1', '2 gigs', '2GB', '1e3', '0MiB'])
      assert.throws(() => parseSize(text), refusal(/for example 512MiB, 2GiB/), text)
  })
})
