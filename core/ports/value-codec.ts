/**
 * Encodes plain data (objects, arrays, numbers, bigints, strings, booleans, null, Uint8Array) for manifests and small
 * state. Deterministic: equal values give equal bytes. Decoding never builds anything but plain data.
 */
export interface ValueCodec {
  encode(value: unknown): Uint8Array
  decode(bytes: Uint8Array): unknown
}
