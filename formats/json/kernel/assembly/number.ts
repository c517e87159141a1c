import { digitsIn, numberOf, ZEROS } from './eight-digits'
import { end } from './run'

const MINUS = 0x2d
const DOT = 0x2e
const ZERO = 0x30
const LETTER_E = 0x65

/** The number read last is ± `mantissa` / 10^`fractionDigits`. */
export let mantissa: u64 = 0
export let isNegative: bool = false
export let fractionDigits: i32 = 0
/** Digits of the number read last, before and after its point. */
export let digits: i32 = 0

/**
 * Reads a number without exponent of at most 19 digits; returns the position behind it, 0 where it is no such number.
 * 19 digits fit 64 bits without a sign.
 */
export function readNumber(from: i32): i32 {
  isNegative = load<u8>(from) === MINUS
  const first = from + i32(isNegative)
  let at = readDigits(first)
  digits = at - first
  if (digits === 0 || (digits > 1 && load<u8>(first) === ZERO)) return 0
  fractionDigits = 0
  if (load<u8>(at) === DOT) {
    const point = at
    let value = mantissa
    let digit = <u32>load<u8>(++at) - ZERO
    while (digit <= 9 && at - point < 20) {
      value = 10 * value + digit
      digit = <u32>load<u8>(++at) - ZERO
    }
    mantissa = value
    fractionDigits = at - point - 1
    if (fractionDigits === 0) return 0
    digits += fractionDigits
  }
  if (digits > 19 || (load<u8>(at) | 0x20) === LETTER_E) {
    // Something to do, so that this is a jump: a choice between two results would keep what follows waiting.
    mantissa = 0
    return 0
  }
  return at
}

/** Reads digits into the mantissa, up to twenty; returns the position behind them. Eight at a time: how many there are costs no jump. */
function readDigits(from: i32): i32 {
  const first = load<u64>(from) ^ ZEROS
  const count = digitsIn(first)
  if (count < 8) {
    // Digits are moved to where the last ones of eight stand; none leave nothing.
    mantissa = count === 0 ? 0 : numberOf(first << (64 - 8 * count))
    return from + count
  }
  const second = load<u64>(from, 8) ^ ZEROS
  const more = digitsIn(second)
  if (more === 8) return readOn(from + 16, 100_000_000 * numberOf(first) + numberOf(second))
  // The last eight digits, which overlap the first ones, and those before them.
  const end = from + 8 + more
  const high = more === 0 ? 0 : numberOf(first << (64 - 8 * more))
  mantissa = 100_000_000 * high + numberOf(load<u64>(end - 8) ^ ZEROS)
  return end
}

/** Adds up to four digits to sixteen, whose number is given. */
function readOn(from: i32, sixteen: u64): i32 {
  let at = from
  let value = sixteen
  let digit = <u32>load<u8>(at) - ZERO
  while (digit <= 9 && at - from < 4) {
    value = 10 * value + digit
    digit = <u32>load<u8>(++at) - ZERO
  }
  mantissa = value
  return at
}

/** Walks a number of any length; returns the position behind it, 0 where it is none. */
export function skipNumber(from: i32): i32 {
  const first = from + i32(load<u8>(from) === MINUS)
  let at = skipDigits(first)
  if (at === first || (load<u8>(first) === ZERO && at > first + 1)) return 0
  if (load<u8>(at) === DOT) {
    const fraction = skipDigits(at + 1)
    if (fraction === at + 1) return 0
    at = fraction
  }
  if ((load<u8>(at) | 0x20) !== LETTER_E) return at
  const sign = load<u8>(at, 1)
  const exponent = sign === 0x2b || sign === MINUS ? at + 2 : at + 1
  at = skipDigits(exponent)
  return at === exponent ? 0 : at
}

function skipDigits(from: i32): i32 {
  let at = from
  while (at < end && <u32>load<u8>(at) - ZERO <= 9) at++
  return at
}
