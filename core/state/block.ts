import { crc32c, joinCrc32c } from '../model/crc32c.ts'
import { MillraceError } from '../model/errors.ts'

/**
 * A block of keyed state, little-endian. Persistent: stored state depends on it.
 *
 * 0 magic `MRSB` · 4 u32 version · 8 u32 number of entries n · 12 u32 CRC-32C of everything else · 16 n times of 8 bytes
 * (IEEE double) · 16 + 8n n key hashes of 16 bytes (four words). Every later version keeps this beginning and what
 * the checksum covers, so that a flipped bit in the version is corruption, not a newer format. Version 1 ends here; what
 * versions 2 and 3 add is in pane-block.ts.
 */
export type BlockVersion = 1 | 2 | 3

const NEWEST: BlockVersion = 3

const MAGIC = 0x4253524d
const HEADER_BYTES = 16
const CHECKSUM_AT = 12
const ENTRY_BYTES = 24

/** The entries of a block: four words of key hash and one time (epoch ms) each. */
export interface BlockEntries {
  readonly words: Int32Array
  readonly times: Float64Array
  readonly count: number
}

/** Bytes of a block of so many entries: a multiple of eight. */
export function blockBytes(entries: number): number {
  return HEADER_BYTES + ENTRY_BYTES * entries
}

/** Entries that blocks of version 1 with so many bytes hold together, at most. */
export function entriesWithin(bytes: number): number {
  return Math.floor(bytes / ENTRY_BYTES)
}

/**
 * Copies the first `count` entries as a block into `target`, which has just the room and begins at an address divisible by
 * eight. It has no checksum until {@link sealBlock}: whoever takes a snapshot has no time to lose.
 */
export function writeBlock(target: Uint8Array, entries: BlockEntries): void {
  writeEntries(target, entries)
  writeHead(target, 1, entries.count)
}

/**
 * As {@link writeBlock} for entries that are still to be copied: gives views on their places in `target`, which may be copied to
 * piece by piece.
 */
export function beginBlock(target: Uint8Array, count: number): BlockEntries {
  writeHead(target, 1, count)
  return entriesOf(target, count)
}

/** The part that all versions have, without the header. */
export function writeEntries(target: Uint8Array, { words, times, count }: BlockEntries): void {
  const { buffer, byteOffset } = target
  new Float64Array(buffer, byteOffset + HEADER_BYTES, count).set(times.subarray(0, count))
  new Int32Array(buffer, byteOffset + HEADER_BYTES + 8 * count, 4 * count).set(words.subarray(0, 4 * count))
}

/** Writes the header of a block, without its checksum. */
export function writeHead(target: Uint8Array, version: BlockVersion, count: number): void {
  new Uint32Array(target.buffer, target.byteOffset, 4).set([MAGIC, version, count, 0])
}

/** Writes the checksum into a block that is otherwise there, and returns the CRC-32C of the whole. To be done before it is stored. */
export function sealBlock(block: Uint8Array): number {
  const rest = crc32c(block.subarray(HEADER_BYTES))
  const restBytes = block.length - HEADER_BYTES
  const checksum = joinCrc32c(crc32c(block.subarray(0, CHECKSUM_AT)), rest, restBytes)
  new DataView(block.buffer, block.byteOffset, block.byteLength).setUint32(CHECKSUM_AT, checksum, true)
  return joinCrc32c(crc32c(block.subarray(0, HEADER_BYTES)), rest, restBytes)
}

/**
 * CRC-32C of a whole block by its header alone: true where the rest fits the checksum in the header, which {@link openBlock} finds out.
 * So whoever passes a block on can tell which one it is, and only its reader looks at all of it.
 */
export function crcByHead(block: Uint8Array): number {
  const restBytes = block.length - HEADER_BYTES
  const checksum = new DataView(block.buffer, block.byteOffset, block.byteLength).getUint32(CHECKSUM_AT, true)
  const rest = joinCrc32c(crc32c(block.subarray(0, CHECKSUM_AT)), checksum, restBytes)
  return joinCrc32c(crc32c(block.subarray(0, HEADER_BYTES)), rest, restBytes)
}

/**
 * The entries of a block of version 1: views on `bytes` where they lie on an address divisible by eight, else copies. Throws
 * `MR_STATE_CORRUPT` where checksum or length do not fit, `MR_STATE_FORMAT` for a newer version.
 */
export function decodeBlock(bytes: Uint8Array): BlockEntries {
  const { aligned, version, count } = openBlock(bytes)
  if (version !== 1 || bytes.length !== blockBytes(count))
    throw corruptBlock(`its length does not fit ${count} entries`, bytes)
  return entriesOf(aligned, count)
}

/** Checks a block of any version; `aligned` has its bytes at an address divisible by eight. */
export function openBlock(bytes: Uint8Array): {
  readonly aligned: Uint8Array
  readonly version: BlockVersion
  readonly count: number
} {
  if (bytes.length < HEADER_BYTES) throw corruptBlock(`it has ${bytes.length} bytes, less than a header`, bytes)
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice()
  const header = new Uint32Array(aligned.buffer, aligned.byteOffset, 4)
  const [magic, version, count, checksum] = [header[0]!, header[1]!, header[2]!, header[3]!]
  if (magic !== MAGIC) throw corruptBlock('it does not begin with the magic of a block', bytes)
  if (checksumOf(aligned) !== checksum) throw corruptBlock('its checksum does not fit', bytes)
  if (version !== 1 && version !== 2 && version !== 3)
    throw new MillraceError('MR_STATE_FORMAT', formatMessage(version), { details: { version } })
  if (bytes.length < blockBytes(count)) throw corruptBlock(`its length does not fit ${count} entries`, bytes)
  return { aligned, version, count }
}

/** The part that all versions have: views on a block that was checked. */
export function entriesOf(aligned: Uint8Array, count: number): BlockEntries {
  const at = aligned.byteOffset + HEADER_BYTES
  return {
    words: new Int32Array(aligned.buffer, at + 8 * count, 4 * count),
    times: new Float64Array(aligned.buffer, at, count),
    count,
  }
}

/** Version of a block; it is not checked. */
export function blockVersion(block: Uint8Array): number {
  return new DataView(block.buffer, block.byteOffset, block.byteLength).getUint32(4, true)
}

/** Number of entries of a block that was checked already. */
export function entriesIn(block: Uint8Array): number {
  return new DataView(block.buffer, block.byteOffset, block.byteLength).getUint32(8, true)
}

/** Greatest time in a block that was just made or checked already; −∞ where it is empty. */
export function latestIn(block: Uint8Array): number {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength)
  const end = HEADER_BYTES + 8 * entriesIn(block)
  let latest = Number.NEGATIVE_INFINITY
  for (let at = HEADER_BYTES; at < end; at += 8) latest = Math.max(latest, view.getFloat64(at, true))
  return latest
}

function checksumOf(bytes: Uint8Array): number {
  return crc32c(bytes.subarray(HEADER_BYTES), crc32c(bytes.subarray(0, CHECKSUM_AT)))
}

/** The error of a block that is not what was written. */
export function corruptBlock(why: string, bytes: Uint8Array): MillraceError {
  const details = { bytes: bytes.length }
  return new MillraceError('MR_STATE_CORRUPT', `a block of state cannot be read: ${why}`, { details })
}

function formatMessage(version: number): string {
  return `a block of state has format version ${version}, this Millrace reads up to ${NEWEST}; run a newer one`
}
