import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  blockKey,
  followingBytes,
  groupsOf,
  inStoredOrder,
  MERGE_AT,
  mergesDue,
} from '../../../core/checkpoint/block-table.ts'
import type { BlockEntry } from '../../../core/checkpoint/epoch-marker.ts'

function entry(epoch: number, sizeBytes: number, place: Partial<BlockEntry> = {}): BlockEntry {
  return { operator: 'unique', keyGroup: 3, from: epoch, to: epoch, sizeBytes, crc: 0, latest: 0, ...place }
}

const epochsOf = (run: readonly BlockEntry[]) => [run[0]!.from, run.at(-1)!.to]
const group = (...sizes: readonly number[]) => sizes.map((size, index) => entry(index + 1, size))

describe('blockKey', () => {
  it('sorts by operator, key group and epoch', () => {
    const entries = [
      entry(2, 1, { keyGroup: 2 }),
      entry(10, 1, { keyGroup: 2 }),
      entry(1, 1, { keyGroup: 16 }),
      entry(1, 1, { keyGroup: 255 }),
      entry(1, 1, { operator: 'zebra', keyGroup: 0 }),
    ]
    const keys = entries.map(blockKey)
    assert.deepEqual([...keys].sort(), keys)
  })
})

describe('groupsOf', () => {
  it('gathers the blocks of one operator and key group, oldest first', () => {
    const blocks = [entry(3, 1), entry(1, 1, { keyGroup: 4 }), entry(1, 1), entry(2, 1, { operator: 'other' })]
    assert.deepEqual(
      groupsOf(blocks).map((run) => run.map(({ operator, keyGroup, from }) => `${operator}/${keyGroup}/${from}`)),
      [['unique/3/1', 'unique/3/3'], ['unique/4/1'], ['other/3/2']],
    )
  })
})

describe('inStoredOrder', () => {
  it('gives neighbouring key groups, which belong to different workers, one after the other', () => {
    const places = [0, 2, 1, 3].flatMap((keyGroup) => [2, 1].map((epoch) => entry(epoch, 1, { keyGroup })))
    assert.deepEqual(
      inStoredOrder(places).map(({ keyGroup, from }) => `${keyGroup}/${from}`),
      ['0/1', '0/2', '1/1', '1/2', '2/1', '2/2', '3/1', '3/2'],
    )
  })
})

describe('followingBytes', () => {
  it('tells what is still to come of the same operator and key group', () => {
    const blocks = [
      entry(1, 10),
      entry(2, 20),
      entry(3, 30),
      entry(1, 5, { keyGroup: 4 }),
      entry(1, 7, { operator: 'zebra' }),
    ]
    assert.deepEqual(followingBytes(blocks), [50, 30, 0, 0, 0])
  })
})

describe('mergesDue', () => {
  it('leaves a group with few blocks alone', () => {
    assert.deepEqual(mergesDue(group(...new Array(MERGE_AT - 1).fill(10)), 16), [])
  })

  it('merges all blocks of a group where they are alike', () => {
    assert.deepEqual(mergesDue(group(...new Array(MERGE_AT).fill(10)), 16).map(epochsOf), [[1, MERGE_AT]])
  })

  it('spares a block that is large against all after it', () => {
    assert.deepEqual(mergesDue(group(1000, 10, 10, 10, 10, 10, 10, 10), 16).map(epochsOf), [[2, 8]])
  })

  it('merges nothing where even the newest two are not worth it', () => {
    assert.deepEqual(mergesDue(group(100, 100, 100, 100, 100, 100, 100, 1), 16), [])
  })

  it('takes at most so many groups at once', () => {
    const blocks = [1, 2, 3].flatMap((keyGroup) => group(...new Array(8).fill(5)).map((one) => ({ ...one, keyGroup })))
    assert.deepEqual(
      mergesDue(blocks, 2).map((run) => run[0]!.keyGroup),
      [1, 2],
    )
  })

  it('rewrites each entry a logarithmic number of times and keeps few blocks, whatever the sizes', () => {
    const sizes = fc.oneof(
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 100, maxLength: 600 }),
      fc.array(fc.constantFrom(1, 1, 1, 1, 1000), { minLength: 100, maxLength: 600 }),
      fc
        .tuple(fc.integer({ min: 100, max: 5000 }), fc.nat(12))
        .map(([large, count]) => [...new Array<number>(count).fill(large), ...new Array<number>(400).fill(1)]),
    )
    fc.assert(fc.property(sizes, checkAmortization), { numRuns: 60 })
  })
})

interface Written {
  readonly block: BlockEntry
  /** How often its most rewritten entry was written again. */
  readonly rewrites: number
}

/** Epoch by epoch: a new block comes, what is due is merged. */
function checkAmortization(sizes: readonly number[]): void {
  const total = sizes.reduce((sum, size) => sum + size, 0)
  const bound = Math.ceil(Math.log(total) / Math.log(1.5)) + 2
  let blocks: readonly Written[] = []
  for (const [index, size] of sizes.entries()) {
    blocks = mergeOnce([...blocks, { block: entry(index + 1, size), rewrites: 0 }])
    const most = Math.max(...blocks.map(({ rewrites }) => rewrites))
    assert.ok(most <= bound, `epoch ${index + 1}: an entry was rewritten ${most} times, ${bound} are allowed`)
    assert.ok(blocks.length <= MERGE_AT + 1 + Math.log2(total), `epoch ${index + 1}: ${blocks.length} blocks`)
  }
  assert.equal(
    blocks.reduce((sum, { block }) => sum + block.sizeBytes, 0),
    total,
  )
}

function mergeOnce(blocks: readonly Written[]): readonly Written[] {
  const due = mergesDue(
    blocks.map(({ block }) => block),
    1,
  )[0]
  if (due === undefined) return blocks
  const first = blocks.length - due.length
  const sources = blocks.slice(first)
  assert.deepEqual(
    sources.map(({ block }) => block),
    due,
    'the newest blocks, with none left out',
  )
  const sizeBytes = due.reduce((sum, { sizeBytes: size }) => sum + size, 0)
  const merged = entry(0, sizeBytes, { from: due[0]!.from, to: due.at(-1)!.to })
  return [
    ...blocks.slice(0, first),
    { block: merged, rewrites: 1 + Math.max(...sources.map(({ rewrites }) => rewrites)) },
  ]
}
