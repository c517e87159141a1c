import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { crc32c } from '../../../core/model/crc32c.ts'
import { blockBytes, crcByHead, decodeBlock, sealBlock, writeBlock } from '../../../core/state/block.ts'
import { encodeBlock } from './encode-block.ts'

const words = Int32Array.from([1, -2, 3, -4, 5, 6, 7, 8])
const times = Float64Array.from([1_700_000_000_000.125, -5])
const block = encodeBlock(words, times, 2)

describe('block', () => {
  it('gives back what was encoded, wherever its bytes lie', () => {
    for (let shift = 0; shift < 9; shift++) {
      const shifted = new Uint8Array(shift + block.length)
      shifted.set(block, shift)
      assert.deepEqual(decodeBlock(shifted.subarray(shift)), { words, times, count: 2 })
    }
  })

  it('does not copy aligned bytes', () => {
    assert.equal(decodeBlock(block).words.buffer, block.buffer)
  })

  it('may be without entries', () => {
    const empty = encodeBlock(new Int32Array(0), new Float64Array(0), 0)
    assert.deepEqual(decodeBlock(empty), { words: new Int32Array(0), times: new Float64Array(0), count: 0 })
  })

  it('cannot be read before it is sealed, which tells the checksum of the whole', () => {
    const bytes = new Uint8Array(blockBytes(2))
    writeBlock(bytes, { words, times, count: 2 })
    assert.throws(() => decodeBlock(bytes), { code: 'MR_STATE_CORRUPT' })
    assert.equal(sealBlock(bytes), crc32c(bytes))
    assert.deepEqual(bytes, block)
    assert.equal(sealBlock(bytes), crc32c(block), 'once more')
  })

  it('is known by its head, whatever the rest holds', () => {
    assert.equal(crcByHead(block), crc32c(block))
    const damaged = block.slice()
    damaged[20]! ^= 1
    assert.equal(crcByHead(damaged), crc32c(block), 'its reader finds that out')
    for (let bit = 0; bit < 8 * 16; bit++) {
      const other = block.slice()
      other[bit >> 3]! ^= 1 << (bit & 7)
      assert.notEqual(crcByHead(other), crc32c(block))
    }
  })

  it('refuses every single flipped bit', () => {
    for (let bit = 0; bit < 8 * block.length; bit++) {
      const damaged = block.slice()
      damaged[bit >> 3]! ^= 1 << (bit & 7)
      assert.throws(() => decodeBlock(damaged), { code: 'MR_STATE_CORRUPT' })
    }
  })

  it('refuses bytes that are cut or go on', () => {
    for (let length = 0; length < block.length; length++) {
      assert.throws(() => decodeBlock(block.subarray(0, length)), { code: 'MR_STATE_CORRUPT' })
    }
    const longer = new Uint8Array(block.length + 24)
    longer.set(block)
    assert.throws(() => decodeBlock(longer), { code: 'MR_STATE_CORRUPT' })
  })

  it('refuses a length that does not fit the count even under a fitting checksum', () => {
    const longer = new Uint8Array(block.length + 8)
    longer.set(block)
    assert.throws(() => decodeBlock(resealed(longer)), { code: 'MR_STATE_CORRUPT', message: /length/ })
  })

  it('names a newer format as such', () => {
    const newer = block.slice()
    newer[4] = 4
    assert.throws(() => decodeBlock(resealed(newer)), { code: 'MR_STATE_FORMAT' })
  })

  it('never fails on arbitrary bytes but by its code', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        assert.throws(() => decodeBlock(bytes), { code: 'MR_STATE_CORRUPT' })
      }),
    )
  })
})

function resealed(bytes: Uint8Array): Uint8Array {
  new DataView(bytes.buffer).setUint32(12, crc32c(bytes.subarray(16), crc32c(bytes.subarray(0, 12))), true)
  return bytes
}
