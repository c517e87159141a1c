import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ownBuffers, PIECE_ENTRIES, PooledMemory } from '../../../core/state/entry-memory.ts'

describe('PooledMemory', () => {
  it('gives a piece again that came back, with an index of zeros', () => {
    const memory = new PooledMemory()
    const piece = memory.take(PIECE_ENTRIES)
    piece.index.fill(7)
    memory.give(piece)
    assert.equal(memory.take(PIECE_ENTRIES), piece)
    assert.ok(piece.index.every((place) => place === 0))
    assert.notEqual(memory.take(PIECE_ENTRIES), piece)
  })

  it('keeps as many free pieces as are in use and a few, and lets go of others', () => {
    const memory = new PooledMemory()
    const pieces = Array.from({ length: 100 }, () => memory.take(PIECE_ENTRIES))
    for (const piece of pieces) memory.give(piece)
    const known = new Set(pieces)
    const again = Array.from({ length: 100 }, () => memory.take(PIECE_ENTRIES))
    const kept = again.filter((piece) => known.has(piece)).length
    assert.ok(kept > 16 && kept < 70, `${kept} pieces were kept`)
  })

  it('takes buffers that are given back at once where a group is small, or larger than a piece', () => {
    const memory = new PooledMemory()
    for (const entries of [1, PIECE_ENTRIES / 2, PIECE_ENTRIES + 1]) {
      const capacity = memory.capacityFor(entries)
      const arrays = memory.take(capacity)
      assert.equal(capacity, ownBuffers.capacityFor(entries))
      assert.equal(arrays.times.length, capacity)
      assert.ok(arrays.words.buffer instanceof ArrayBuffer)
      memory.give(arrays)
    }
    assert.equal(memory.capacityFor(PIECE_ENTRIES / 2 + 1), PIECE_ENTRIES)
    assert.ok(memory.take(PIECE_ENTRIES).words.buffer instanceof SharedArrayBuffer)
  })
})
