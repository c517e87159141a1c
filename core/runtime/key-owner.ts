// hot path
import { keyGroupOf } from '../model/key-hash.ts'

/** Which worker owns a key group. */
export function ownerOfKeyGroup(keyGroup: number, workers: number): number {
  return keyGroup % workers
}

/** Which worker gets the records of a key, by the first word of its hash. */
export function ownerOfKey(firstWord: number, keyGroups: number, workers: number): number {
  return ownerOfKeyGroup(keyGroupOf(firstWord, keyGroups), workers)
}
