/** SHA-256 of `bytes` as lower-case hex. */
export type Sha256 = (bytes: Uint8Array) => string
