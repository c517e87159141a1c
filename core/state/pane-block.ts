import { type BlockEntries, blockBytes, corruptBlock, entriesOf, openBlock, writeEntries, writeHead } from './block.ts'

/**
 * Blocks with keys. After the entries of version 1: u32 slots s · u32 bytes of keys k · n times s accumulators of 8 bytes (IEEE
 * double) · n u32 ends of keys · k bytes of keys, one after the other · zeros up to a multiple of eight.
 *
 * Format version 2 holds panes: the times are the beginnings of windows, and of each window and key the newest entry counts. Version 3
 * has no slots: the times are those of the keys, and of each key the greatest counts.
 */
const SIZES_BYTES = 8

export type KeyedVersion = 2 | 3

/** What a block with keys holds. `keys` are canonical key bytes; key i ends at `keyEnds[i]`. */
export interface PaneEntries extends BlockEntries {
  readonly slots: number
  readonly values: Float64Array
  readonly keyEnds: Uint32Array
  readonly keys: Uint8Array
}

/** How large a block with keys is. */
export interface PaneBlockSize {
  readonly count: number
  readonly slots: number
  readonly keyBytes: number
}

/** A multiple of eight. */
export function paneBlockBytes({ count, slots, keyBytes }: PaneBlockSize): number {
  return 8 * Math.ceil((keysAt({ count, slots }) + keyBytes) / 8)
}

/** As `writeBlock`, into `target`, which is zeroed: it has no checksum until `sealBlock`. */
export function writePaneBlock(target: Uint8Array, entries: PaneEntries, version: KeyedVersion = 2): void {
  const { count, slots, values, keyEnds, keys } = entries
  writeEntries(target, entries)
  const { buffer, byteOffset } = target
  const at = byteOffset + blockBytes(count)
  new Uint32Array(buffer, at, 2).set([slots, keys.length])
  new Float64Array(buffer, at + SIZES_BYTES, slots * count).set(values)
  new Uint32Array(buffer, at + SIZES_BYTES + 8 * slots * count, count).set(keyEnds)
  target.set(keys, keysAt(entries))
  writeHead(target, version, count)
}

/** The entries of a block: views or copies as in `decodeBlock`, with the same errors. */
export function decodePaneBlock(bytes: Uint8Array, wanted: KeyedVersion = 2): PaneEntries {
  const { aligned, version, count } = openBlock(bytes)
  if (version !== wanted) throw corruptBlock(wanted === 2 ? 'it holds no panes' : 'it holds no keys', bytes)
  const { buffer, byteOffset } = aligned
  const sizesAt = blockBytes(count)
  if (aligned.length < sizesAt + SIZES_BYTES) throw corruptBlock(`its length does not fit ${count} entries`, bytes)
  const [slots, keyBytes] = new Uint32Array(buffer, byteOffset + sizesAt, 2) as unknown as [number, number]
  if (aligned.length !== paneBlockBytes({ count, slots, keyBytes }))
    throw corruptBlock(`its length does not fit ${count} entries of ${slots} slots`, bytes)
  const valuesAt = byteOffset + sizesAt + SIZES_BYTES
  const keyEnds = new Uint32Array(buffer, valuesAt + 8 * slots * count, count)
  const end = keysAt({ count, slots })
  return {
    ...entriesOf(aligned, count),
    slots,
    values: new Float64Array(buffer, valuesAt, slots * count),
    keyEnds,
    keys: aligned.subarray(end, end + keyBytes),
  }
}

function keysAt({ count, slots }: Omit<PaneBlockSize, 'keyBytes'>): number {
  return blockBytes(count) + SIZES_BYTES + 8 * slots * count + 4 * count
}
