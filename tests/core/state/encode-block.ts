import { blockBytes, writeBlock } from '../../../core/state/block.ts'

/** The first `count` entries as a block of its own. */
export function encodeBlock(words: Int32Array, times: Float64Array, count: number): Uint8Array {
  const bytes = new Uint8Array(blockBytes(count))
  writeBlock(bytes, { words, times, count })
  return bytes
}
