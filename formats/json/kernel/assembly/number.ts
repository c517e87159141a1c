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
  let at = first
  let value: u64 = 0
  let digit = <u32>load<u8>(at) - ZERO
  while (digit <= 9 && at - first < 20) {
    value = 10 * value + digit
    digit = <u32>load<u8>(++at) - ZERO
  }
  digits = at - first
  if (digits === 0 || (digits > 1 && load<u8>(first) === ZERO)) return 0
  fractionDigits = 0
  if (load<u8>(at) === DOT) {
    const point = at
    digit = <u32>load<u8>(++at) - ZERO
    while (digit <= 9 && at - point < 20) {
      value = 10 * value + digit
      digit = <u32>load<u8>(++at) - ZERO
    }
    fractionDigits = at - point - 1
    if (fractionDigits === 0) return 0
    digits += fractionDigits
  }
  mantissa = value
  return digits > 19 || (load<u8>(at) | 0x20) === LETTER_E ? 0 : at
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
