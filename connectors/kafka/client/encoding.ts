// Fields of requests as kafka.apache.org/protocol describes them: fixed ones, and compact ones of the flexible versions.

/** No tagged fields: the end of every structure in a flexible version. */
export const NO_TAGS = Buffer.from([0])

export function int8(value: number): Buffer {
  return Buffer.from([value & 255])
}

export function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

export function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(value)
  return bytes
}

export function string(text: string): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([int16(bytes.length), bytes])
}

export function array(elements: readonly Uint8Array[]): Buffer {
  return Buffer.concat([int32(elements.length), ...elements])
}

export function compactString(text: string): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([unsignedVarint(bytes.length + 1), bytes])
}

export function compactArray(elements: readonly Uint8Array[]): Buffer {
  return Buffer.concat([unsignedVarint(elements.length + 1), ...elements])
}

/** A compact string or array that is null. */
export const COMPACT_NULL = Buffer.from([0])

function unsignedVarint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128)
  bytes.push(rest)
  return Buffer.from(bytes)
}
