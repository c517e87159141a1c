// hot path
// LZ4 frame format 1.6 (github.com/lz4/lz4, doc/lz4_Frame_format.md):
// 1. magic, flags, block size, optional content size and dictionary id, header checksum;
// 2. blocks: little-endian length (high bit: stored as is), bytes, optional checksum; a length of 0 ends the frame;
// 3. a block is a row of sequences: token, literals, distance back, match.
// The kernel inflates what fits its memory, and checks as it goes. What it does not take, damaged or large, goes another way in
// two passes: the first checks every length and distance and adds up the size, so that the second copies into one buffer of
// the right size. The frame's own checksums are passed over: the batch has its CRC.
import { lz4Compress } from '@platformatic/wasm-utils'
import { corrupt, tooLarge, unsupported } from './batch-errors.ts'
import { BlockCopier } from './block-copier.ts'
import { Lz4Kernel, MOST_KERNEL_BYTES } from './kernel/lz4-kernel.ts'
import { dataViewOf } from './layout.ts'

const MAGIC = 0x18_4d_22_04
const VERSION_1 = 0x40
const FLAG = { version: 0xc0, independent: 0x20, blockChecksum: 0x10, contentSize: 0x08, dictionary: 0x01 } as const
const STORED = 0x80_00_00_00
const SHORTEST_HEADER_BYTES = 7
const SHORTEST_MATCH = 4
/** Magic, flags, block size, header checksum, end mark. */
const EMPTY_FRAME = Uint8Array.of(0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82, 0, 0, 0, 0)

