// hot path
import { MillraceError } from '../model/errors.ts'
import { keyGroupOf } from '../model/key-hash.ts'
import type { BlockEntries } from './block.ts'

/** Throws `MR_STATE_CORRUPT` where an entry of a block does not belong to key group `keyGroup` of `keyGroups`. */
export function checkKeyGroup({ words, count }: BlockEntries, keyGroup: number, keyGroups: number): void {
  for (let i = 0; i < count; i++) {
    if (keyGroupOf(words[4 * i]!, keyGroups) === keyGroup) continue
    const message = `a block of state holds a key that does not belong to key group ${keyGroup}`
    throw new MillraceError('MR_STATE_CORRUPT', message, { details: { keyGroup } })
  }
}
