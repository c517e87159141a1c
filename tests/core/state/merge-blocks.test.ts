import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { decodeBlock, sealBlock } from '../../../core/state/block.ts'
import { mergeBlocks } from '../../../core/state/merge-blocks.ts'
import { encodeBlock } from './encode-block.ts'

type Entries = readonly (readonly [key: number, time: number])[]

const blocksOfEntries = fc.array(fc.uniqueArray(fc.tuple(fc.nat(60), fc.nat(100)), { selector: (entry) => entry[0] }))

describe('mergeBlocks', () => {
  it('keeps the newest entry of each key and leaves out what is older than the horizon', () => {
    fc.assert(
      fc.property(blocksOfEntries, fc.nat(100), (blocks, horizon) => {
        const newest = new Map(blocks.flat())
        const expected = [...newest].filter(([, time]) => time >= horizon)
        assert.deepEqual(entriesOf(mergeBlocks(blocks.map(blockOf), horizon)), expected)
      }),
    )
  })

  it('may be done in steps', () => {
    fc.assert(
      fc.property(blocksOfEntries, fc.nat(60), (blocks, horizon) => {
        const encoded = blocks.map(blockOf)
        const first = mergeBlocks(encoded.slice(0, 2), Number.NEGATIVE_INFINITY)
        sealBlock(first)
        assert.deepEqual(mergeBlocks([first, ...encoded.slice(2)], horizon), mergeBlocks(encoded, horizon))
      }),
    )
  })

  it('may give a block without entries', () => {
    assert.deepEqual(entriesOf(mergeBlocks([blockOf([[1, 5]])], 6)), [])
    assert.deepEqual(entriesOf(mergeBlocks([], 0)), [])
  })

  it('refuses a damaged block', () => {
    const damaged = blockOf([[1, 5]])
    damaged[20]! ^= 1
    assert.throws(() => mergeBlocks([blockOf([]), damaged], 0), { code: 'MR_STATE_CORRUPT' })
  })
})

function blockOf(entries: Entries): Uint8Array {
  const words = Int32Array.from(entries.flatMap(([key]) => [0, 0, key % 3, key]))
  const times = Float64Array.from(entries, ([, time]) => time)
  return encodeBlock(words, times, entries.length)
}

function entriesOf(block: Uint8Array): Entries {
  sealBlock(block)
  const { words, times, count } = decodeBlock(block)
  return Array.from({ length: count }, (_, i) => [words[4 * i + 3]!, times[i]!] as const)
}
