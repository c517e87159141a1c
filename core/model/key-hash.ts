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

/** Writes the four words of the hash of the first `length` bytes to `out[at … at+3]`. */
export function hashKey(
  bytes: DataView,
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
    h1 ^= Math.imul(scramble(bytes.getInt32(p, true), C1, 15), C2)
    h1 = (Math.imul(rotate(h1, 19) + h2, 5) + 0x561ccd1b) | 0
    h2 ^= Math.imul(scramble(bytes.getInt32(p + 4, true), C2, 16), C3)
    h2 = (Math.imul(rotate(h2, 17) + h3, 5) + 0x0bcaa747) | 0
    h3 ^= Math.imul(scramble(bytes.getInt32(p + 8, true), C3, 17), C4)
    h3 = (Math.imul(rotate(h3, 15) + h4, 5) + 0x96cd1c35) | 0
    h4 ^= Math.imul(scramble(bytes.getInt32(p + 12, true), C4, 18), C1)
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

/** The same of all of some bytes. */
export function hashBytes(bytes: Uint8Array, target: Parameters<typeof hashKey>[2]): void {
  hashKey(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), bytes.length, target)
}

/** Key group of a hashed key: `groups` is a power of two, fixed at the first start. */
export function keyGroupOf(firstWord: number, groups: number): number {
  return firstWord & (groups - 1)
}

/** The word at `at`, without the bytes from `end` on. */
function partialWord(bytes: DataView, at: number, end: number): number {
  if (at + 4 <= end) return bytes.getInt32(at, true)
  let value = 0
  for (let i = end - 1; i >= at; i--) value = (value << 8) | bytes.getUint8(i)
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
