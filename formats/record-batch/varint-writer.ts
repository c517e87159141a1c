// hot path
const TWO_TO_28 = 268_435_456

/** Bytes that a 32-bit zigzag varint takes. */
export function intBytes(value: number): number {
  const bits = 32 - Math.clz32(((value << 1) ^ (value >> 31)) | 1)
  return ((bits + 6) / 7) | 0
}

/** Bytes that a 64-bit zigzag varint takes, for values within ±2^52. */
export function longBytes(value: number): number {
  if (value === (value | 0)) return intBytes(value)
  let size = 4
  for (let rest = zigzag(value) / TWO_TO_28; rest >= 1; rest /= 128) size++
  return size
}

/** Writes zigzag varints and bytes one after the other; the caller has computed the room they take. */
export class VarintWriter {
  readonly bytes: Uint8Array
  position: number
  readonly #buffer: Buffer

  constructor(bytes: Uint8Array, position: number) {
    this.bytes = bytes
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    this.position = position
  }

  /** A signed 32-bit varint. */
  writeInt(value: number): void {
    const bytes = this.bytes
    let position = this.position
    let rest = (value << 1) ^ (value >> 31)
    for (; rest >>> 0 > 127; rest >>>= 7) bytes[position++] = (rest & 127) | 128
    bytes[position++] = rest
    this.position = position
  }

  /** A signed 64-bit varint, for values within ±2^52. */
  writeLong(value: number): void {
    if (value === (value | 0)) {
      this.writeInt(value)
      return
    }
    let rest = zigzag(value)
    for (; rest > 127; rest = Math.floor(rest / 128)) this.bytes[this.position++] = (rest % 128) | 128
    this.bytes[this.position++] = rest
  }

  /** A length and its bytes; null is the length −1. */
  writeSized(value: Uint8Array | null): void {
    if (value === null) {
      this.writeInt(-1)
      return
    }
    this.writeInt(value.length)
    this.writeBytes(value)
  }

  /** Bytes as they are. */
  writeBytes(value: Uint8Array): void {
    this.bytes.set(value, this.position)
    this.position += value.length
  }

  /** The length of a text in UTF-8 and its bytes. */
  writeText(text: string): void {
    this.writeInt(Buffer.byteLength(text))
    this.position += this.#buffer.write(text, this.position)
  }

  /** One byte as it is. */
  writeByte(value: number): void {
    this.bytes[this.position++] = value
  }
}

function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value
}
