import type { Random } from '../../../core/ports/random.ts'

const FIRST_MS = 100
const LONGEST_MS = 5_000

/** The pause after so many failures: doubled from 100 ms to 5 s, shortened by chance to as little as half, so that many do not come at once. */
export function pauseMs(failures: number, random: Random): number {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures, 16))
  return longest * (0.5 + random.uint32() / 2 ** 33)
}
