import { MillraceError } from '../core/model/errors.ts'
import { freeMemory } from '../core/model/free-memory.ts'
import type { FileStore } from '../core/ports/file-store.ts'
import { crc32c } from '../core/state/crc32c.ts'

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

/** Reads those of the named table files that are still there. Throws `MR_STATE_CORRUPT` where one fails a checksum. */
export async function checkTables(files: FileStore, directory: string, names: readonly string[]): Promise<void> {
  const live = new Set(await tableFiles(files, directory))
  for (const name of names) {
    if (!live.has(name)) continue
    const path = `${directory}/${name}`
    const bytes = await readIfThere(files, path)
    if (bytes === undefined) continue
    const isSound = isWhole(bytes)
    freeMemory(bytes)
    if (isSound) continue
    throw new MillraceError('MR_STATE_CORRUPT', `${path} is damaged: it fails its checksums`, { details: { path } })
  }
}

/** The open LevelDB compacts in the background: what it removes meanwhile is not in use any more. */
async function readIfThere(files: FileStore, path: string): Promise<Uint8Array | undefined> {
  try {
    return await files.read(path)
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'MR_FILE_MISSING') return undefined
    throw error
  }
}

function isWhole(bytes: Uint8Array): boolean {
  if (bytes.length < FOOTER_BYTES) return false
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const magicAt = bytes.length - 8
  if (view.getUint32(magicAt, true) !== MAGIC_LOW || view.getUint32(magicAt + 4, true) !== MAGIC_HIGH) return false
  const footer = new VarintReader(bytes, bytes.length - FOOTER_BYTES)
  const meta = footer.place()
  const index = footer.place()
  if (!isWholeBlock(view, meta) || !isWholeBlock(view, index)) return false
  // What LevelDB compressed cannot be walked here; stores are written without compression.
  if (view.getUint8(index.offset + index.size) !== UNCOMPRESSED) return true
  return dataBlocks(bytes, index).every((place) => isWholeBlock(view, place))
}

function isWholeBlock(view: DataView, { offset, size }: BlockPlace): boolean {
  const end = offset + size
  if (end + TRAILER_BYTES > view.byteLength - FOOTER_BYTES) return false
  const masked = (view.getUint32(end + 1, true) - MASK_DELTA) >>> 0
  const expected = ((masked >>> 17) | (masked << 15)) >>> 0
  return crc32c(new Uint8Array(view.buffer, view.byteOffset + offset, size + 1)) === expected
}

/** The places that an index block holds; its checksum was found right. */
function dataBlocks(bytes: Uint8Array, { offset, size }: BlockPlace): readonly BlockPlace[] {
  const end = offset + size
  const restarts = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(end - 4, true)
  const reader = new VarintReader(bytes, offset)
  const places: BlockPlace[] = []
  while (reader.at < end - 4 - 4 * restarts) {
    reader.next()
    const keyBytes = reader.next()
    const valueBytes = reader.next()
    const valueAt = reader.at + keyBytes
    places.push(new VarintReader(bytes, valueAt).place())
    reader.at = valueAt + valueBytes
  }
  return places
}

/** Reads LevelDB's variable-length numbers; beyond the end it reads zeros. */
class VarintReader {
  at: number
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes
    this.at = at
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
