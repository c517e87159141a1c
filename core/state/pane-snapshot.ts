import { paneBlockBytes, writePaneBlock } from './pane-block.ts'
import type { PaneGroup } from './pane-group.ts'

/** The part of one window in one key group. */
export interface PaneEntry {
  readonly start: number
  readonly group: PaneGroup
}

/** What changed in the panes of one key group since the last time, as a block; the caller owns the bytes. */
export function paneSnapshot(panes: readonly PaneEntry[]): { readonly bytes: Uint8Array; readonly entries: number } {
  const slots = panes[0]?.group.slots ?? 0
  const count = panes.reduce((sum, { group }) => sum + group.changed, 0)
  const keyBytes = panes.reduce((sum, { group }) => sum + group.changedKeyBytes, 0)
  const words = new Int32Array(4 * count)
  const times = new Float64Array(count)
  const values = new Float64Array(slots * count)
  const keyEnds = new Uint32Array(count)
  const keys = new Uint8Array(keyBytes)
  let at = 0
  let end = 0
  for (const { start, group } of panes) {
    group.takeChanged((position) => {
      for (let word = 0; word < 4; word++) words[4 * at + word] = group.wordAt(position, word)
      for (let slot = 0; slot < slots; slot++) values[slots * at + slot] = group.values[slots * position + slot]!
      times[at] = start
      end = group.copyKey(position, keys, end)
      keyEnds[at++] = end
    })
  }
  const bytes = new Uint8Array(paneBlockBytes({ count, slots, keyBytes }))
  writePaneBlock(bytes, { words, times, count, slots, values, keyEnds, keys })
  return { bytes, entries: count }
}
