/** What a file store is given to append, in one piece. */
export function joinedBytes(bytes: Uint8Array | readonly Uint8Array[]): Uint8Array {
  return bytes instanceof Uint8Array ? bytes : Uint8Array.from(Buffer.concat(bytes))
}
