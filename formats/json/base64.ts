// hot path
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const DIGITS = Uint8Array.from(ALPHABET, (letter) => letter.charCodeAt(0))
const VALUES = new Int8Array(256).fill(-1)
for (let i = 0; i < DIGITS.length; i++) VALUES[DIGITS[i]!] = i
const PAD = 0x3d

/** Length of the base64 text of `size` bytes. */
export function base64Length(size: number): number {
  return 4 * Math.ceil(size / 3)
}

/** Writes the base64 text of `source` to `target` from `at` on. */
export function encodeBase64(source: Uint8Array, target: Uint8Array, at: number): void {
  let to = at
  for (let i = 0; i < source.length; i += 3) {
    const left = source.length - i
    const word = (source[i]! << 16) | ((left > 1 ? source[i + 1]! : 0) << 8) | (left > 2 ? source[i + 2]! : 0)
    target[to] = DIGITS[word >> 18]!
    target[to + 1] = DIGITS[(word >> 12) & 63]!
    target[to + 2] = left > 1 ? DIGITS[(word >> 6) & 63]! : PAD
    target[to + 3] = left > 2 ? DIGITS[word & 63]! : PAD
    to += 4
  }
}

/**
 * Decodes base64 text of RFC 4648 §4 over itself: the bytes replace the text from its start on in `target`. Returns
 * their number, −1 where the text is not canonical: whole quads, padding, no stray bits.
 */
export function decodeBase64(source: Uint8Array, target: Uint8Array): number {
  const end = source.length
  if ((end & 3) !== 0) return -1
  if (end === 0) return 0
  const padding = source[end - 1] !== PAD ? 0 : source[end - 2] !== PAD ? 1 : 2
  let to = 0
  for (let i = 0; i < end; i += 4) {
    const last = i + 4 === end ? padding : 0
    const word = quad(source, i, last)
    if (word < 0) return -1
    target[to++] = word >> 16
    if (last < 2) target[to++] = word >> 8
    if (last < 1) target[to++] = word
  }
  return to
}

function quad(source: Uint8Array, at: number, padding: number): number {
  const a = VALUES[source[at]!]!
  const b = VALUES[source[at + 1]!]!
  const c = padding > 1 ? 0 : VALUES[source[at + 2]!]!
  const d = padding > 0 ? 0 : VALUES[source[at + 3]!]!
  if ((a | b | c | d) < 0) return -1
  const word = (a << 18) | (b << 12) | (c << 6) | d
  const isStray = (padding === 1 && (word & 0xff) !== 0) || (padding === 2 && (word & 0xffff) !== 0)
  return isStray ? -1 : word
}
