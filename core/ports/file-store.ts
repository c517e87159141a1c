/** A lock that its holder's death releases. */
export interface FileLock {
  release(): Promise<void>
}

/** At most `length` bytes from `offset`: fewer at the end of the file. */
export interface ReadRange {
  readonly offset: number
  readonly length: number
  /** Memory of the caller that the bytes may go to, if they fit; what is read is then a view of it. */
  readonly into?: Uint8Array
}

/**
 * Files by absolute path, `/` as separator. Nothing is durable before `sync` of the file and `syncDirectory` of the
 * directory that names it. Failures are `MR_FILE_IO` (details: path, errno), absent files `MR_FILE_MISSING`.
 */
export interface FileStore {
  /** The whole file, or a part of it. */
  read(path: string, range?: ReadRange): Promise<Uint8Array>
  /** Size in bytes; `undefined` where there is no such file. */
  size(path: string): Promise<number | undefined>
  /** Last change, epoch ms; `undefined` where there is no such file. */
  modifiedAt(path: string): Promise<number | undefined>
  /** Names in a directory, sorted; empty where there is no such directory. */
  list(directory: string): Promise<readonly string[]>
  /** Creates or replaces the content. Neither atomic nor durable. */
  write(path: string, bytes: Uint8Array): Promise<void>
  /** Adds bytes, or several pieces in their order, at the end; creates the file where it is absent. */
  append(path: string, bytes: Uint8Array | readonly Uint8Array[]): Promise<void>
  /** Cuts the file to `size` bytes. */
  truncate(path: string, size: number): Promise<void>
  sync(path: string): Promise<void>
  syncDirectory(directory: string): Promise<void>
  /** Creates a directory with its parents; fine where it exists. */
  makeDirectory(directory: string): Promise<void>
  /** A second name for a file, created if absent: the one atomic claim that a directory offers. */
  link(from: string, to: string): Promise<'linked' | 'exists'>
  /** Atomic replace within one file system. */
  rename(from: string, to: string): Promise<void>
  /** Deletes a file; fine where it is absent. */
  remove(path: string): Promise<void>
  /** Takes the exclusive lock that `directory` stands for, or says who is busy by `undefined`. Not re-entrant. */
  lock(directory: string): Promise<FileLock | undefined>
}

/**
 * Writes `bytes` under `path` so that a reader sees all of it or nothing, and only if nobody was there before:
 * temporary file, fsync, exclusive hard link, fsync of the directory.
 */
export async function createExclusively(
  files: FileStore,
  path: string,
  content: { readonly bytes: Uint8Array; readonly temporary: string },
): Promise<'created' | 'exists'> {
  await files.write(content.temporary, content.bytes)
  await files.sync(content.temporary)
  const outcome = await files.link(content.temporary, path)
  await files.syncDirectory(parentOf(path))
  await files.remove(content.temporary)
  return outcome === 'linked' ? 'created' : 'exists'
}

/**
 * Writes `bytes` under `path` so that a reader sees the old or the new content, durable when it resolves. `temporary` is
 * needed where several may write the file at once; by default it is the path with `.new` behind it.
 */
export async function replaceAtomically(
  files: FileStore,
  path: string,
  content: { readonly bytes: Uint8Array; readonly temporary?: string },
): Promise<void> {
  const temporary = content.temporary ?? `${path}.new`
  await files.write(temporary, content.bytes)
  await files.sync(temporary)
  await files.rename(temporary, path)
  await files.syncDirectory(parentOf(path))
}

/**
 * Makes a directory with its parents so that their names survive a power loss. The parent of the first directory that
 * is there already is synced too: whoever made that one may have died before the sync.
 */
export async function makeDurableDirectory(files: FileStore, directory: string): Promise<void> {
  const parent = parentOf(directory)
  if (parent === directory) return
  const name = directory.slice(directory.lastIndexOf('/') + 1)
  if (!(await files.list(parent)).includes(name)) {
    await makeDurableDirectory(files, parent)
    await files.makeDirectory(directory)
  }
  await files.syncDirectory(parent)
}

/** The directory part of a path; `.` for a bare name. */
export function parentOf(path: string): string {
  const end = path.lastIndexOf('/')
  return end < 0 ? '.' : path.slice(0, Math.max(1, end))
}
