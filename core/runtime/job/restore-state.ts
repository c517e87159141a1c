import type { StoredBlock } from '../../checkpoint/state-keeper.ts'
import { ownMemory } from '../../model/free-memory.ts'
import { ownerOfKeyGroup } from '../key-owner.ts'
import type { HostRounds } from './host-rounds.ts'
import type { WorkerHandle } from './job-ports.ts'

/**
 * Blocks that are under way, at most, for each worker; less where state has little memory. So few that those of some workers lie in
 * the processor's cache, and enough to load while the next ones are read.
 */
const BYTES_UNDER_WAY = 2 << 20
/** What a worker makes room for in advance, at most; less where state has little memory. */
const MOST_ROOM_BYTES = 16 << 20

export interface StateRestore {
  readonly blocks: AsyncIterable<StoredBlock>
  readonly handles: readonly WorkerHandle[]
  readonly rounds: HostRounds
  /** Memory that the state of all workers may take together, bytes. */
  readonly stateMemoryBytes: number
  /** Rejects when the attempt fails, whoever waits for a worker then. */
  readonly failed: Promise<void>
}

/**
 * Sends each stored block to the worker that owns it. In parts, each of which waits until the workers have room for it: the state may
 * be larger than their memory. Two parts are under way, so that no worker waits for the next one while it tells of the last.
 */
export async function restoreState(restore: StateRestore): Promise<void> {
  const { blocks, handles, rounds, stateMemoryBytes, failed } = restore
  const partBytes = Math.min(BYTES_UNDER_WAY * handles.length, stateMemoryBytes / 4) / 2
  const roomBytes = Math.min(MOST_ROOM_BYTES, stateMemoryBytes / 8)
  let sentBytes = 0
  let before = Promise.resolve()
  for await (const { operator, block, followingBytes } of blocks) {
    sentBytes += block.bytes.length
    const stored = { operator, block, followingBytes: Math.min(followingBytes, roomBytes) }
    const { control } = handles[ownerOfKeyGroup(block.keyGroup, handles.length)]!
    control.send({ kind: 'restore', block: stored }, ownMemory(block.bytes))
    if (sentBytes < partBytes) continue
    const part = rounds.begin(handles.length)
    for (const { control } of handles) control.send({ kind: 'settle' })
    await Promise.race([before, failed])
    before = part
    sentBytes = 0
  }
  await Promise.race([before, failed])
}
