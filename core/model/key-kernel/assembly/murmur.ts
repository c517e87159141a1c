// MurmurHash3 x86_128, as in ../../key-hash.ts, which says where it is from.
const C1: i32 = 0x239b961b
const C2: i32 = 0xab0e9789
const C3: i32 = 0x38b34ae5
const C4: i32 = 0xa1e38b93

/** Writes the four words of the hash of `[from, end)`, which fifteen zeros follow, to `to`. */
export function hash(from: i32, end: i32, to: i32): void {
  let h1 = seed
  let h2 = seed
  let h3 = seed
  let h4 = seed
  let at = from
  for (; end - at >= 16; at += 16) {
    h1 ^= scrambled(load<i32>(at), C1, 15) * C2
    h1 = (rotl(h1, 19) + h2) * 5 + 0x561ccd1b
    h2 ^= scrambled(load<i32>(at, 4), C2, 16) * C3
    h2 = (rotl(h2, 17) + h3) * 5 + 0x0bcaa747
    h3 ^= scrambled(load<i32>(at, 8), C3, 17) * C4
    h3 = (rotl(h3, 15) + h4) * 5 + 0x96cd1c35
    h4 ^= scrambled(load<i32>(at, 12), C4, 18) * C1
    h4 = (rotl(h4, 13) + h1) * 5 + 0x32ac3b17
  }
  // Words of zeros change nothing.
  h4 ^= scrambled(load<i32>(at, 12), C4, 18) * C1
  h3 ^= scrambled(load<i32>(at, 8), C3, 17) * C4
  h2 ^= scrambled(load<i32>(at, 4), C2, 16) * C3
  h1 ^= scrambled(load<i32>(at), C1, 15) * C2
  const length = end - from
  h1 ^= length
  h2 ^= length
  h3 ^= length
  h4 ^= length
  h1 += h2 + h3 + h4
  h2 = finished(h2 + h1)
  h3 = finished(h3 + h1)
  h4 = finished(h4 + h1)
  h1 = finished(h1)
  h1 += h2 + h3 + h4
  store<i32>(to, h1)
  store<i32>(to, h2 + h1, 4)
  store<i32>(to, h3 + h1, 8)
  store<i32>(to, h4 + h1, 12)
}

let seed: i32 = 0

export function setSeed(value: i32): void {
  seed = value
}

function scrambled(value: i32, factor: i32, by: i32): i32 {
  return rotl(value * factor, by)
}

function finished(value: i32): i32 {
  let h: u32 = value
  h ^= h >>> 16
  h *= 0x85ebca6b
  h ^= h >>> 13
  h *= 0xc2b2ae35
  return h ^ (h >>> 16)
}
