/** A nibble that is followed by bytes of the length. */
const EXTENDED: i32 = 15

/** Where the length ends that was read last; past the end of the block where that cuts it off. */
export let lengthEnd: i32 = 0

/** The whole of a length whose nibble this is and whose further bytes begin at `from`. */
export function lengthOf(nibble: i32, from: i32, end: i32): i32 {
  lengthEnd = from
  return nibble === EXTENDED ? extended(from, end) : nibble
}

function extended(from: i32, end: i32): i32 {
  let at = from
  let length = EXTENDED
  let byte: i32 = 255
  while (byte === 255 && at < end) {
    byte = load<u8>(at++)
    length += byte
  }
  // A block never ends with a length: bytes must follow.
  lengthEnd = byte === 255 ? end + 1 : at
  return length
}
