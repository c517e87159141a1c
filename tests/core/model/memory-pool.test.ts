import assert from 'node:assert/strict'
import { it } from 'node:test'
import { MemoryPool } from '../../../core/model/memory-pool.ts'

it('memory comes in powers of two from 4 KiB on, below just as large as asked', () => {
  const pool = new MemoryPool(1 << 20)
  assert.deepEqual(
    [0, 1, 4_095, 4_096, 4_097, 65_536, 65_537].map((bytes) => pool.take(bytes).byteLength),
    [0, 1, 4_095, 4_096, 8_192, 65_536, 131_072],
  )
})

it('the smallest idle piece that fits serves, up to four times as large as needed', () => {
  const pool = new MemoryPool(1 << 20)
  const [small, large] = [pool.take(8_192), pool.take(65_536)]
  pool.give(large)
  pool.give(small)
  assert.equal(pool.take(4_097), small)
  assert.equal(pool.take(8_192).byteLength, 8_192)
  assert.equal(pool.take(8_193), large)
  assert.equal(pool.take(8_193).byteLength, 16_384)
})

it('memory above the limit or of another size goes back to the system', () => {
  const pool = new MemoryPool(20_000)
  const [first, second] = [pool.take(16_384), pool.take(16_384)]
  const odd = new ArrayBuffer(5_000)
  for (const memory of [first, second, odd]) pool.give(memory)
  assert.deepEqual(
    [first, second, odd].map(({ byteLength }) => byteLength),
    [16_384, 0, 0],
  )
  assert.equal(pool.take(16_384), first)
})

it('what no row needed for a whole epoch goes back to the system', () => {
  const pool = new MemoryPool(1 << 20)
  const pieces = [pool.take(8_192), pool.take(8_192), pool.take(8_192)]
  for (const piece of pieces) pool.give(piece)
  pool.trim()
  const [used, alsoUsed] = [pool.take(8_192), pool.take(8_192)]
  pool.give(used)
  pool.give(alsoUsed)
  pool.trim()
  assert.deepEqual(pieces.map(({ byteLength }) => byteLength).sort(), [0, 8_192, 8_192])
})
