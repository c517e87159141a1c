import { beginBlock, blockBytes, blockVersion, decodeBlock, entriesIn } from './block.ts'
import { ExactGroup } from './exact-group.ts'
import { FingerprintGroup } from './fingerprint-group.ts'
import { KeyedValues } from './keyed-values.ts'
import { decodePaneBlock } from './pane-block.ts'
import { paneSnapshot } from './pane-snapshot.ts'

/**
 * One block instead of many of one key group, given oldest first: the newest entry of each key wins, in a window where the blocks
 * hold panes; then those older than `horizon` are left out. The result may be without entries, and has no checksum until
 * `sealBlock`. Pure: equal input gives equal bytes.
 */
export function mergeBlocks(blocks: readonly Uint8Array[], horizon: number): Uint8Array {
  switch (blocks[0] === undefined ? 1 : blockVersion(blocks[0])) {
    case 2:
      return mergePanes(blocks, horizon)
    case 3:
      return mergeKeys(blocks, horizon)
    default:
      return mergeTimes(blocks, horizon)
  }
}

function mergeTimes(blocks: readonly Uint8Array[], horizon: number): Uint8Array {
  const merged = new FingerprintGroup()
  merged.reserve(blocks.reduce((sum, block) => sum + entriesIn(block), 0))
  for (const block of blocks) {
    const { words, times, count } = decodeBlock(block)
    for (let i = 0; i < count; i++) merged.put(words, 4 * i, times[i]!)
  }
  merged.compact(horizon)
  const block = new Uint8Array(blockBytes(merged.changed))
  merged.snapshot(beginBlock(block, merged.changed), 0)
  merged.free()
  return block
}

function mergePanes(blocks: readonly Uint8Array[], horizon: number): Uint8Array {
  const panes = new Map<number, KeyedValues>()
  for (const block of blocks) {
    const entries = decodePaneBlock(block)
    for (let i = 0; i < entries.count; i++) {
      const start = entries.times[i]!
      if (start < horizon) continue
      const values = panes.get(start) ?? new KeyedValues(entries.slots)
      panes.set(start, values)
      values.put(entries, i)
    }
  }
  const inOrder = [...panes].sort(([a], [b]) => a - b)
  const { bytes } = paneSnapshot(inOrder.map(([start, values]) => ({ start, values, positions: values.positions() })))
  for (const values of panes.values()) values.free()
  return bytes
}

function mergeKeys(blocks: readonly Uint8Array[], horizon: number): Uint8Array {
  const merged = new ExactGroup()
  merged.dropBefore(horizon)
  for (const block of blocks) merged.load(decodePaneBlock(block, 3))
  const { bytes } = merged.snapshot()
  merged.free()
  return bytes
}
