import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseJson, writeJson } from '../../../../connectors/delta/log/lossless-json.ts'

describe('lossless JSON', () => {
  it('keeps whole numbers beyond 2^53, also in nested places', () => {
    const text = '{"a":9007199254740993,"b":[-9223372036854775808,1],"c":"9007199254740993","d":1.5}'
    assert.deepEqual(parseJson(text), {
      a: 9007199254740993n,
      b: [-9223372036854775808n, 1],
      c: '9007199254740993',
      d: 1.5,
    })
    assert.equal(writeJson(parseJson(text)), text)
  })

  it('leaves numbers with a fraction or an exponent doubles', () => {
    assert.deepEqual(parseJson('{"x":1234567890123456.5,"y":1e300}'), { x: 1234567890123456.5, y: 1e300 })
  })

  it('leaves members out that are undefined', () => {
    assert.equal(writeJson({ a: undefined, b: null, c: [] }), '{"b":null,"c":[]}')
  })

  it('reads what it writes', () => {
    const leaf = fc.oneof(
      fc.string(),
      fc.boolean(),
      fc.constant(null),
      fc.maxSafeInteger(),
      fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n }),
    )
    const value = fc.dictionary(
      fc.string().filter((key) => key !== '__proto__'),
      fc.oneof(leaf, fc.array(leaf)),
      { noNullPrototype: true },
    )
    fc.assert(fc.property(value, (original) => assert.deepEqual(parseJson(writeJson(original)), original)))
  })
})
