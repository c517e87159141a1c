import { randomFillSync, randomUUID } from 'node:crypto'
import type { Random } from '../../core/ports/random.ts'

/** Randomness of the operating system. */
export function systemRandom(): Random {
  const word = new Uint32Array(1)
  return {
    uint32: () => randomFillSync(word)[0]!,
    uuid: () => randomUUID(),
  }
}
