import { skipNumber } from './number'
import { end, scratch } from './run'
import { copyString } from './text'

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
/** Containers within containers, the record itself being the first. */
const NESTING_LIMIT = 64

/** Position of the first byte that is no space, the end of the record where there is none. */
export function space(from: i32): i32 {
  // Compact JSON has no spaces.
  return load<u8>(from) > 0x20 ? from : behindSpaces(from)
}

function behindSpaces(from: i32): i32 {
  const limit = end
  let at = from
  while (at < limit) {
    const byte = <i32>load<u8>(at)
    if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) return at
    at++
  }
  return at
}

/**
 * Walks one value, whatever it is; `depth` is the number of containers around it. Returns the
 * position behind it, 0 where it is none, or not simple.
 */
export function skipValue(at: i32, depth: i32): i32 {
  switch (<i32>load<u8>(at)) {
    case QUOTE:
      return copyString(at + 1, scratch)
    case OPEN_OBJECT:
      return skipContainer(at, depth + 1)
    case OPEN_ARRAY:
      return skipContainer(at, depth + 1)
    case 0x74:
      return load<u32>(at) === 0x65757274 ? at + 4 : 0
    case 0x6e:
      return load<u32>(at) === 0x6c6c756e ? at + 4 : 0
    case 0x66:
      return load<u32>(at) === 0x736c6166 && load<u8>(at, 4) === 0x65 ? at + 5 : 0
    default:
      return skipNumber(at)
  }
}

function skipContainer(open: i32, depth: i32): i32 {
  if (depth > NESTING_LIMIT) return 0
  const isObject = load<u8>(open) === OPEN_OBJECT
  const close = isObject ? CLOSE_OBJECT : CLOSE_ARRAY
  let at = space(open + 1)
  if (load<u8>(at) === close) return at + 1
  while (at < end) {
    if (isObject) at = skipKey(at)
    if (at === 0) return 0
    at = skipValue(at, depth)
    if (at === 0) return 0
    at = space(at)
    const byte = <i32>load<u8>(at)
    if (byte === close) return at + 1
    if (byte !== COMMA) return 0
    at = space(at + 1)
  }
  return 0
}

/** Walks a key and its colon to the value. */
function skipKey(at: i32): i32 {
  if (load<u8>(at) !== QUOTE) return 0
  const next = copyString(at + 1, scratch)
  if (next === 0) return 0
  const colon = space(next)
  return load<u8>(colon) === COLON ? space(colon + 1) : 0
}
