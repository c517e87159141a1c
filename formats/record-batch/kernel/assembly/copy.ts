/** Bytes that a step of a copy moves. */
export const STRIDE: i32 = 16

/** Bytes that do not overlap within a step. */
export function copyFar(from: i32, to: i32, length: i32): void {
  v128.store(to, v128.load(from))
  for (let done = STRIDE; done < length; done += STRIDE) v128.store(to + done, v128.load(from + done))
}

/** Repeats what stands fewer than 16 bytes before `to`. */
export function copyNear(to: i32, distance: i32, length: i32): void {
  const from = to - distance
  if (distance >= 8) {
    for (let done: i32 = 0; done < length; done += 8) store<u64>(to + done, load<u64>(from + done))
  } else if (distance === 1) {
    const filled = i8x16.splat(load<i8>(from))
    for (let done: i32 = 0; done < length; done += STRIDE) v128.store(to + done, filled)
  } else {
    for (let done: i32 = 0; done < length; done++) store<u8>(to + done, load<u8>(from + done))
  }
}
