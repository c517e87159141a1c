// hot path
// Snappy (github.com/google/snappy, format_description.txt): 1. the inflated length as a varint; 2. elements, whose tag's
// low two bits say: literal, or copy with an offset of 1, 2 or 4 bytes.
// Java wraps it in the framing of xerial's snappy-java: 3. eight bytes of magic, version and least compatible version;
// 4. chunks: big-endian length and a raw snappy block of at most 32 KiB inflated. Readers must take both.
import { snappyCompress } from '@platformatic/wasm-utils'
import { corrupt, tooLarge, unsupported } from './batch-errors.ts'
import { BlockCopier } from './block-copier.ts'
import { dataViewOf } from './layout.ts'

const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const XERIAL_HEADER_BYTES = 16
const XERIAL_VERSION = 1
const LONGEST_LENGTH_BYTES = 5
const XERIAL_CHUNK_BYTES = 32 * 1024

/** The densest element, three bytes, stands for 64: a block that claims more than this per byte lies. */
const LARGEST_EXPANSION = 22

/** Compresses to snappy in xerial's framing, as Java's producer writes it. */
export function deflateSnappy(bytes: Uint8Array): Uint8Array {
  const header = Buffer.alloc(XERIAL_HEADER_BYTES)
  header.set(XERIAL_MAGIC)
  header.writeInt32BE(XERIAL_VERSION, 8)
  header.writeInt32BE(XERIAL_VERSION, 12)
  const parts: Uint8Array[] = [header]
  for (let start = 0; start < bytes.length; start += XERIAL_CHUNK_BYTES) {
    const sizeBytes = Math.min(XERIAL_CHUNK_BYTES, bytes.length - start)
    const packed = snappyCompress(Buffer.from(bytes.buffer, bytes.byteOffset + start, sizeBytes))
    const length = Buffer.alloc(4)
    length.writeInt32BE(packed.length)
    parts.push(length, packed)
  }
  return Buffer.concat(parts)
}

/** Inflates raw or xerial-framed snappy into one buffer; refuses more than `maxBytes` before allocating. */
export function inflateSnappy(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const size = measure(new ChunkScanner(bytes))
  if (size > maxBytes) throw tooLarge(`it inflates to more than ${maxBytes} bytes`, { maxBytes })
  if (size > bytes.length * LARGEST_EXPANSION) throw corrupt('a snappy block claims more bytes than it can hold')
  const copier = new BlockCopier(bytes, new Uint8Array(size))
  const chunk = new ChunkScanner(bytes)
  let to = 0
  while (chunk.next()) {
    inflateBlock(copier, chunk, to)
    to += chunk.inflatedBytes
  }
  return copier.output
}

function measure(chunk: ChunkScanner): number {
  let size = 0
  while (chunk.next()) size += chunk.inflatedBytes
  return size
}

/** Walks the chunks of xerial's framing, or the one block of raw snappy; the fields tell of what `next()` came to. */
class ChunkScanner {
  start = 0
  end = 0
  inflatedBytes = 0
  readonly #bytes: Uint8Array
  readonly #isFramed: boolean

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#isFramed = bytes.length >= XERIAL_HEADER_BYTES && XERIAL_MAGIC.equals(bytes.subarray(0, XERIAL_MAGIC.length))
    if (!this.#isFramed) return
    if (dataViewOf(bytes).getInt32(12) > XERIAL_VERSION) throw unsupported('its snappy framing is newer than version 1')
    this.end = XERIAL_HEADER_BYTES
  }

  next(): boolean {
    const bytes = this.#bytes
    if (!this.#isFramed && this.end > 0) return false
    if (this.#isFramed && this.end === bytes.length) return false
    this.start = this.end
    this.end = bytes.length
    if (this.#isFramed) this.#readChunkLength()
    this.#readInflatedBytes()
    return true
  }

  #readChunkLength(): void {
    const start = this.start + 4
    const available = this.#bytes.length - start
    if (available < 0) throw corrupt('its snappy framing is cut off')
    const length = dataViewOf(this.#bytes).getInt32(this.start)
    if (length < 1 || length > available) throw corrupt('a snappy chunk does not fit its frame')
    this.start = start
    this.end = start + length
  }

  #readInflatedBytes(): void {
    let size = 0
    let scale = 1
    const last = Math.min(this.end, this.start + LONGEST_LENGTH_BYTES)
    while (this.start < last) {
      const byte = this.#bytes[this.start++]!
      size += (byte & 127) * scale
      scale *= 128
      if (byte > 127) continue
      this.inflatedBytes = size
      return
    }
    throw corrupt('a snappy block has no length')
  }
}

function inflateBlock(copier: BlockCopier, chunk: ChunkScanner, floor: number): void {
  const bytes = copier.input
  const end = chunk.end
  const ceiling = floor + chunk.inflatedBytes
  let position = chunk.start
  let to = floor
  while (position < end) {
    const tag = bytes[position++]!
    const isLiteral = (tag & 3) === 0
    const width = numberBytes(tag)
    const number = readUint(bytes, position, width)
    position += width
    const length = elementLength(tag, number)
    if (length > ceiling - to) throw corrupt('a snappy block holds more than it claims')
    if (isLiteral) {
      if (length > bytes.length - position) throw corrupt('a snappy literal is longer than its block')
      copier.literals(position, to, length)
      position += length
    } else {
      copier.match(to, copyDistance(tag, number, to - floor), length)
    }
    to += length
  }
  if (position !== end || to !== ceiling) throw corrupt('a snappy block does not end where it claims')
}

/** How many bytes of a number follow the tag: the length of a long literal, or the distance of a copy. */
function numberBytes(tag: number): number {
  const kind = tag & 3
  if (kind === 0) return tag < 240 ? 0 : (tag >>> 2) - 59
  return kind === 3 ? 4 : kind
}

function elementLength(tag: number, number: number): number {
  const kind = tag & 3
  if (kind === 0) return 1 + (tag < 240 ? tag >>> 2 : number)
  return kind === 1 ? 4 + ((tag >>> 2) & 7) : 1 + (tag >>> 2)
}

function copyDistance(tag: number, number: number, written: number): number {
  const distance = (tag & 3) === 1 ? ((tag >>> 5) << 8) | number : number
  if (distance === 0 || distance > written) throw corrupt('a snappy copy begins before the data')
  return distance
}

/** Reads a little-endian unsigned number of 0 to 4 bytes. */
function readUint(bytes: Uint8Array, position: number, width: number): number {
  if (width > bytes.length - position) throw corrupt('a snappy block ends inside a number')
  let value = 0
  for (let i = 0; i < width; i++) value |= bytes[position + i]! << (8 * i)
  return value >>> 0
}
