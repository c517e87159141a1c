import { clearBit, DIGITS, KIND, OFFSETS, OPTIONAL, SCALE, setBit, setNull, setValid, VALUES } from './field'
import { digits, fractionDigits, isNegative, mantissa, readNumber } from './number'
import { copyString, textEnd } from './text'
import { readDate, readInstant, time } from './time'

const STRING = 0
const QUOTE = 0x22
const LETTER_N = 0x6e
const TRUE = 0x65757274
const FALS = 0x736c6166
const NULL = 0x6c6c756e
const MOST_WHOLE: u64 = 9_007_199_254_740_991
/** The most milliseconds whose microseconds are exact in a double. */
const MOST_MILLIS: u64 = 9_007_199_254_740

/** Reads the value at `at` into row `row` of a field; returns the position behind it, 0 where it is not simple. */
export function readValue(field: i32, at: i32, row: i32): i32 {
  // Most values are texts, and this is small enough to become part of the caller.
  const isText = load<i32>(field + KIND) === STRING && load<u8>(at) === QUOTE
  return isText ? readString(field, at, row) : readOther(field, at, row)
}

function readOther(field: i32, at: i32, row: i32): i32 {
  if (load<u8>(at) === LETTER_N) return readNull(field, at, row)
  const values = load<i32>(field + VALUES)
  setValid(field, row)
  switch (load<i32>(field + KIND)) {
    case 1:
      return readBoolean(values, at, row)
    case 2:
      return readInt32(values + 4 * row, at)
    case 3:
      return readInt64(values + 8 * row, at)
    case 4:
      return readInteger(values + 8 * row, at)
    case 5:
      return readFloat64(values + 8 * row, at)
    case 6:
      return readDecimal(field, values + 16 * row, at)
    case 7:
      return readTimestamp(values + 8 * row, at)
    case 8:
      return readDays(values + 4 * row, at)
    default:
      return 0
  }
}

function readNull(field: i32, at: i32, row: i32): i32 {
  if (load<i32>(at) !== NULL || load<i32>(field + OPTIONAL) === 0) return 0
  setNull(field, row)
  return at + 4
}

function readString(field: i32, at: i32, row: i32): i32 {
  setValid(field, row)
  const values = load<i32>(field + VALUES)
  const start = load<i32>(field + OFFSETS) + 4 * row
  const next = copyString(at + 1, values + load<i32>(start))
  store<i32>(start + 4, textEnd - values)
  return next
}

function readBoolean(values: i32, at: i32, row: i32): i32 {
  const word = load<i32>(at)
  if (word === TRUE) {
    setBit(values, row)
    return at + 4
  }
  if (word !== FALS || load<u8>(at, 4) !== 0x65) return 0
  clearBit(values, row)
  return at + 5
}

/** The signed value of the number read last. */
function signed(value: u64): i64 {
  return isNegative ? -(<i64>value) : <i64>value
}

function readInt32(to: i32, at: i32): i32 {
  const next = readNumber(at)
  if (next === 0 || fractionDigits !== 0 || mantissa > 0x7fffffff) return 0
  store<i32>(to, <i32>signed(mantissa))
  return next
}

function readInt64(to: i32, at: i32): i32 {
  const next = readNumber(at)
  if (next === 0 || fractionDigits !== 0 || mantissa >> 63 !== 0) return 0
  store<i64>(to, signed(mantissa))
  return next
}

function readInteger(to: i32, at: i32): i32 {
  const next = readNumber(at)
  if (next === 0 || fractionDigits !== 0 || mantissa > MOST_WHOLE) return 0
  store<i64>(to, signed(mantissa))
  return next
}

/** A mantissa below 2^53 over a power of ten up to 10^22 is one correctly rounded division. */
function readFloat64(to: i32, at: i32): i32 {
  const next = readNumber(at)
  if (next === 0 || mantissa > MOST_WHOLE) return 0
  const value = <f64>mantissa / <f64>powerOfTen(fractionDigits)
  store<f64>(to, isNegative ? -value : value)
  return next
}

function readDecimal(field: i32, to: i32, at: i32): i32 {
  const isText = load<u8>(at) === QUOTE
  const next = readNumber(at + i32(isText))
  const zeros = load<i32>(field + SCALE) - fractionDigits
  if (next === 0 || zeros < 0 || digits + zeros > 15 || (isText && load<u8>(next) !== QUOTE)) return 0
  const unscaled = mantissa * powerOfTen(zeros)
  if (unscaled >= powerOfTen(load<i32>(field + DIGITS))) return 0
  store<i64>(to, signed(unscaled))
  store<i64>(to, signed(unscaled) >> 63, 8)
  return next + i32(isText)
}

function readTimestamp(to: i32, at: i32): i32 {
  if (load<u8>(at) === QUOTE) return readTimestampText(to, at)
  const next = readNumber(at)
  if (next !== 0 && fractionDigits === 0 && mantissa < MOST_MILLIS) {
    store<i64>(to, signed(1_000 * mantissa))
    return next
  }
  if (next === 0 || fractionDigits > 3 || mantissa > MOST_WHOLE) return 0
  if (mantissa / powerOfTen(fractionDigits) > MOST_MILLIS - 1) return 0
  store<i64>(to, signed(mantissa * powerOfTen(3 - fractionDigits)))
  return next
}

function readTimestampText(to: i32, at: i32): i32 {
  const next = readInstant(at + 1)
  if (time > <i64>MOST_WHOLE || time < -(<i64>MOST_WHOLE)) return 0
  store<i64>(to, time)
  return next
}

function readDays(to: i32, at: i32): i32 {
  if (load<u8>(at) !== QUOTE) return 0
  const next = readDate(at + 1)
  store<i32>(to, <i32>time)
  return next
}

/** Exact up to 10^19, which numbers of 19 digits never exceed. */
function powerOfTen(exponent: i32): u64 {
  let power: u64 = 1
  for (let i = 0; i < exponent; i++) power *= 10
  return power
}
