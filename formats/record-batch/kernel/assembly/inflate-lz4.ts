// One block of LZ4 (lz4_Block_format.md), every length and distance checked before it is used. Copies go in steps of 16 bytes and
// may read and write that much past their end: the host leaves room after input and output.
import { copyFar, copyNear, STRIDE } from './copy'
import { lengthEnd, lengthOf } from './length'

/** The block contradicts itself, or inflates to more than there is room for: the host finds out which. */
const FAILED: i32 = -1

const SHORTEST_MATCH: i32 = 4

/** Where the output ends now, how far it may go, and how far back a match may reach. */
let outputEnd: i32 = 0
let outputLimit: i32 = 0
let outputFloor: i32 = 0

export function setOutput(end: i32, limit: i32, floor: i32): void {
  outputEnd = end
  outputLimit = limit
  outputFloor = floor
}

/** Inflates the block at `[from, end)` after what the output has. Returns where the output ends, negative where that fails. */
export function inflateBlock(from: i32, end: i32): i32 {
  const limit = outputLimit
  const floor = outputFloor
  let at = from
  let target = outputEnd
  while (at < end) {
    const token: i32 = load<u8>(at)
    const literals = lengthOf(token >>> 4, at + 1, end)
    at = lengthEnd
    if (literals > end - at || literals > limit - target) return FAILED
    copyFar(at, target, literals)
    at += literals
    target += literals
    if (at === end) return target
    const distance: i32 = load<u16>(at)
    const length = lengthOf(token & 15, at + 2, end) + SHORTEST_MATCH
    at = lengthEnd
    if (at > end || length > limit - target || distance === 0 || distance > target - floor) return FAILED
    if (distance >= STRIDE) copyFar(target - distance, target, length)
    else copyNear(target, distance, length)
    target += length
  }
  return FAILED
}
