import type { KeyedValues } from './keyed-values.ts'
import { type PaneEntries, paneBlockBytes, writePaneBlock } from './pane-block.ts'

/** Some of the entries of `values`: those at `positions`. */
export interface Slice {
  readonly values: KeyedValues
  readonly positions: Int32Array
}

/** Some entries of the window that begins at `start`. */
export interface PaneSlice extends Slice {
  readonly start: number
}

/** Entries of one key group as a block; the caller owns the bytes. */
export function paneSnapshot(slices: readonly PaneSlice[]): { readonly bytes: Uint8Array; readonly entries: number } {
  const slots = slices[0]?.values.slots ?? 0
  const entries = keysAt(slices)
  const count = entries.keyEnds.length
  const times = new Float64Array(count)
  const accumulators = new Float64Array(slots * count)
  let at = 0
  for (const { start, values, positions } of slices) {
    times.fill(start, at, at + positions.length)
    for (const position of positions) {
      for (let slot = 0; slot < slots; slot++) accumulators[slots * at + slot] = values.values[slots * position + slot]!
      at++
    }
  }
  const bytes = new Uint8Array(paneBlockBytes({ count, slots, keyBytes: entries.keys.length }))
  writePaneBlock(bytes, { ...entries, times, count, slots, values: accumulators })
  return { bytes, entries: count }
}

/** Hashes and canonical bytes of the keys of entries, as a block has them. */
export function keysAt(slices: readonly Slice[]): Pick<PaneEntries, 'words' | 'keyEnds' | 'keys'> {
  const count = slices.reduce((sum, { positions }) => sum + positions.length, 0)
  const words = new Int32Array(4 * count)
  const keyEnds = new Uint32Array(count)
  const keys = new Uint8Array(slices.reduce((sum, { values, positions }) => sum + values.keyBytes(positions), 0))
  let at = 0
  let end = 0
  for (const { values, positions } of slices) {
    for (const position of positions) {
      for (let word = 0; word < 4; word++) words[4 * at + word] = values.wordAt(position, word)
      end = values.copyKey(position, keys, end)
      keyEnds[at++] = end
    }
  }
  return { words, keyEnds, keys }
}
