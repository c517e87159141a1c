// hot path
/**
 * 128-bit hash of canonical key bytes: MurmurHash3 x86_128 (Appleby, public domain), seeded per pipeline. Not
 * cryptographic; the seed is random per pipeline, so that nobody can prepare colliding keys.
 * Two different keys of n live ones collide with probability about n² / 2^129.
 */

const C1 = 0x239b961b
const C2 = 0xab0e9789 | 0
const C3 = 0x38b34ae5
const C4 = 0xa1e38b93 | 0

/** Writes the four words of the hash of `bytes[0, length)` to `out[at … at+3]`. */
export function hashKey(
  bytes: Uint8Array,
  length: number,
  target: { readonly out: Int32Array; readonly at: number; readonly seed: number },
): void {
  let h1 = target.seed | 0
  let h2 = h1
  let h3 = h1
  let h4 = h1
  const blocks = length >> 4
  for (let block = 0; block < blocks; block++) {
    const p = block << 4
    h1 ^= Math.imul(scramble(word(bytes, p), C1, 15), C2)
    h1 = (Math.imul(rotate(h1, 19) + h2, 5) + 0x561ccd1b) | 0
    h2 ^= Math.imul(scramble(word(bytes, p + 4), C2, 16), C3)
    h2 = (Math.imul(rotate(h2, 17) + h3, 5) + 0x0bcaa747) | 0
    h3 ^= Math.imul(scramble(word(bytes, p + 8), C3, 17), C4)
    h3 = (Math.imul(rotate(h3, 15) + h4, 5) + 0x96cd1c35) | 0
    h4 ^= Math.imul(scramble(word(bytes, p + 12), C4, 18), C1)
    h4 = (Math.imul(rotate(h4, 13) + h1, 5) + 0x32ac3b17) | 0
  }
  const tail = blocks << 4
  h4 ^= Math.imul(scramble(partialWord(bytes, tail + 12, length), C4, 18), C1)
  h3 ^= Math.imul(scramble(partialWord(bytes, tail + 8, length), C3, 17), C4)
  h2 ^= Math.imul(scramble(partialWord(bytes, tail + 4, length), C2, 16), C3)
  h1 ^= Math.imul(scramble(partialWord(bytes, tail, length), C1, 15), C2)
  h1 ^= length
  h2 ^= length
  h3 ^= length
  h4 ^= length
  h1 = (h1 + h2 + h3 + h4) | 0
  h2 = (h2 + h1) | 0
  h3 = (h3 + h1) | 0
  h4 = (h4 + h1) | 0
  h1 = finalize(h1)
  h2 = finalize(h2)
  h3 = finalize(h3)
  h4 = finalize(h4)
  h1 = (h1 + h2 + h3 + h4) | 0
  const { out, at } = target
  out[at] = h1
  out[at + 1] = (h2 + h1) | 0
  out[at + 2] = (h3 + h1) | 0
  out[at + 3] = (h4 + h1) | 0
}

/** Key group of a hashed key: `groups` is a power of two, fixed at the first start. */
export function keyGroupOf(firstWord: number, groups: number): number {
  return firstWord & (groups - 1)
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}

function partialWord(bytes: Uint8Array, at: number, end: number): number {
  let value = 0
  for (let i = Math.min(at + 4, end) - 1; i >= at; i--) value = (value << 8) | bytes[i]!
  return value
}

function scramble(value: number, factor: number, by: number): number {
  return rotate(Math.imul(value, factor), by)
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by))
}

function finalize(value: number): number {
  let h = value ^ (value >>> 16)
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return h ^ (h >>> 16)
}
