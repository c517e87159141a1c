import {
  appendFileSync,
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  type Stats,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { appendFile, type FileHandle, link, mkdir, open, rename, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { MillraceError } from '../../core/model/errors.ts'
import type { FileStore, ReadRange } from '../../core/ports/file-store.ts'
import { lockDirectory } from '../../state/directory-lock.ts'

/**
 * Up to this size a call of the synchronous interface costs about a tenth of a trip to the thread pool (10 µs against 80
 * for 4 KiB). A cache of open files would save 6 µs more and could answer from a file that was replaced: not worth it.
 */
const SYNCHRONOUS_BYTES = 262_144

/**
 * Pieces are written so many bytes at once, unless one alone is larger: in the midst of a call the kernel leaves the processor to nobody
 * else, which would hold up threads that process records for several milliseconds.
 */
const BYTES_AT_ONCE = 262_144
/** Pieces that one call of the system takes. */
const MOST_PIECES = 1_024

/**
 * The files of this machine. Relative paths start at the current directory. Small reads and writes block the thread,
 * as they end in the page cache; large ones and everything that waits for the disk do not.
 */
export function openFileStore(): FileStore {
  return {
    read: (path, range) => attempt(path, () => read(resolve(path), range)),
    size: async (path) => fileStats(path)?.size,
    modifiedAt: async (path) => fileStats(path)?.mtimeMs,
    list: (directory) => attempt(directory, async () => names(resolve(directory))),
    write: (path, bytes) => attempt(path, () => write(resolve(path), bytes)),
    append: (path, bytes) => attempt(path, () => append(resolve(path), bytes)),
    truncate: (path, size) => attempt(path, async () => truncateSync(resolve(path), size)),
    sync: (path) => attempt(path, () => sync(resolve(path), 'r+')),
    syncDirectory: (directory) => attempt(directory, () => sync(resolve(directory), 'r')),
    makeDirectory: (directory) => attempt(directory, () => makeDirectory(resolve(directory))),
    link: (from, to) => attempt(to, () => linkIfAbsent(resolve(from), resolve(to))),
    rename: (from, to) => attempt(to, () => rename(resolve(from), resolve(to))),
    remove: (path) => attempt(path, async () => rmSync(resolve(path), { force: true })),
    lock: (directory) => lockDirectory(resolve(directory)),
  }
}

async function read(path: string, range: ReadRange | undefined): Promise<Uint8Array> {
  const descriptor = openSync(path, 'r')
  try {
    const offset = range?.offset ?? 0
    const left = Math.max(0, fstatSync(descriptor).size - offset)
    const length = Math.min(range?.length ?? left, left)
    if (length <= SYNCHRONOUS_BYTES) return readSmall(descriptor, offset, memoryFor(length, range))
  } finally {
    closeSync(descriptor)
  }
  return readLarge(path, range)
}

function memoryFor(length: number, range: ReadRange | undefined): Uint8Array {
  const memory = range?.into
  return memory !== undefined && memory.length >= length ? memory.subarray(0, length) : new Uint8Array(length)
}

function readSmall(descriptor: number, offset: number, bytes: Uint8Array): Uint8Array {
  let filled = 0
  while (filled < bytes.length) {
    const count = readSync(descriptor, bytes, filled, bytes.length - filled, offset + filled)
    if (count === 0) break
    filled += count
  }
  return bytes.subarray(0, filled)
}

async function readLarge(path: string, range: ReadRange | undefined): Promise<Uint8Array> {
  const file = await open(path, 'r')
  try {
    const offset = range?.offset ?? 0
    const left = Math.max(0, (await file.stat()).size - offset)
    const bytes = memoryFor(Math.min(range?.length ?? left, left), range)
    let filled = 0
    while (filled < bytes.length) {
      const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, offset + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return bytes.subarray(0, filled)
  } finally {
    await file.close()
  }
}

async function write(path: string, bytes: Uint8Array): Promise<void> {
  if (bytes.length <= SYNCHRONOUS_BYTES) writeFileSync(path, bytes)
  else await writeFile(path, bytes)
}

async function append(path: string, bytes: Uint8Array | readonly Uint8Array[]): Promise<void> {
  if (!(bytes instanceof Uint8Array)) await appendPieces(path, bytes)
  else if (bytes.length <= SYNCHRONOUS_BYTES) appendFileSync(path, bytes)
  else await appendFile(path, bytes)
}

async function appendPieces(path: string, pieces: readonly Uint8Array[]): Promise<void> {
  const file = await open(path, 'a')
  try {
    for (let from = 0; from < pieces.length; ) {
      const count = piecesAtOnce(pieces, from)
      await writeAll(file, pieces.slice(from, from + count))
      from += count
    }
  } finally {
    await file.close()
  }
}

function piecesAtOnce(pieces: readonly Uint8Array[], from: number): number {
  const most = Math.min(MOST_PIECES, pieces.length - from)
  let bytes = pieces[from]!.length
  let count = 1
  while (count < most && bytes + pieces[from + count]!.length <= BYTES_AT_ONCE) bytes += pieces[from + count++]!.length
  return count
}

async function writeAll(file: FileHandle, pieces: readonly Uint8Array[]): Promise<void> {
  let { bytesWritten: written } = await file.writev(pieces)
  // Seldom is less written than was asked for.
  for (const piece of pieces) {
    const left = piece.subarray(Math.min(written, piece.length))
    written -= piece.length - left.length
    if (left.length > 0) await file.appendFile(left)
  }
}

/** The kernel flushes the file, whichever descriptor asks, and reports a failed write-back to the next one that does. */
async function sync(path: string, flags: 'r' | 'r+'): Promise<void> {
  const file = await open(path, flags)
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

async function makeDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true })
}

async function linkIfAbsent(from: string, to: string): Promise<'linked' | 'exists'> {
  try {
    await link(from, to)
    return 'linked'
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return 'exists'
    throw error
  }
}

function names(directory: string): readonly string[] {
  try {
    return readdirSync(directory).sort()
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw error
  }
}

/** Stats of a file; none for a directory. */
function fileStats(path: string): Stats | undefined {
  try {
    const stats = statSync(resolve(path), { throwIfNoEntry: false })
    return stats?.isDirectory() === true ? undefined : stats
  } catch (error) {
    throw failure(path, error)
  }
}

async function attempt<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw failure(path, error)
  }
}

function failure(path: string, error: unknown): MillraceError {
  const errno = errnoOf(error)
  const code = errno === 'ENOENT' ? 'MR_FILE_MISSING' : 'MR_FILE_IO'
  const reason = error instanceof Error ? error.message : String(error)
  return new MillraceError(code, `${path}: ${reason}`, { details: { path, errno }, cause: error })
}

function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}
