const MINUS = 0x2d
const ZERO = 0x30
const QUOTE = 0x22
const DOT = 0x2e
const COLON = 0x3a
const DAY_US: i64 = 86_400_000_000

/** Days or microseconds since 1970 that were read last. */
export let time: i64 = 0

/** Reads `yyyy-mm-dd` and a quote; returns the position behind it, 0 where there is no such day. */
export function readDate(at: i32): i32 {
  return readDay(at) && load<u8>(at, 10) === QUOTE ? at + 11 : 0
}

/**
 * Reads RFC 3339 text and a quote, up to nine digits of a second cut to six; returns the position behind it, 0 where it
 * is another text or no such time.
 */
export function readInstant(at: i32): i32 {
  if (!readDay(at) || (load<u8>(at, 10) | 0x20) !== 0x74) return 0
  const seconds = secondsOfClock(at + 11)
  if (seconds < 0) return 0
  time = time * DAY_US + 1_000_000 * seconds
  return readZone(load<u8>(at, 19) === DOT ? readFraction(at + 20) : at + 19)
}

/** Seconds of `hh:mm:ss`, −1 where no clock shows that. */
function secondsOfClock(at: i32): i64 {
  const hour = twoDigits(at)
  const minute = twoDigits(at + 3)
  const second = twoDigits(at + 6)
  if ((hour | minute | second) < 0 || load<u8>(at, 2) !== COLON || load<u8>(at, 5) !== COLON) return -1
  return hour > 23 || minute > 59 || second > 59 ? -1 : 3600 * hour + 60 * minute + second
}

/** Adds up to nine digits of a second to `time`; returns the position behind them, or one that no zone has. */
function readFraction(from: i32): i32 {
  let micros = 0
  let at = from
  while (at < from + 9) {
    const digit = <u32>load<u8>(at) - ZERO
    if (digit > 9) break
    if (at < from + 6) micros = 10 * micros + digit
    at++
  }
  for (let i = at; i < from + 6; i++) micros *= 10
  time += micros
  return at === from ? from - 1 : at
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

/** Sets `time` to the days since 1970 of the date at `at`. */
function readDay(at: i32): bool {
  const century = twoDigits(at)
  const yearOfCentury = twoDigits(at + 2)
  const month = twoDigits(at + 5)
  const day = twoDigits(at + 8)
  if ((century | yearOfCentury | month | day) < 0) return false
  if (load<u8>(at, 4) !== MINUS || load<u8>(at, 7) !== MINUS) return false
  const year = 100 * century + yearOfCentury
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
