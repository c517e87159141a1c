import assert from 'node:assert/strict'
import { it } from 'node:test'
import { MemoryPool } from '../../../../connectors/delta/write/memory-pool.ts'

it('memory comes in powers of two and at least 4 KiB', () => {
  const pool = new MemoryPool(1 << 20)
  assert.deepEqual(
    [1, 4_096, 4_097, 65_536, 65_537].map((bytes) => pool.take(bytes).byteLength),
    [4_096, 4_096, 8_192, 65_536, 131_072],
  )
})

it('what was given serves the next of its size, and only that', () => {
  const pool = new MemoryPool(1 << 20)
  const [small, large] = [pool.take(5_000), pool.take(50_000)]
  pool.give(small)
  pool.give(large)
  assert.equal(pool.take(33_000), large)
  assert.notEqual(pool.take(33_000), large)
  assert.equal(pool.take(8_192), small)
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
