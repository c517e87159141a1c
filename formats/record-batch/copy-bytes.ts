/** A copy of a range, null for a negative length. Small ones share memory with others: they cannot be transferred alone. */
export function copyBytes(buffer: Uint8Array, start: number, length: number): Uint8Array | null {
  return length < 0 ? null : copyOf(buffer.subarray(start, start + length))
}

/** The same for a header. */
export function copyHeader(header: { readonly key: string; readonly value: Uint8Array | null }): {
  readonly key: string
  readonly value: Uint8Array | null
} {
  return { key: header.key, value: header.value === null ? null : copyOf(header.value) }
}

/** From the pool of `Buffer`: some five times cheaper than memory of its own. */
function copyOf(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes)
  return new Uint8Array(copy.buffer, copy.byteOffset, copy.length)
}
