import { crc32c } from '../../../core/model/crc32c.ts'
import { MillraceError } from '../../../core/model/errors.ts'
import { type FileStore, replaceAtomically } from '../../../core/ports/file-store.ts'
import { logCorrupt } from './layout.ts'

const FORMAT = 1

/** The published end of a partition: everything before it is on disk and whole, nothing after it is anybody's business. */
export interface SyncedEnd {
  /** The topic that this end belongs to: another one at the same path is another topic. */
  readonly topicId: string
  /** Base offset of the last segment. */
  readonly segment: number
  /** Bytes of the last segment that count. */
  readonly position: number
  /** Offset that the next record will get. */
  readonly next: number
}

/** Reads the end last published. Throws `MR_FILE_MISSING` where the partition is gone, `MR_LOG_CORRUPT` where it lies. */
async function readSyncedEnd(files: FileStore, partition: string): Promise<SyncedEnd> {
  const path = pathOf(partition)
  const text = new TextDecoder().decode(await files.read(path))
  const end = parse(text)
  if (end === undefined) throw logCorrupt('the synced end cannot be read', path)
  return end
}

/** Publishes an end, atomically and durably; the bytes before it must be durable already. Only for the lock's holder. */
export async function writeSyncedEnd(files: FileStore, partition: string, end: SyncedEnd): Promise<void> {
  const bytes = new TextEncoder().encode(JSON.stringify({ ...fieldsOf(end), crc: checksum(end) }))
  await replaceAtomically(files, pathOf(partition), { bytes })
}

/** Reads the end of a partition that must be part of the topic `topicId`; another id is `MR_SOURCE_REPLACED`. */
export async function readSyncedEndOf(files: FileStore, partition: string, topicId: string): Promise<SyncedEnd> {
  const end = await readSyncedEnd(files, partition)
  if (end.topicId !== topicId) throw replaced(partition, topicId, end.topicId)
  return end
}

function replaced(partition: string, expected: string, found: string): MillraceError {
  const message = `${partition} belongs to topic id ${found}, not ${expected}: the topic was deleted and created anew`
  return new MillraceError('MR_SOURCE_REPLACED', message, { details: { path: partition, expected, found } })
}

function pathOf(partition: string): string {
  return `${partition}/synced`
}

function fieldsOf(end: SyncedEnd): object {
  return { format: FORMAT, topicId: end.topicId, segment: end.segment, position: end.position, next: end.next }
}

function checksum(end: SyncedEnd): number {
  return crc32c(new TextEncoder().encode(JSON.stringify(fieldsOf(end))))
}

function parse(text: string): SyncedEnd | undefined {
  try {
    // Whatever JSON.parse gives, its fields are checked before use, and the CRC over them after that.
    const raw = JSON.parse(text) as Partial<SyncedEnd & { crc: number; format: number }> | null
    const { topicId, segment, position, next, crc, format } = raw ?? {}
    if (format !== FORMAT || typeof topicId !== 'string') return undefined
    if (typeof segment !== 'number' || typeof position !== 'number' || typeof next !== 'number') return undefined
    const end = { topicId, segment, position, next }
    return checksum(end) === crc ? end : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
