import { digitsIn, numberOf, pairsOf, ZEROS } from './eight-digits'

const MINUS = 0x2d
const ZERO = 0x30
const QUOTE = 0x22
const DOT = 0x2e
const COLON = 0x3a
const DAY_US: i64 = 86_400_000_000

/** `0000-00-`, `00T00:00` and `:00`, as they lie in memory. */
const DATE: u64 = 0x2d30_302d_3030_3030
const CLOCK: u64 = 0x3030_3a30_3054_3030
const SECONDS: u32 = 0x3030_3a
/** Where they have no digits. */
const DATE_SIGNS: u64 = 0xff00_00ff_0000_0000
/** The bit that makes a letter small may be there. */
const CLOCK_SIGNS: u64 = 0x0000_ff00_00df_0000
const SMALL: u64 = 0x0020_0000

/** Days or microseconds since 1970 that were read last. */
export let time: i64 = 0

/** Reads `yyyy-mm-dd` and a quote; returns the position behind it, 0 where there is no such day. */
export function readDate(at: i32): i32 {
  const day = twoDigits(at + 8)
  return day >= 0 && readDay(at, day) && load<u8>(at, 10) === QUOTE ? at + 11 : 0
}

/**
 * Reads RFC 3339 text and a quote, up to nine digits of a second cut to six; returns the position behind it, 0 where it
 * is another text or no such time.
 */
export function readInstant(at: i32): i32 {
  const clock = load<u64>(at, 8) ^ CLOCK
  const numbers = clock & ~SMALL
  const seconds: u32 = (load<u32>(at, 16) & 0x00ff_ffff) ^ SECONDS
  if ((clock & CLOCK_SIGNS) !== 0 || (seconds & 0xff) !== 0 || digitsIn(numbers) < 8 || digitsIn(<u64>seconds) < 8)
    return 0
  const pairs = pairsOf(numbers)
  const hour = <i64>((pairs >> 24) & 0xff)
  const minute = <i64>((pairs >> 48) & 0xff)
  const second = <i64>((pairsOf(<u64>seconds) >> 8) & 0xff)
  if (hour > 23 || minute > 59 || second > 59 || !readDay(at, <i32>(pairs & 0xff))) return 0
  time = time * DAY_US + 1_000_000 * (3600 * hour + 60 * minute + second)
  return readZone(load<u8>(at, 19) === DOT ? readFraction(at + 20) : at + 19)
}

/** Adds up to nine digits of a second to `time`; returns the position behind them, or one that no zone has. */
function readFraction(from: i32): i32 {
  const bytes = load<u64>(from) ^ ZEROS
  const count = digitsIn(bytes)
  if (count === 0) return from - 1
  const digits = count === 8 ? bytes : bytes & (((<u64>1) << (8 * count)) - 1)
  // Six digits behind two zeros.
  time += numberOf(digits << 16)
  return count === 8 && <u32>load<u8>(from, 8) - ZERO <= 9 ? from + 9 : from + count
}

/** Reads `Z` or `±hh:mm` and a quote, and takes the offset from `time`. */
function readZone(at: i32): i32 {
  const sign = <i32>load<u8>(at)
  if ((sign | 0x20) === 0x7a) return load<u8>(at, 1) === QUOTE ? at + 2 : 0
  const hour = twoDigits(at + 1)
  const minute = twoDigits(at + 4)
  if ((sign !== 0x2b && sign !== MINUS) || load<u8>(at, 3) !== COLON || (hour | minute) < 0) return 0
  if (hour > 23 || minute > 59 || load<u8>(at, 6) !== QUOTE) return 0
  const offset: i64 = 60_000_000 * <i64>(60 * hour + minute)
  time += sign === MINUS ? offset : -offset
  return at + 7
}

/** Sets `time` to the days since 1970 of the date that begins with `yyyy-mm-` at `at`. */
function readDay(at: i32, day: i32): bool {
  const numbers = load<u64>(at) ^ DATE
  if ((numbers & DATE_SIGNS) !== 0 || digitsIn(numbers) < 8) return false
  const pairs = pairsOf(numbers)
  const year = <i32>(100 * (pairs & 0xff) + ((pairs >> 16) & 0xff))
  const month = <i32>((pairs >> 40) & 0xff)
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return false
  time = daysFromCivil(year, month, day)
  return true
}

/** −1 where there are no two digits. */
function twoDigits(at: i32): i32 {
  const tens = <u32>load<u8>(at) - ZERO
  const ones = <u32>load<u8>(at, 1) - ZERO
  return tens <= 9 && ones <= 9 ? <i32>(10 * tens + ones) : -1
}

function daysInMonth(year: i32, month: i32): i32 {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** Howard Hinnant, "chrono-compatible low-level date algorithms": years start in March, so that a leap day ends one. */
function daysFromCivil(year: i32, month: i32, day: i32): i64 {
  const shifted = month > 2 ? year : year - 1
  const era = (shifted >= 0 ? shifted : shifted - 399) / 400
  const yearOfEra = shifted - 400 * era
  const dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
  const dayOfEra = 365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
  return 146_097 * era + dayOfEra - 719_468
}
