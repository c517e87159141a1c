import { crc32c } from '../core/model/crc32c.ts'
import { MillraceError } from '../core/model/errors.ts'
import type { FileStore } from '../core/ports/file-store.ts'
import { FileWindow } from './file-window.ts'

/**
 * A table file of LevelDB: data blocks, a block of meta information, a block that indexes the data blocks, and a footer of
 * 48 bytes with the places of the last two. Each block is followed by its compression (1 byte, 0 for none) and a masked
 * CRC-32C. LevelDB checks none of these checksums when it reads, and a damaged key ends the process by an assertion.
 */
const FOOTER_BYTES = 48
const TRAILER_BYTES = 5
const MAGIC_LOW = 0x8b80fb57
const MAGIC_HIGH = 0xdb477524
const MASK_DELTA = 0xa282ead8
const UNCOMPRESSED = 0

interface BlockPlace {
  readonly offset: number
  readonly size: number
}

/** The table files in a directory of LevelDB, by name. */
export async function tableFiles(files: FileStore, directory: string): Promise<readonly string[]> {
  return (await files.list(directory)).filter((name) => /^\d+\.(ldb|sst)$/.test(name))
}

/** Checks those of the named table files that are still there. Throws `MR_STATE_CORRUPT` where one fails a checksum. */
export async function checkTables(files: FileStore, directory: string, names: readonly string[]): Promise<void> {
  const live = new Set(await tableFiles(files, directory))
  for (const name of names) {
    if (!live.has(name)) continue
    const path = `${directory}/${name}`
    if (await isWholeOrGone(files, path)) continue
    throw new MillraceError('MR_STATE_CORRUPT', `${path} is damaged: it fails its checksums`, { details: { path } })
  }
}

/** The open LevelDB compacts in the background: what it removes meanwhile is not in use any more. */
async function isWholeOrGone(files: FileStore, path: string): Promise<boolean> {
  try {
    const size = await files.size(path)
    return size === undefined || (await isWhole(new FileWindow(files, path), size))
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'MR_FILE_MISSING') return true
    throw error
  }
}

async function isWhole(window: FileWindow, size: number): Promise<boolean> {
  if (size < FOOTER_BYTES) return false
  const end = size - FOOTER_BYTES
  const footer = await window.read(end, FOOTER_BYTES)
  const view = new DataView(footer.buffer, footer.byteOffset, footer.length)
  if (footer.length < FOOTER_BYTES) return false
  if (view.getUint32(40, true) !== MAGIC_LOW || view.getUint32(44, true) !== MAGIC_HIGH) return false
  const places = new VarintReader(footer)
  const meta = places.place()
  const index = places.place()
  if (!(await isWholeBlock(window, meta, end)) || !(await isWholeBlock(window, index, end))) return false
  const content = (await window.read(index.offset, index.size + 1)).slice()
  // What LevelDB compressed cannot be walked here; stores are written without compression.
  if (content.at(-1) !== UNCOMPRESSED) return true
  for (const place of dataBlocks(content.subarray(0, -1))) {
    if (!(await isWholeBlock(window, place, end))) return false
  }
  return true
}

async function isWholeBlock(window: FileWindow, { offset, size }: BlockPlace, end: number): Promise<boolean> {
  if (offset + size + TRAILER_BYTES > end) return false
  const bytes = await window.read(offset, size + TRAILER_BYTES)
  return bytes.length === size + TRAILER_BYTES && hasChecksum(bytes)
}

/** Whether bytes end with the masked checksum of all before it. */
function hasChecksum(bytes: Uint8Array): boolean {
  const end = bytes.length - 4
  const stored = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(end, true)
  const masked = (stored - MASK_DELTA) >>> 0
  return crc32c(bytes.subarray(0, end)) === ((masked >>> 17) | (masked << 15)) >>> 0
}

/** The places that an index block holds; its checksum was found right. */
function dataBlocks(index: Uint8Array): readonly BlockPlace[] {
  const restarts = new DataView(index.buffer, index.byteOffset, index.length).getUint32(index.length - 4, true)
  const reader = new VarintReader(index)
  const places: BlockPlace[] = []
  while (reader.at < index.length - 4 - 4 * restarts) {
    reader.next()
    const keyBytes = reader.next()
    const valueBytes = reader.next()
    const valueAt = reader.at + keyBytes
    reader.at = valueAt
    places.push(reader.place())
    reader.at = valueAt + valueBytes
  }
  return places
}

/** Reads LevelDB's variable-length numbers; beyond the end it reads zeros. */
class VarintReader {
  at = 0
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  next(): number {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#bytes[this.at++] ?? 0
      value += (byte & 127) * factor
      if (byte < 128) return value
    }
  }

  place(): BlockPlace {
    return { offset: this.next(), size: this.next() }
  }
}
