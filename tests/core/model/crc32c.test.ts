import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { crc32c, joinCrc32c } from '../../../core/model/crc32c.ts'

describe('crc32c', () => {
  it('gives the check value of the standard', () => {
    assert.equal(crc32c(new TextEncoder().encode('123456789')), 0xe3069283)
  })

  it('gives the values of RFC 3720, appendix B.4', () => {
    assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa)
    assert.equal(crc32c(new Uint8Array(32).fill(255)), 0x62a8ab43)
    assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e)
  })

  it('does not depend on where the bytes lie, and goes on from a first part', () => {
    // Long ones are the processor's.
    const short = fc.uint8Array({ maxLength: 100 })
    const long = fc.uint8Array({ minLength: 1_000, maxLength: 1_200 })
    const property = fc.property(fc.oneof(short, long), fc.nat(7), fc.nat(1_200), (bytes, shift, cut) => {
      const shifted = new Uint8Array(shift + bytes.length)
      shifted.set(bytes, shift)
      assert.equal(crc32c(shifted.subarray(shift)), bitwise(bytes))
      assert.equal(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut))), bitwise(bytes))
    })
    fc.assert(property)
  })

  it('of two parts follows from that of each', () => {
    const bytes = fc.uint8Array({ maxLength: 100 })
    fc.assert(
      fc.property(bytes, bytes, (first, second) => {
        const joined = joinCrc32c(crc32c(first), crc32c(second), second.length)
        assert.equal(joined, bitwise(Uint8Array.of(...first, ...second)))
      }),
    )
  })
})

/** The definition, bit by bit. */
function bitwise(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0x82f63b78 & -(crc & 1))
  }
  return ~crc >>> 0
}
