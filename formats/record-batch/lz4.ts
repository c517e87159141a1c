// hot path
// LZ4 frame format 1.6 (github.com/lz4/lz4, doc/lz4_Frame_format.md):
// 1. magic, flags, block size, optional content size and dictionary id, header checksum;
// 2. blocks: little-endian length (high bit: stored as is), bytes, optional checksum; a length of 0 ends the frame;
// 3. a block is a row of sequences: token, literals, distance back, match.
// Inflating takes two passes: the first checks every length and adds up the size, so that the second copies into one
// buffer of the right size without checks. The checksums of the frame are passed over: the batch has its CRC.
import { lz4Compress } from '@platformatic/wasm-utils'
import { corrupt, tooLarge, unsupported } from './batch-errors.ts'
import { ByteCursor, copyLiterals, copyMatch } from './byte-cursor.ts'

const MAGIC = 0x18_4d_22_04
const VERSION_1 = 0x40
const FLAG = { version: 0xc0, independent: 0x20, blockChecksum: 0x10, contentSize: 0x08, dictionary: 0x01 } as const
const STORED = 0x80_00_00_00
const SHORTEST_HEADER_BYTES = 7
const SHORTEST_MATCH = 4

/** Compresses to one LZ4 frame of independent blocks without checksums, which Java's reader requires. */
export function deflateLz4(bytes: Uint8Array): Uint8Array {
  return lz4Compress(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
}

/** Inflates one LZ4 frame into a buffer of exactly its size; refuses more than `maxBytes` before allocating. */
export function inflateLz4(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const source = new ByteCursor(bytes, 0)
  const target = new ByteCursor(new Uint8Array(measureFrame(source, maxBytes)), 0)
  const blocks = new BlockScanner(source)
  while (blocks.next()) {
    if (blocks.isStored) copyLiterals(source, target, blocks.end - source.position)
    else inflateBlock(source, target, blocks.end)
  }
  return target.bytes
}

function measureFrame(source: ByteCursor, maxBytes: number): number {
  const blocks = new BlockScanner(source)
  let size = 0
  while (blocks.next()) {
    const reach = blocks.isIndependent ? 0 : size
    size += blocks.isStored ? blocks.end - source.position : measureBlock(source, blocks.end, reach)
    if (size > maxBytes) throw tooLarge(`it inflates to more than ${maxBytes} bytes`, { maxBytes })
  }
  return size
}

/** Walks the blocks of a frame: after `next()` the cursor stands at the block's first byte. */
class BlockScanner {
  readonly isIndependent: boolean
  isStored = false
  end = 0
  readonly #source: ByteCursor
  readonly #checksumBytes: number

  constructor(source: ByteCursor) {
    const { bytes, view } = source
    if (bytes.length < SHORTEST_HEADER_BYTES) throw corrupt('the LZ4 frame is shorter than its header')
    const flags = view.getUint8(4)
    if (view.getUint32(0, true) !== MAGIC) throw corrupt('the LZ4 frame has a wrong magic number')
    if ((flags & FLAG.version) !== VERSION_1) throw unsupported('the LZ4 frame is not of version 1')
    if ((flags & FLAG.dictionary) !== 0) throw unsupported('the LZ4 frame needs a dictionary')
    this.isIndependent = (flags & FLAG.independent) !== 0
    this.#source = source
    this.#checksumBytes = (flags & FLAG.blockChecksum) === 0 ? 0 : 4
    const headerBytes = SHORTEST_HEADER_BYTES + ((flags & FLAG.contentSize) === 0 ? 0 : 8)
    this.end = headerBytes - this.#checksumBytes
  }

  next(): boolean {
    const { bytes, view } = this.#source
    const position = this.end + this.#checksumBytes
    if (position + 4 > bytes.length) throw corrupt('the LZ4 frame has no end mark')
    const word = view.getUint32(position, true)
    this.#source.position = position + 4
    this.isStored = word >= STORED
    this.end = position + 4 + (word % STORED)
    if (this.end + this.#checksumBytes > bytes.length) throw corrupt('an LZ4 block is longer than its frame')
    return word !== 0
  }
}

/** Checks all sequences of a block and returns the bytes it inflates to. `reach`: bytes before it that it may repeat. */
function measureBlock(source: ByteCursor, end: number, reach: number): number {
  const bytes = source.bytes
  let size = 0
  while (source.position < end) {
    const token = bytes[source.position++]!
    const literals = token < 0xf0 ? token >>> 4 : 15 + readExtension(source, end)
    source.position += literals
    size += literals
    if (source.position >= end) break
    if (source.position + 2 > end) throw corrupt('an LZ4 block ends inside a sequence')
    const distance = bytes[source.position]! | (bytes[source.position + 1]! << 8)
    source.position += 2
    if (distance === 0 || distance > size + reach) throw corrupt('an LZ4 match begins before the data')
    const nibble = token & 15
    size += SHORTEST_MATCH + (nibble < 15 ? nibble : 15 + readExtension(source, end))
  }
  if (source.position !== end) throw corrupt('an LZ4 sequence is longer than its block')
  return size
}

/** The inner loop: lengths and distances were checked by `measureBlock`. */
function inflateBlock(source: ByteCursor, target: ByteCursor, end: number): void {
  const bytes = source.bytes
  while (source.position < end) {
    const token = bytes[source.position++]!
    copyLiterals(source, target, token < 0xf0 ? token >>> 4 : 15 + readExtension(source, end))
    if (source.position >= end) break
    const distance = bytes[source.position]! | (bytes[source.position + 1]! << 8)
    source.position += 2
    const nibble = token & 15
    copyMatch(target, distance, SHORTEST_MATCH + (nibble < 15 ? nibble : 15 + readExtension(source, end)))
  }
}

function readExtension(source: ByteCursor, end: number): number {
  let length = 0
  while (source.position < end) {
    const byte = source.bytes[source.position++]!
    length += byte
    if (byte !== 255) return length
  }
  throw corrupt('an LZ4 length is longer than its block')
}
