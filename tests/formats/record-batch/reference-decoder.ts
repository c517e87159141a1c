/** A record as the slow reference reads it: BigInt varints, one byte after the other, no checks. */
export interface ReferenceRecord {
  readonly offset: number
  readonly timestamp: number
  readonly key: string | null
  readonly value: string | null
  readonly headers: readonly (readonly [string, string | null])[]
}

/** Reads the records of one batch whose record section is given inflated; bytes are told as hexadecimal text. */
export function referenceDecode(batch: Uint8Array, section: Uint8Array): ReferenceRecord[] {
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength)
  const base = { offset: Number(view.getBigInt64(0)), timestamp: Number(view.getBigInt64(27)) }
  const cursor = { bytes: section, position: 0 }
  return Array.from({ length: view.getInt32(57) }, () => {
    readVarint(cursor)
    cursor.position++
    const timestamp = base.timestamp + readVarint(cursor)
    const offset = base.offset + readVarint(cursor)
    const key = readHex(cursor)
    const value = readHex(cursor)
    const headers = Array.from({ length: readVarint(cursor) }, () => [readHex(cursor) ?? '', readHex(cursor)] as const)
    return { offset, timestamp, key, value, headers }
  })
}

/** CRC-32C bit by bit, as RFC 3720 defines it. */
export function referenceCrc32c(bytes: Uint8Array): number {
  let crc = 0xff_ff_ff_ff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) === 0 ? 0 : 0x82_f6_3b_78)
  }
  return (crc ^ 0xff_ff_ff_ff) >>> 0
}

interface Cursor {
  readonly bytes: Uint8Array
  position: number
}

function readVarint(cursor: Cursor): number {
  let raw = 0n
  for (let shift = 0n; ; shift += 7n) {
    const byte = cursor.bytes[cursor.position++] ?? 0
    raw |= BigInt(byte & 127) << shift
    if (byte < 128) return Number((raw >> 1n) ^ -(raw & 1n))
  }
}

function readHex(cursor: Cursor): string | null {
  const length = readVarint(cursor)
  if (length < 0) return null
  cursor.position += length
  return Buffer.from(cursor.bytes.subarray(cursor.position - length, cursor.position)).toString('hex')
}
