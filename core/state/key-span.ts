/** Canonical bytes of a key: `bytes[from, to)`. */
export interface KeySpan {
  readonly bytes: Uint8Array
  readonly from: number
  readonly to: number
}
