import type { KeyedValues } from './keyed-values.ts'
import { paneBlockBytes, writePaneBlock } from './pane-block.ts'

/** Some entries of the window that begins at `start`: those at `positions` of `values`. */
export interface PaneSlice {
  readonly start: number
  readonly values: KeyedValues
  readonly positions: Int32Array
}

/** Entries of one key group as a block; the caller owns the bytes. */
export function paneSnapshot(slices: readonly PaneSlice[]): { readonly bytes: Uint8Array; readonly entries: number } {
  const slots = slices[0]?.values.slots ?? 0
  const count = slices.reduce((sum, { positions }) => sum + positions.length, 0)
  const keyBytes = slices.reduce((sum, { values, positions }) => sum + values.keyBytes(positions), 0)
  const words = new Int32Array(4 * count)
  const times = new Float64Array(count)
  const accumulators = new Float64Array(slots * count)
  const keyEnds = new Uint32Array(count)
  const keys = new Uint8Array(keyBytes)
  let at = 0
  let end = 0
  for (const { start, values, positions } of slices) {
    for (const position of positions) {
      for (let word = 0; word < 4; word++) words[4 * at + word] = values.wordAt(position, word)
      for (let slot = 0; slot < slots; slot++) accumulators[slots * at + slot] = values.values[slots * position + slot]!
      times[at] = start
      end = values.copyKey(position, keys, end)
      keyEnds[at++] = end
    }
  }
  const bytes = new Uint8Array(paneBlockBytes({ count, slots, keyBytes }))
  writePaneBlock(bytes, { words, times, count, slots, values: accumulators, keyEnds, keys })
  return { bytes, entries: count }
}
