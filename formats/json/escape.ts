// hot path
import { BACKSLASH, LETTER_F, LETTER_N, LETTER_T, LETTER_U, NINE, QUOTE, ZERO } from './ascii.ts'
import { putCodePoint } from './utf8.ts'

/** The byte that an escape of two bytes, the second being `byte`, stands for; 0 where there is no such escape. */
export function escapedByte(byte: number): number {
  switch (byte) {
    case QUOTE:
    case BACKSLASH:
    case 0x2f:
      return byte
    case 0x62:
      return 0x08
    case LETTER_F:
      return 0x0c
    case LETTER_N:
      return 0x0a
    case 0x72:
      return 0x0d
    case LETTER_T:
      return 0x09
    default:
      return 0
  }
}

/** The UTF-16 unit that the escape `\uXXXX` at `at` names, −1 where there is none before `end`. */
export function escapedUnit(bytes: Uint8Array, at: number, end: number): number {
  if (at + 6 > end || bytes[at] !== BACKSLASH || bytes[at + 1] !== LETTER_U) return -1
  let unit = 0
  for (let i = at + 2; i < at + 6; i++) {
    const digit = hexDigit(bytes[i]!)
    if (digit < 0) return -1
    unit = (unit << 4) | digit
  }
  return unit
}

/**
 * Writes the text of a string whose escapes are known to be good, and paired, to `target`; returns its length. The string
 * is `source[start, end)`.
 */
export function unescapeInto(
  target: Uint8Array,
  source: Uint8Array,
  { start, end }: { readonly start: number; readonly end: number },
): number {
  let to = 0
  let at = start
  while (at < end) {
    const byte = source[at]!
    if (byte !== BACKSLASH) {
      target[to++] = byte
      at++
    } else if (source[at + 1] !== LETTER_U) {
      target[to++] = escapedByte(source[at + 1]!)
      at += 2
    } else {
      const point = escapedPoint(source, at, end)
      to = putCodePoint(target, to, point)
      at += point > 0xffff ? 12 : 6
    }
  }
  return to
}

function escapedPoint(bytes: Uint8Array, at: number, end: number): number {
  const unit = escapedUnit(bytes, at, end)
  if (unit < 0xd800 || unit > 0xdfff) return unit
  return 0x10000 + ((unit - 0xd800) << 10) + (escapedUnit(bytes, at + 6, end) - 0xdc00)
}

function hexDigit(byte: number): number {
  if (byte >= ZERO && byte <= NINE) return byte - ZERO
  const letter = byte | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}
