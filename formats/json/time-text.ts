// hot path
import { DOT, MINUS, ZERO } from './ascii.ts'

/** Instead of a day or an instant: the text has another form. */
export const MALFORMED = Number.NEGATIVE_INFINITY
/** Instead of a day or an instant: the form is right, but the calendar or the clock has no such time. */
export const IMPOSSIBLE = Number.POSITIVE_INFINITY

const DAY_US = 86_400_000_000
const PLUS = 0x2b
const LETTER_Z = 0x7a

/** Days since 1970-01-01 of `yyyy-mm-dd` filling `bytes[start, end)`, or MALFORMED or IMPOSSIBLE. */
export function dateAt(bytes: Uint8Array, start: number, end: number): number {
  return end - start === 10 ? dayAt(bytes, start) : MALFORMED
}

/**
 * Microseconds since 1970 of RFC 3339 text filling `bytes[start, end)`, or MALFORMED or IMPOSSIBLE. Up to nine digits
 * of a second, cut to six. A leap second is IMPOSSIBLE: the column cannot tell it from the next second.
 */
export function instantAt(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < 20 || (bytes[start + 10]! | 0x20) !== 0x74) return MALFORMED
  const day = dayAt(bytes, start)
  const clock = clockAt(bytes, start + 11)
  const zone = bytes[start + 19] === DOT ? afterDigits(bytes, start + 20, end) : start + 19
  const fractionDigits = zone - start - 20
  if (zone === start + 20 || fractionDigits > 9) return MALFORMED
  const offset = offsetAt(bytes, zone, end)
  if (day === MALFORMED || clock === MALFORMED || offset === MALFORMED) return MALFORMED
  if (day === IMPOSSIBLE || clock === IMPOSSIBLE || offset === IMPOSSIBLE) return IMPOSSIBLE
  return day * DAY_US + (clock - offset) * 1_000_000 + micros(bytes, start + 20, fractionDigits)
}

function dayAt(bytes: Uint8Array, at: number): number {
  const century = twoDigits(bytes, at)
  const yearOfCentury = twoDigits(bytes, at + 2)
  const month = twoDigits(bytes, at + 5)
  const day = twoDigits(bytes, at + 8)
  if ((century | yearOfCentury | month | day) < 0 || bytes[at + 4] !== MINUS || bytes[at + 7] !== MINUS)
    return MALFORMED
  const year = 100 * century + yearOfCentury
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return IMPOSSIBLE
  return daysFromCivil(year, month, day)
}

/** Seconds of `hh:mm:ss`. */
function clockAt(bytes: Uint8Array, at: number): number {
  const hour = twoDigits(bytes, at)
  const minute = twoDigits(bytes, at + 3)
  const second = twoDigits(bytes, at + 6)
  if ((hour | minute | second) < 0 || bytes[at + 2] !== 0x3a || bytes[at + 5] !== 0x3a) return MALFORMED
  return hour > 23 || minute > 59 || second > 59 ? IMPOSSIBLE : 3600 * hour + 60 * minute + second
}

/** Seconds east of UTC of `Z` or `±hh:mm` filling `bytes[at, end)`. */
function offsetAt(bytes: Uint8Array, at: number, end: number): number {
  if (end - at === 1) return (bytes[at]! | 0x20) === LETTER_Z ? 0 : MALFORMED
  const sign = bytes[at]
  if (end - at !== 6 || (sign !== PLUS && sign !== MINUS) || bytes[at + 3] !== 0x3a) return MALFORMED
  const hour = twoDigits(bytes, at + 1)
  const minute = twoDigits(bytes, at + 4)
  if ((hour | minute) < 0) return MALFORMED
  if (hour > 23 || minute > 59) return IMPOSSIBLE
  return (sign === MINUS ? -60 : 60) * (60 * hour + minute)
}

function micros(bytes: Uint8Array, at: number, digits: number): number {
  let value = 0
  for (let i = 0; i < 6; i++) value = 10 * value + (i < digits ? bytes[at + i]! - ZERO : 0)
  return value
}

function afterDigits(bytes: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end && isDigit(bytes[at]!)) at++
  return at
}

/** −1 where there are no two digits. */
function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = bytes[at]!
  const ones = bytes[at + 1]!
  return isDigit(tens) && isDigit(ones) ? 10 * (tens - ZERO) + ones - ZERO : -1
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= 0x39
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** Howard Hinnant, "chrono-compatible low-level date algorithms": years start in March, so that a leap day ends one. */
function daysFromCivil(year: number, month: number, day: number): number {
  const shifted = month > 2 ? year : year - 1
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - 400 * era
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const dayOfEra = 365 * yearOfEra + (yearOfEra >> 2) - Math.floor(yearOfEra / 100) + dayOfYear
  return 146_097 * era + dayOfEra - 719_468
}
