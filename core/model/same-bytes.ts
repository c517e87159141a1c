/** True where both hold the same bytes; `undefined` stands for bytes that are not there. */
export function sameBytes(found: Uint8Array | undefined, bytes: Uint8Array): boolean {
  return found !== undefined && found.length === bytes.length && found.every((byte, index) => byte === bytes[index])
}
