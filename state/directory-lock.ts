import type { FileLock } from '../core/ports/file-store.ts'

/** Folder inside a locked directory that holds the lock. */
const LOCK_FOLDER = '.lock'

/**
 * Takes the exclusive lock of a directory (absolute path; made where absent), or says that somebody holds it by
 * `undefined`. Not re-entrant. The lock is that of an empty LevelDB in the folder `.lock`: the operating system releases
 * it when the holder dies, however it dies. Throws `MR_STATE_IO`.
 */
export async function lockDirectory(directory: string): Promise<FileLock | undefined> {
  const folder = `${directory}/${LOCK_FOLDER}`
  // Only now: worker threads have the same file store and lock nothing, so they need not load a native library.
  const { closeLevel, openLevel } = await import('./open-level.ts')
  const level = await openLevel(folder)
  return level === undefined ? undefined : { release: () => closeLevel(level, folder) }
}
