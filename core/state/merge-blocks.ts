import { blockBytes, decodeBlock, entriesIn } from './block.ts'
import { FingerprintGroup } from './fingerprint-group.ts'

/**
 * One block instead of many of one key group, given oldest first: the newest entry of each key wins, then those older
 * than `horizon` are left out. The result may be without entries. Pure: equal input gives equal bytes.
 */
export function mergeBlocks(blocks: readonly Uint8Array[], horizon: number): Uint8Array {
  const merged = new FingerprintGroup()
  merged.reserve(blocks.reduce((sum, block) => sum + entriesIn(block), 0))
  for (const block of blocks) {
    const { words, times, count } = decodeBlock(block)
    for (let i = 0; i < count; i++) merged.put(words, 4 * i, times[i]!)
  }
  merged.compact(horizon)
  const block = new Uint8Array(blockBytes(merged.changed))
  merged.snapshot(block)
  merged.free()
  return block
}
