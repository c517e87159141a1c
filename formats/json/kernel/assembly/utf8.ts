// Sixteen bytes of UTF-8 at a time, by three look-ups of half bytes: Keiser and Lemire, "Validating UTF-8 in less than one instruction
// per byte", Software: Practice and Experience 51 (2021). What is well-formed says the Unicode Standard, table 3-7.

// What may be wrong with a byte behind another one, a bit each. It is wrong where all three tables say so.
/** A first byte, and no follower behind it. */
const SHORT: u8 = 1
/** A follower behind ASCII. */
const LONG: u8 = 2
const OVERLONG_OF_3: u8 = 4
const TOO_LARGE: u8 = 8
const SURROGATE: u8 = 16
const OVERLONG_OF_2: u8 = 32
const OVERLONG_OF_4: u8 = 64
/** Larger still; never together with the one before. */
const FAR_TOO_LARGE: u8 = 64
/** Two followers: right only as the end of three bytes or four. */
const FOLLOWERS: u8 = 128
/** What the second half of the first byte does not tell. */
const ANY: u8 = SHORT | LONG | FOLLOWERS
const LARGE: u8 = ANY | TOO_LARGE | FAR_TOO_LARGE
const BEHIND_FIRST: u8 = LONG | FOLLOWERS | OVERLONG_OF_2

/** By the first half of the byte before. */
const BEFORE_HIGH = memory.data<u8>([
  LONG,
  LONG,
  LONG,
  LONG,
  LONG,
  LONG,
  LONG,
  LONG,
  FOLLOWERS,
  FOLLOWERS,
  FOLLOWERS,
  FOLLOWERS,
  SHORT | OVERLONG_OF_2,
  SHORT,
  SHORT | OVERLONG_OF_3 | SURROGATE,
  SHORT | TOO_LARGE | FAR_TOO_LARGE | OVERLONG_OF_4,
])
/** By its second half. */
const BEFORE_LOW = memory.data<u8>([
  ANY | OVERLONG_OF_2 | OVERLONG_OF_3 | OVERLONG_OF_4,
  ANY | OVERLONG_OF_2,
  ANY,
  ANY,
  ANY | TOO_LARGE,
  LARGE,
  LARGE,
  LARGE,
  LARGE,
  LARGE,
  LARGE,
  LARGE,
  LARGE,
  LARGE | SURROGATE,
  LARGE,
  LARGE,
])
/** By the first half of the byte itself. */
const HIGH = memory.data<u8>([
  SHORT,
  SHORT,
  SHORT,
  SHORT,
  SHORT,
  SHORT,
  SHORT,
  SHORT,
  BEHIND_FIRST | OVERLONG_OF_3 | OVERLONG_OF_4 | FAR_TOO_LARGE,
  BEHIND_FIRST | OVERLONG_OF_3 | TOO_LARGE,
  BEHIND_FIRST | SURROGATE | TOO_LARGE,
  BEHIND_FIRST | SURROGATE | TOO_LARGE,
  SHORT,
  SHORT,
  SHORT,
  SHORT,
])

/**
 * A bit for each of the sixteen bytes at `at` that cannot stand behind the three before it. A code point that ends too early shows at
 * the byte behind it.
 */
export function invalidUtf8(at: i32): i32 {
  const bytes = v128.load(at)
  const before = v128.load(at - 1)
  const wrong = v128.and(
    v128.and(
      i8x16.swizzle(v128.load(BEFORE_HIGH), i8x16.shr_u(before, 4)),
      i8x16.swizzle(v128.load(BEFORE_LOW), v128.and(before, i8x16.splat(0x0f))),
    ),
    i8x16.swizzle(v128.load(HIGH), i8x16.shr_u(bytes, 4)),
  )
  // The highest bit is set where a code point of three bytes or four goes on.
  const third = i8x16.sub_sat_u(v128.load(at - 2), i8x16.splat(0x60))
  const fourth = i8x16.sub_sat_u(v128.load(at - 3), i8x16.splat(0x70))
  const follower = v128.and(v128.or(third, fourth), i8x16.splat(-128))
  return ~i8x16.bitmask(i8x16.eq(wrong, follower)) & 0xffff
}
