import { MillraceError } from '../model/errors.ts'
import { crc32c } from './crc32c.ts'

/**
 * A block of keyed state, format version 1, little-endian. Persistent: stored state depends on it.
 *
 * 0 magic `MRSB` · 4 u32 version · 8 u32 number of entries n · 12 u32 CRC-32C of everything else · 16 n times of 8 bytes
 * (IEEE double) · 16 + 8n n key hashes of 16 bytes (four words). Every later version keeps the first 16 bytes and what
 * the checksum covers, so that a flipped bit in the version is corruption, not a newer format.
 */
const BLOCK_VERSION = 1

const MAGIC = 0x4253524d
const HEADER_BYTES = 16
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

/** Copies the first `count` entries as a block into `target`, which has just the room and begins at an address divisible by eight. */
export function writeBlock(target: Uint8Array, { words, times, count }: BlockEntries): void {
  const { buffer, byteOffset } = target
  const header = new Uint32Array(buffer, byteOffset, 4)
  header[0] = MAGIC
  header[1] = BLOCK_VERSION
  header[2] = count
  new Float64Array(buffer, byteOffset + HEADER_BYTES, count).set(times.subarray(0, count))
  new Int32Array(buffer, byteOffset + HEADER_BYTES + 8 * count, 4 * count).set(words.subarray(0, 4 * count))
  header[3] = checksumOf(target)
}

/**
 * The entries of a block: views on `bytes` where they lie on an address divisible by eight, else copies. Throws
 * `MR_STATE_CORRUPT` where checksum or length do not fit, `MR_STATE_FORMAT` for a newer version.
 */
export function decodeBlock(bytes: Uint8Array): BlockEntries {
  if (bytes.length < HEADER_BYTES) throw corrupt(`it has ${bytes.length} bytes, less than a header`, bytes)
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice()
  const header = new Uint32Array(aligned.buffer, aligned.byteOffset, 4)
  const [magic, version, count, checksum] = [header[0]!, header[1]!, header[2]!, header[3]!]
  if (magic !== MAGIC) throw corrupt('it does not begin with the magic of a block', bytes)
  if (checksumOf(aligned) !== checksum) throw corrupt('its checksum does not fit', bytes)
  if (version > BLOCK_VERSION)
    throw new MillraceError('MR_STATE_FORMAT', formatMessage(version), { details: { version } })
  if (bytes.length !== blockBytes(count)) throw corrupt(`its length does not fit ${count} entries`, bytes)
  const at = aligned.byteOffset + HEADER_BYTES
  return {
    words: new Int32Array(aligned.buffer, at + 8 * count, 4 * count),
    times: new Float64Array(aligned.buffer, at, count),
    count,
  }
}

/** Number of entries of a block that was checked already. */
export function entriesIn(block: Uint8Array): number {
  return (block.length - HEADER_BYTES) / ENTRY_BYTES
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
  return crc32c(bytes.subarray(HEADER_BYTES), crc32c(bytes.subarray(0, 12)))
}

function corrupt(why: string, bytes: Uint8Array): MillraceError {
  const details = { bytes: bytes.length }
  return new MillraceError('MR_STATE_CORRUPT', `a block of state cannot be read: ${why}`, { details })
}

function formatMessage(version: number): string {
  return `a block of state has format version ${version}, this Millrace reads up to ${BLOCK_VERSION}; run a newer one`
}
