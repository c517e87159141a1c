// hot path
import { MillraceError } from '../model/errors.ts'
import { keyGroupOf } from '../model/key-hash.ts'
import type { BlockEntries } from './block.ts'

/** Throws `MR_STATE_CORRUPT` where an entry of a block does not belong to key group `keyGroup` of `keyGroups`. */
export function checkKeyGroup(entries: BlockEntries, keyGroup: number, keyGroups: number): void {
  if (areOf(entries, keyGroup, keyGroups)) return
  const message = `a block of state holds a key that does not belong to key group ${keyGroup}`
  throw new MillraceError('MR_STATE_CORRUPT', message, { details: { keyGroup } })
}

/** A function of its own: V8 enters it in the midst of its loop, and what follows that would be slow. */
function areOf({ words, count }: BlockEntries, keyGroup: number, keyGroups: number): boolean {
  let others = 0
  for (let i = 0; i < count; i++) others |= keyGroupOf(words[4 * i]!, keyGroups) ^ keyGroup
  return others === 0
}
