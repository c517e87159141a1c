import { MillraceError } from '../../../core/model/errors.ts'
import type { FileStore } from '../../../core/ports/file-store.ts'
import { decodeRecordBatch, frameAt } from '../../../formats/record-batch/decode.ts'
import { MOST_INFLATED_BYTES } from '../../../formats/record-batch/layout.ts'
import { logCorrupt, segmentBases, segmentPath } from './layout.ts'
import { readSyncedEndOf, type SyncedEnd, writeSyncedEnd } from './synced-end.ts'

const CHUNK_BYTES = 4_194_304
const LENGTH_AT = 8
const LENGTH_END = 12

/**
 * Makes the end of a partition true again after whatever happened to its last writer; only for the lock's holder.
 * 1. Start at the synced end; a shorter segment is `MR_LOG_CORRUPT`. 2. Keep whole batches that follow: they were written
 * and perhaps seen by nobody. 3. Cut the rest, remove segments behind it. 4. Sync, publish.
 */
export async function recoverPartition(files: FileStore, partition: string, topicId: string): Promise<SyncedEnd> {
  const published = await readSyncedEndOf(files, partition, topicId)
  let end = published
  for (;;) {
    const grown = await recoverSegment(files, partition, end)
    if (
      grown.isTorn ||
      (await files.size(segmentPath(partition, grown.end.next))) === undefined ||
      grown.end.position === 0
    ) {
      end = grown.end
      break
    }
    end = { ...grown.end, segment: grown.end.next, position: 0 }
  }
  await removeBehind(files, partition, end)
  if (end.next !== published.next) {
    await files.syncDirectory(partition)
    await writeSyncedEnd(files, partition, end)
  }
  return end
}

async function recoverSegment(
  files: FileStore,
  partition: string,
  from: SyncedEnd,
): Promise<{ readonly end: SyncedEnd; readonly isTorn: boolean }> {
  const path = segmentPath(partition, from.segment)
  const size = (await files.size(path)) ?? 0
  if (size < from.position) throw logCorrupt(`it has ${size} bytes, ${from.position} were published`, path)
  if (size === from.position) return { end: from, isTorn: false }
  const end = await wholeBatches(files, path, { from, size })
  if (end.position < size) await files.truncate(path, end.position)
  await files.sync(path)
  return { end, isTorn: end.position < size }
}

async function wholeBatches(
  files: FileStore,
  path: string,
  tail: { readonly from: SyncedEnd; readonly size: number },
): Promise<SyncedEnd> {
  let { position, next } = tail.from
  let wanted = CHUNK_BYTES
  while (position < tail.size) {
    const bytes = await files.read(path, { offset: position, length: Math.min(wanted, tail.size - position) })
    const counted = countWhole(bytes, next)
    position += counted.position
    next = counted.next
    if (counted.isDamaged) break
    if (counted.position > 0) wanted = CHUNK_BYTES
    else if (lengthOf(bytes) <= bytes.length || lengthOf(bytes) > tail.size - position) break
    else wanted = lengthOf(bytes)
  }
  return { ...tail.from, position, next }
}

function countWhole(
  bytes: Uint8Array,
  first: number,
): { readonly position: number; readonly next: number; readonly isDamaged: boolean } {
  let position = 0
  let next = first
  try {
    for (let frame = frameAt(bytes, 0); frame !== undefined; frame = frameAt(bytes, frame.end)) {
      decodeRecordBatch(bytes, frame.start, { maxInflatedBytes: MOST_INFLATED_BYTES })
      if (frame.baseOffset !== next) return { position, next, isDamaged: true }
      position = frame.end
      next = frame.nextOffset
    }
    return { position, next, isDamaged: false }
  } catch (error) {
    // Beyond the synced end a damaged batch is what a crash leaves behind; anything else is a failure of ours.
    if (!(error instanceof MillraceError)) throw error
    return { position, next, isDamaged: true }
  }
}

function lengthOf(bytes: Uint8Array): number {
  if (bytes.length < LENGTH_END) return 0
  return LENGTH_END + new DataView(bytes.buffer, bytes.byteOffset).getInt32(LENGTH_AT)
}

async function removeBehind(files: FileStore, partition: string, end: SyncedEnd): Promise<void> {
  const stray = segmentBases(await files.list(partition)).filter((base) => base > end.segment)
  for (const base of stray) await files.remove(segmentPath(partition, base))
  if (stray.length > 0) await files.syncDirectory(partition)
}