/** Compresses to one LZ4 frame of independent blocks without checksums, which Java's reader requires. */
export function deflateLz4(bytes: Uint8Array): Uint8Array {
  // The package writes into a view of its own memory that may be detached; only an input that is not empty renews the view.
  if (bytes.length === 0) return EMPTY_FRAME.slice()
  return lz4Compress(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
}

/**
 * Inflates one LZ4 frame, into `memory` where that is large enough, else into a buffer of exactly its size; refuses more than
 * `maxBytes` before allocating.
 */
export function inflateLz4(bytes: Uint8Array, maxBytes: number, memory?: ArrayBufferLike): Uint8Array {
  return inflateByKernel(bytes, maxBytes, memory) ?? inflateFrame(bytes, measureFrame(bytes, maxBytes))
}

/** `undefined` where the frame is damaged or too large for the kernel: the other way says which. */
function inflateByKernel(
  bytes: Uint8Array,
  maxBytes: number,
  memory: ArrayBufferLike | undefined,
): Uint8Array | undefined {
  if (bytes.length > MOST_KERNEL_BYTES) return undefined
  const block = new BlockScanner(bytes)
  const kernel = new Lz4Kernel(bytes, maxBytes)
  while (block.next()) {
    const { start, end, isStored, isIndependent, largestBytes } = block
    const before = kernel.sizeBytes
    const isTaken = isStored ? kernel.copy(start, end) : kernel.inflate(start, end, isIndependent)
    if (!isTaken || kernel.sizeBytes - before > largestBytes) return undefined
  }
  return kernel.output(memory)
}

function inflateFrame(bytes: Uint8Array, sizeBytes: number): Uint8Array {
  const copier = new BlockCopier(bytes, new Uint8Array(sizeBytes))
  const block = new BlockScanner(bytes)
  let to = 0
  while (block.next()) to = block.isStored ? copyStored(copier, block, to) : inflateBlock(copier, block, to)
  return copier.output
}

function measureFrame(bytes: Uint8Array, maxBytes: number): number {
  const block = new BlockScanner(bytes)
  let total = 0
  while (block.next()) {
    const reach = block.isIndependent ? 0 : total
    const size = block.isStored ? block.end - block.start : measureBlock(bytes, block, reach)
    total += size
    if (total > maxBytes) throw tooLarge(`it inflates to more than ${maxBytes} bytes`, { maxBytes })
    if (size > block.largestBytes) throw corrupt('an LZ4 block is larger than its frame allows')
  }
  return total
}

/** Walks the blocks of a frame; the fields tell of the block that `next()` came to. */
class BlockScanner {
  readonly isIndependent: boolean
  readonly largestBytes: number
  isStored = false
  start = 0
  end = 0
  readonly #view: DataView
  readonly #checksumBytes: number

  constructor(bytes: Uint8Array) {
    const view = dataViewOf(bytes)
    if (bytes.length < SHORTEST_HEADER_BYTES) throw corrupt('the LZ4 frame is shorter than its header')
    const flags = view.getUint8(4)
    if (view.getUint32(0, true) !== MAGIC) throw corrupt('the LZ4 frame has a wrong magic number')
    if ((flags & FLAG.version) !== VERSION_1) throw unsupported('the LZ4 frame is not of version 1')
    if ((flags & FLAG.dictionary) !== 0) throw unsupported('the LZ4 frame needs a dictionary')
    this.isIndependent = (flags & FLAG.independent) !== 0
    const sizeCode = (view.getUint8(5) >>> 4) & 7
    if (sizeCode < 4) throw corrupt('the LZ4 frame has no valid block size')
    this.largestBytes = 1 << (8 + 2 * sizeCode)
    this.#view = view
    this.#checksumBytes = (flags & FLAG.blockChecksum) === 0 ? 0 : 4
    const headerBytes = SHORTEST_HEADER_BYTES + ((flags & FLAG.contentSize) === 0 ? 0 : 8)
    this.end = headerBytes - this.#checksumBytes
  }

  next(): boolean {
    const view = this.#view
    const position = this.end + this.#checksumBytes
    if (position + 4 > view.byteLength) throw corrupt('the LZ4 frame has no end mark')
    const word = view.getUint32(position, true)
    if (word === 0) return false
    this.isStored = (word & STORED) !== 0
    this.start = position + 4
    this.end = this.start + (word & ~STORED)
    if (this.end + this.#checksumBytes > view.byteLength) throw corrupt('an LZ4 block is longer than its frame')
    if (this.end - this.start > this.largestBytes) throw corrupt('an LZ4 block is larger than its frame allows')
    return true
  }
}

/** Checks all sequences of a block and returns the bytes it inflates to. `reach`: bytes before it that it may repeat. */
function measureBlock(bytes: Uint8Array, block: BlockScanner, reach: number): number {
  const end = block.end
  let position = block.start
  let size = 0
  for (;;) {
    if (position >= end) throw corrupt('an LZ4 block does not end with literals')
    const token = bytes[position++]!
    let length = token >>> 4
    if (length === 15) {
      length += readExtension(bytes, position, end)
      position += extensionBytes(length)
    }
    position += length
    size += length
    if (position >= end) break
    const distance = bytes[position]! | (bytes[position + 1]! << 8)
    if (distance === 0 || distance > size + reach) throw corrupt('an LZ4 match begins before the data')
    position += 2
    length = token & 15
    if (length === 15) {
      length += readExtension(bytes, position, end)
      position += extensionBytes(length)
    }
    size += length + SHORTEST_MATCH
  }
  if (position !== end) throw corrupt('an LZ4 literal is longer than its block')
  return size
}

/** The inner loop; `measureBlock` has checked all lengths and distances. Returns where the output ends now. */
function inflateBlock(copier: BlockCopier, block: BlockScanner, size: number): number {
  const bytes = copier.input
  const end = block.end
  let position = block.start
  let to = size
  while (position < end) {
    const token = bytes[position++]!
    let length = token >>> 4
    if (length === 15) {
      length += readExtension(bytes, position, end)
      position += extensionBytes(length)
    }
    copier.literals(position, to, length)
    position += length
    to += length
    if (position >= end) break
    const distance = bytes[position]! | (bytes[position + 1]! << 8)
    position += 2
    length = token & 15
    if (length === 15) {
      length += readExtension(bytes, position, end)
      position += extensionBytes(length)
    }
    copier.match(to, distance, length + SHORTEST_MATCH)
    to += length + SHORTEST_MATCH
  }
  return to
}

function copyStored(copier: BlockCopier, block: BlockScanner, size: number): number {
  const length = block.end - block.start
  copier.literals(block.start, size, length)
  return size + length
}

/** What the bytes after a full nibble add to a length: 255 each as long as they are 255, then the last. */
function readExtension(bytes: Uint8Array, start: number, end: number): number {
  let length = 0
  for (let position = start; position < end; position++) {
    const byte = bytes[position]!
    length += byte
    if (byte !== 255) return length
  }
  throw corrupt('an LZ4 length is longer than its block')
}

/** How many bytes told a length of 15 and more. */
function extensionBytes(length: number): number {
  return (((length - 15) / 255) | 0) + 1
}
