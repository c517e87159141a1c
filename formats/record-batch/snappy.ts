// hot path
// Snappy (github.com/google/snappy, format_description.txt): 1. the inflated length as a varint; 2. elements, whose tag's
// low two bits say: literal, or copy with an offset of 1, 2 or 4 bytes.
// Java wraps it in the framing of xerial's snappy-java: 3. eight bytes of magic, version and least compatible version;
// 4. chunks: big-endian length and a raw snappy block of at most 32 KiB inflated. Readers must take both.
import { snappyCompress } from '@platformatic/wasm-utils'
import { corrupt, tooLarge, unsupported } from './batch-errors.ts'
import { ByteCursor, copyLiterals, copyMatch } from './byte-cursor.ts'

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
  const source = new ByteCursor(bytes, 0)
  const framing = framingOf(source)
  const size = framing === 'xerial' ? measureChunks(source) : readInflatedBytes(source, bytes.length)
  if (size > maxBytes) throw tooLarge(`it inflates to more than ${maxBytes} bytes`, { maxBytes })
  if (size > bytes.length * LARGEST_EXPANSION) throw corrupt('a snappy block claims more bytes than it can hold')
  const target = new ByteCursor(new Uint8Array(size), 0)
  if (framing === 'raw') {
    source.position = 0
    inflateBlock(source, target, bytes.length)
  } else {
    source.position = XERIAL_HEADER_BYTES
    while (source.position < bytes.length) inflateBlock(source, target, readChunkEnd(source))
  }
  return target.bytes
}

function framingOf(source: ByteCursor): 'raw' | 'xerial' {
  const { bytes, view } = source
  if (bytes.length < XERIAL_HEADER_BYTES) return 'raw'
  if (!XERIAL_MAGIC.equals(bytes.subarray(0, XERIAL_MAGIC.length))) return 'raw'
  if (view.getInt32(12) > XERIAL_VERSION) throw unsupported('its snappy framing is newer than version 1')
  return 'xerial'
}

function measureChunks(source: ByteCursor): number {
  let size = 0
  source.position = XERIAL_HEADER_BYTES
  while (source.position < source.bytes.length) {
    const end = readChunkEnd(source)
    size += readInflatedBytes(source, end)
    source.position = end
  }
  return size
}

function readChunkEnd(source: ByteCursor): number {
  const start = source.position + 4
  const available = source.bytes.length - start
  if (available < 0) throw corrupt('its snappy framing is cut off')
  const length = source.view.getInt32(source.position)
  if (length < 1 || length > available) throw corrupt('a snappy chunk does not fit its frame')
  source.position = start
  return start + length
}

function readInflatedBytes(source: ByteCursor, end: number): number {
  let size = 0
  let scale = 1
  for (let i = 0; i < LONGEST_LENGTH_BYTES && source.position < end; i++) {
    const byte = source.bytes[source.position++]!
    size += (byte & 127) * scale
    if (byte < 128) return size
    scale *= 128
  }
  throw corrupt('a snappy block has no length')
}

function inflateBlock(source: ByteCursor, target: ByteCursor, end: number): void {
  const bytes = source.bytes
  const ceiling = target.position + readInflatedBytes(source, end)
  const floor = target.position
  while (source.position < end) {
    const tag = bytes[source.position++]!
    const isLiteral = (tag & 3) === 0
    const length = isLiteral ? readLiteralLength(source, tag, end) : copyLength(tag)
    if (length > ceiling - target.position) throw corrupt('a snappy block holds more than it claims')
    if (isLiteral) {
      copyLiterals(source, target, length)
    } else {
      const distance = readDistance(source, tag, end)
      if (distance === 0 || distance > target.position - floor) throw corrupt('a snappy copy begins before the data')
      copyMatch(target, distance, length)
    }
  }
  if (target.position !== ceiling) throw corrupt('a snappy block holds less than it claims')
}

function readLiteralLength(source: ByteCursor, tag: number, end: number): number {
  const length = 1 + (tag < 240 ? tag >>> 2 : readUint(source, (tag >>> 2) - 59, end))
  if (length > end - source.position) throw corrupt('a snappy literal is longer than its block')
  return length
}

function copyLength(tag: number): number {
  return (tag & 3) === 1 ? 4 + ((tag >>> 2) & 7) : 1 + (tag >>> 2)
}

function readDistance(source: ByteCursor, tag: number, end: number): number {
  switch (tag & 3) {
    case 1:
      return ((tag >>> 5) << 8) | readUint(source, 1, end)
    case 2:
      return readUint(source, 2, end)
    default:
      return readUint(source, 4, end)
  }
}

/** Reads a little-endian unsigned number of 1 to 4 bytes. */
function readUint(source: ByteCursor, width: number, end: number): number {
  const position = source.position
  if (position + width > end) throw corrupt('a snappy block ends inside an element')
  const bytes = source.bytes
  let value = bytes[position]!
  for (let i = 1; i < width; i++) value |= bytes[position + i]! << (8 * i)
  source.position = position + width
  return value >>> 0
}
