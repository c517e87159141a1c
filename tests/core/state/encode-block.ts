import type { StateBlock } from '../../../core/ports/operator.ts'
import { blockBytes, sealBlock, writeBlock } from '../../../core/state/block.ts'

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
