import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Packr } from 'msgpackr'
import { valueCodec } from '../../state/value-codec.ts'

const codec = valueCodec()

const scalars = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.double().map((value) => (value === 0 ? 0 : value)),
  fc.maxSafeInteger(),
  fc.boolean(),
  fc.constant(null),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Uint8Array.from(bytes)),
)
const { value: values } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    scalars,
    fc.array(tie('value')),
    fc.dictionary(fc.string(), tie('value'), { noNullPrototype: true }),
  ),
}))

describe('valueCodec', () => {
  it('gives back what was encoded', () => {
    fc.assert(fc.property(values, (value) => assert.deepEqual(codec.decode(codec.encode(value)), value)))
  })

  it('gives equal bytes for equal values, whatever the order of fields', () => {
    const shuffled = { c: [{ y: 1, x: 2 }], a: 1n, b: undefined }
    assert.deepEqual(codec.encode(shuffled), valueCodec().encode({ a: 1n, c: [{ x: 2, y: 1 }] }))
    fc.assert(fc.property(values, (value) => assert.deepEqual(codec.encode(reversed(value)), codec.encode(value))))
  })

  it('keeps number and bigint apart, and whole numbers beyond 32 bits exact', () => {
    const value = [5, 5n, 2 ** 40, 2n ** 40n, Number.MAX_SAFE_INTEGER, -(2 ** 33)]
    assert.deepEqual(codec.decode(codec.encode(value)), value)
  })

  it('builds nothing but plain data from a field called __proto__', () => {
    const value: unknown = JSON.parse('{"__proto__": {"polluted": 1}, "constructor": 2}')
    const decoded = codec.decode(codec.encode(value))
    assert.deepEqual(Object.entries(decoded ?? {}), [
      ['__proto__', { polluted: 1 }],
      ['constructor', 2],
    ])
    assert.equal(Object.getPrototypeOf(decoded), Object.prototype)
  })

  it('takes objects with more than 65535 fields and long text', () => {
    const many = Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`k${i}`, i]))
    const value = { many, text: 'ä'.repeat(100_000) }
    assert.deepEqual(codec.decode(codec.encode(value)), value)
  })

  it('does not let the encoded bytes or the decoded ones change with later use', () => {
    const first = codec.encode({ a: Uint8Array.of(1, 2, 3) })
    const copy = first.slice()
    const decoded = codec.decode(first)
    codec.encode({ b: 'other' })
    assert.deepEqual(first, copy)
    first.fill(0)
    assert.deepEqual(decoded, { a: Uint8Array.of(1, 2, 3) })
  })

  it('refuses what is not plain data', () => {
    for (const value of [
      undefined,
      [undefined],
      () => 1,
      Symbol('a'),
      new Date(0),
      new Map(),
      /a/,
      2n ** 64n,
      new Error('a'),
    ]) {
      assert.throws(() => codec.encode({ a: [value] }), { code: 'MR_INTERNAL' })
    }
  })

  it('refuses extension types and everything else that is no value', () => {
    const extended = new Packr({ moreTypes: true, structuredClone: true, useRecords: true })
    for (const value of [new Date(0), /a/, new Error('a'), new Set([1]), { a: 1 }, new Float64Array(2)]) {
      assert.throws(() => codec.decode(Uint8Array.from(extended.pack(value))), { code: 'MR_STATE_CORRUPT' })
    }
    const whole = codec.encode({ a: 'text', b: [1, 2] })
    for (let length = 0; length < whole.length; length++) {
      assert.throws(() => codec.decode(whole.subarray(0, length)), { code: 'MR_STATE_CORRUPT' })
    }
    assert.throws(() => codec.decode(Uint8Array.of(...whole, 1)), { code: 'MR_STATE_CORRUPT' })
  })

  it('fails on arbitrary bytes by its code, or gives plain data', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const outcome = decoded(bytes)
        if (outcome instanceof Error) assert.equal('code' in outcome && outcome.code, 'MR_STATE_CORRUPT')
        else assert.doesNotThrow(() => codec.encode(outcome))
      }),
      { numRuns: 2_000 },
    )
  })
})

function decoded(bytes: Uint8Array): unknown {
  try {
    return codec.decode(bytes)
  } catch (error) {
    return error
  }
}

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, of]) => [key, reversed(of)]),
  )
}
