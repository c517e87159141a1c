// Eight bytes of text at a time, from which '0' was taken by an exclusive or: digits are 0 to 9 then. The first one is the lowest byte.

/** Eight times '0'. */
export const ZEROS: u64 = 0x3030_3030_3030_3030
/** Makes every byte above nine pass 127, unless it does by itself. */
const ABOVE_NINE: u64 = 0x7676_7676_7676_7676
const HIGH_BITS: u64 = 0x8080_8080_8080_8080

/** How many of them are digits until one is none. */
export function digitsIn(bytes: u64): i32 {
  // A byte that overflows spoils only those behind it.
  const others = ((bytes + ABOVE_NINE) | bytes) & HIGH_BITS
  return <i32>(ctz(others) >> 3)
}

/** The number that all eight are. */
export function numberOf(digits: u64): u64 {
  const pairs = pairsOf(digits) & 0x00ff_00ff_00ff_00ff
  const fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff
  return (fours * 10_000 + (fours >> 32)) & 0xffff_ffff
}

/** In each byte the number that this digit and the next are. */
export function pairsOf(digits: u64): u64 {
  return digits * 10 + (digits >> 8)
}
