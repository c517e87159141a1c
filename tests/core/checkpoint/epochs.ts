import { type EpochMarker, STATE_FORMAT } from '../../../core/checkpoint/epoch-marker.ts'
import { EMPTY_LEDGER } from '../../../core/checkpoint/ledger.ts'
import type { EpochDraft, OwnedBlock, StateKeeper } from '../../../core/checkpoint/state-keeper.ts'
import { decodeBlock } from '../../../core/state/block.ts'
import { encodeBlock } from '../state/encode-block.ts'

/** A draft of an epoch with nothing in it but what `change` says. */
export function draftOf(epoch: number, change: Partial<EpochDraft> = {}): EpochDraft {
  return {
    format: STATE_FORMAT,
    pipeline: 'orders',
    epoch,
    generation: 1,
    finalized: epoch - 1,
    planDigest: 'digest',
    plan: {},
    keyGroups: 4,
    hashSeed: 0,
    timeLog: [{ epoch, now: 1000 }],
    splits: ['raw-0'],
    positions: { 'raw-0': { offset: 10 * epoch, incarnation: 'topic' } },
    begins: { 'raw-0': 0 },
    covered: {},
    watermarks: {},
    intents: {},
    committed: {},
    identities: {},
    ledger: EMPTY_LEDGER,
    ...change,
  }
}

/** A marker without blocks. */
export function markerOf(epoch: number, change: Partial<EpochMarker> = {}): EpochMarker {
  return { ...draftOf(epoch), previous: '', blocks: [], ...change }
}

/** A block of operator `unique` with one entry per key; the first word of a key is its key group. */
export function blockOf(keyGroup: number, entries: Readonly<Record<number, number>>, operator = 'unique'): OwnedBlock {
  const keys = Object.entries(entries)
  const words = new Int32Array(4 * keys.length)
  const times = new Float64Array(keys.length)
  for (const [index, [key, time]] of keys.entries()) {
    words[4 * index] = keyGroup
    words[4 * index + 1] = Number(key)
    times[index] = time
  }
  return { operator, block: { keyGroup, bytes: encodeBlock(words, times, keys.length), entries: keys.length } }
}

/** What the last marker of a keeper says that there is: time by `operator/keyGroup/key`, newer blocks over older ones. */
export async function entriesOf(keeper: StateKeeper): Promise<Readonly<Record<string, number>>> {
  const entries: Record<string, number> = {}
  for await (const { operator, block } of keeper.blocks()) {
    const { words, times, count } = decodeBlock(block.bytes)
    for (let i = 0; i < count; i++) entries[`${operator}/${block.keyGroup}/${words[4 * i + 1]}`] = times[i]!
  }
  return entries
}

/** No operator gave anything up. */
export const KEEP_ALL: ReadonlyMap<string, number> = new Map()
