/** A copy of a range, null for a negative length. Not `slice`: on the `Buffer` that an inflater returns it would be a view. */
export function copyBytes(buffer: Uint8Array, start: number, length: number): Uint8Array | null {
  return length < 0 ? null : new Uint8Array(buffer.subarray(start, start + length))
}

/** The same for a header. */
export function copyHeader(header: { readonly key: string; readonly value: Uint8Array | null }): {
  readonly key: string
  readonly value: Uint8Array | null
} {
  return { key: header.key, value: header.value === null ? null : new Uint8Array(header.value) }
}
