import type { StateBlock } from '../../../core/ports/operator.ts'
import { blockBytes, sealBlock, writeBlock } from '../../../core/state/block.ts'
import { mergeBlocks } from '../../../core/state/merge-blocks.ts'

/** The first `count` entries as a block of its own. */
export function encodeBlock(words: Int32Array, times: Float64Array, count: number): Uint8Array {
  const bytes = new Uint8Array(blockBytes(count))
  writeBlock(bytes, { words, times, count })
  sealBlock(bytes)
  return bytes
}

/** Blocks that an operator handed over, as they are stored. */
export function sealed(blocks: readonly StateBlock[]): readonly StateBlock[] {
  for (const { bytes } of blocks) sealBlock(bytes)
  return blocks
}

/** As a merge leaves them: one block per key group, as it is stored. */
export function merged(blocks: readonly StateBlock[], horizon: number): readonly StateBlock[] {
  const byKeyGroup = Map.groupBy(blocks, ({ keyGroup }) => keyGroup)
  return sealed(
    [...byKeyGroup].map(([keyGroup, ofGroup]) => {
      const bytes = mergeBlocks(
        ofGroup.map((block) => block.bytes),
        horizon,
      )
      return { keyGroup, bytes, entries: 0 }
    }),
  )
}
