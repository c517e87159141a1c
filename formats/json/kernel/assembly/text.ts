import { end } from './run'
import { invalidUtf8 } from './utf8'

const QUOTE: u8 = 0x22
const BACKSLASH: u8 = 0x5c
/** Sixteen of each: one load, where a constant would be put together each time. */
const SPACES = memory.data<u8>([
  0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
])
const QUOTES = memory.data<u8>([
  0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22,
])
const BACKSLASHES = memory.data<u8>([
  0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c, 0x5c,
])

/** Where the text that `copyString` wrote last ends. */
export let textEnd: i32 = 0

/**
 * Copies the string whose opening quote stands before `from` to `target`, unescaped, 16 bytes at a time: up to 15 bytes
 * beyond its end are written. Returns the position behind the closing quote, which may lie beyond the end of the record; 0 where the
 * string is none, or not simple.
 */
export function copyString(from: i32, target: i32): i32 {
  const limit = end
  let at = from
  let to = target
  do {
    const chunk = v128.load(at)
    v128.store(to, chunk)
    const isMark = v128.or(i8x16.eq(chunk, v128.load(QUOTES)), i8x16.eq(chunk, v128.load(BACKSLASHES)))
    // Compared as signed numbers, bytes of longer code points are below the space, too.
    const special = i8x16.bitmask(v128.or(i8x16.lt_s(chunk, v128.load(SPACES)), isMark))
    if (special === 0) {
      at += 16
      to += 16
      continue
    }
    const high = i8x16.bitmask(chunk)
    // Its lowest bit is that of the byte at which copying ends, if there is one; a code point that is cut short shows there.
    const stop = special & ~high
    if (high !== 0 && (invalidUtf8(at) & (stop ^ (stop - 1))) !== 0) return 0
    if (stop === 0) {
      // A code point may begin in the last three bytes and end behind them: it is looked at again as a whole.
      at += 13
      to += 13
      continue
    }
    at += ctz(stop)
    to += ctz(stop)
    const byte = load<u8>(at)
    if (byte === QUOTE) {
      textEnd = to
      return at + 1
    }
    if (byte !== BACKSLASH) return 0
    at = copyEscape(at, to)
    if (at === 0) return 0
    to = textEnd
  } while (at < limit)
  return 0
}

/** Writes what the escape at `at` stands for; returns the position behind it, 0 where it is none or half of a pair. */
function copyEscape(at: i32, to: i32): i32 {
  const byte = escapedByte(<i32>load<u8>(at, 1))
  if (byte !== 0) {
    store<u8>(to, byte)
    textEnd = to + 1
    return at + 2
  }
  const unit = escapedUnit(at)
  if (unit < 0xd800 || unit > 0xdfff) {
    if (unit < 0) return 0
    textEnd = putCodePoint(to, unit)
    return at + 6
  }
  const low = escapedUnit(at + 6)
  if (unit > 0xdbff || low < 0xdc00 || low > 0xdfff) return 0
  textEnd = putCodePoint(to, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00))
  return at + 12
}

function escapedByte(byte: i32): i32 {
  switch (byte) {
    case QUOTE:
    case BACKSLASH:
    case 0x2f:
      return byte
    case 0x62:
      return 0x08
    case 0x66:
      return 0x0c
    case 0x6e:
      return 0x0a
    case 0x72:
      return 0x0d
    case 0x74:
      return 0x09
    default:
      return 0
  }
}

/** The unit that `\uXXXX` at `at` names, −1 where there is no such escape. */
function escapedUnit(at: i32): i32 {
  if (load<u16>(at) !== 0x755c) return -1
  let unit = 0
  for (let i = 2; i < 6; i++) {
    const byte = <i32>load<u8>(at + i)
    const letter = (byte | 0x20) - 0x61
    const digit = byte - 0x30
    if (<u32>digit <= 9) unit = (unit << 4) | digit
    else if (<u32>letter <= 5) unit = (unit << 4) | (letter + 10)
    else return -1
  }
  return unit
}

function putCodePoint(to: i32, point: i32): i32 {
  if (point < 0x80) {
    store<u8>(to, point)
    return to + 1
  }
  if (point < 0x800) {
    store<u8>(to, 0xc0 | (point >> 6))
    store<u8>(to, 0x80 | (point & 0x3f), 1)
    return to + 2
  }
  if (point < 0x10000) {
    store<u8>(to, 0xe0 | (point >> 12))
    store<u8>(to, 0x80 | ((point >> 6) & 0x3f), 1)
    store<u8>(to, 0x80 | (point & 0x3f), 2)
    return to + 3
  }
  store<u8>(to, 0xf0 | (point >> 18))
  store<u8>(to, 0x80 | ((point >> 12) & 0x3f), 1)
  store<u8>(to, 0x80 | ((point >> 6) & 0x3f), 2)
  store<u8>(to, 0x80 | (point & 0x3f), 3)
  return to + 4
}
