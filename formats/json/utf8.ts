// hot path
/**
 * Position after the code point whose first byte, not ASCII, is at `at`; −1 where the bytes are not UTF-8.
 * Unicode Standard, table 3-7: well-formed UTF-8 byte sequences.
 */
export function nextCodePoint(bytes: Uint8Array, at: number, end: number): number {
  const lead = bytes[at]!
  if (lead < 0xc2 || lead > 0xf4) return -1
  const next = at + (lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4)
  if (next > end) return -1
  const second = bytes[at + 1]!
  if (second < lowestSecond(lead) || second > highestSecond(lead)) return -1
  for (let i = at + 2; i < next; i++) if ((bytes[i]! & 0xc0) !== 0x80) return -1
  return next
}

/** Position of the first code point of `bytes[start, end)` that is not UTF-8, −1 where all are. */
export function invalidUtf8At(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end) {
    const next = bytes[at]! < 0x80 ? at + 1 : nextCodePoint(bytes, at, end)
    if (next < 0) return at
    at = next
  }
  return -1
}

/** Writes a code point as UTF-8 to `target` from `at` on; returns the position after it. */
export function putCodePoint(target: Uint8Array, at: number, point: number): number {
  if (point < 0x80) {
    target[at] = point
    return at + 1
  }
  const size = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
  for (let i = 1; i < size; i++) target[at + i] = 0x80 | ((point >> (6 * (size - 1 - i))) & 0x3f)
  target[at] = ((0xf00 >> size) & 0xff) | (point >> (6 * (size - 1)))
  return at + size
}

function lowestSecond(lead: number): number {
  if (lead === 0xe0) return 0xa0
  return lead === 0xf0 ? 0x90 : 0x80
}

function highestSecond(lead: number): number {
  if (lead === 0xed) return 0x9f
  return lead === 0xf4 ? 0x8f : 0xbf
}
