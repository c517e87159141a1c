import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CountingHash, hashText, sumOf } from '../../../benchmarks/orders/counting-hash.ts'

const encoder = new TextEncoder()

function hashed(...results: readonly (readonly (string | number)[])[]) {
  const hash = new CountingHash()
  for (const parts of results) {
    for (const part of parts) {
      if (typeof part === 'number') hash.addNumber(part)
      else hash.addBytes(encoder.encode(part), 0, encoder.encode(part).length)
    }
    hash.end()
  }
  return hash.take()
}

describe('the counting hash', () => {
  it('gives what the Java class gives', () => {
    const totals = hashed(['6e7a644e-000000000', -13439, 1709251199614], ['a'])
    assert.equal(totals.results, 2)
    assert.equal(hashText(totals), 'c836e83939264b87')
  })

  it('does not depend on the order of results, nor on how they are spread over hashes', () => {
    const results = Array.from({ length: 1_000 }, (_, at) => [`order-${at}`, at * 977])
    const all = hashed(...results)
    assert.deepEqual(hashed(...results.toReversed()), all)
    assert.deepEqual(sumOf(hashed(...results.slice(0, 300)), hashed(...results.slice(300))), all)
  })

  it('tells one digit, the border between two parts and a missing result', () => {
    assert.notEqual(hashText(hashed(['a', 12])), hashText(hashed(['a', 13])))
    assert.notEqual(hashText(hashed(['a', '12'])), hashText(hashed(['a1', '2'])))
    assert.notEqual(hashText(hashed(['a'], ['a'])), hashText(hashed(['a'])))
    assert.equal(hashText(hashed(['a', 12])), hashText(hashed(['a', '12'])))
  })

  it('writes numbers as JavaScript does', () => {
    for (let power = 1; power < Number.MAX_SAFE_INTEGER; power *= 10)
      for (const number of [power - 1, power, -power, 1.7 * power, 3 * power + 1].map(Math.trunc))
        assert.deepEqual(hashed([number]), hashed([String(number === 0 ? 0 : number)]), String(number))
    for (const number of [1709251199614, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER])
      assert.deepEqual(hashed([number]), hashed([String(number)]), String(number))
  })

  it('refuses a result that is too long, instead of cutting it off', () => {
    assert.throws(() => hashed(['x'.repeat(2_000)]), /more than 1016 bytes/)
  })
})
