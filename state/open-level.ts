import { Level } from 'level'
import { MillraceError } from '../core/model/errors.ts'

/** A LevelDB with text keys and binary values. */
export type ByteLevel = Level<string, Uint8Array>

/**
 * Directories that this thread holds. LevelDB locks by POSIX record locks, and those have a trap: when any descriptor of
 * the lock file is closed, the process loses the lock. LevelDB itself closes one when a second opening in the same
 * process is refused; from then on another process can get in. So a second opening must not reach LevelDB.
 */
const held = new Set<string>()

/**
 * Opens a LevelDB by absolute path, or says that somebody holds it by `undefined`. The caller gives it back by
 * {@link closeLevel}. Throws `MR_STATE_CORRUPT`, `MR_STATE_IO`.
 */
export async function openLevel(directory: string): Promise<ByteLevel | undefined> {
  if (held.has(directory)) return undefined
  held.add(directory)
  // Not compressed: hashes do not shrink, and `check-tables` can walk what is written.
  const level: ByteLevel = new Level(directory, { keyEncoding: 'utf8', valueEncoding: 'view', compression: false })
  try {
    await level.open()
    return level
  } catch (error) {
    held.delete(directory)
    const code = levelCode(error)
    if (code === 'LEVEL_LOCKED') return undefined
    const message = `the store in ${directory} cannot be opened: ${reasonOf(error)}`
    const details = { path: directory }
    throw new MillraceError(isCorruption(error) ? 'MR_STATE_CORRUPT' : 'MR_STATE_IO', message, {
      details,
      cause: error,
    })
  }
}

/** On Node, `Level` is the class of classic-level, which can do that; its types name only what browsers can, too. */
const destroyer = Level as unknown as { destroy(directory: string): Promise<void> }

/** Deletes the LevelDB in a directory that nobody has open; nothing happens where there is none. Throws `MR_STATE_IO`. */
export async function destroyLevel(directory: string): Promise<void> {
  try {
    await destroyer.destroy(directory)
  } catch (error) {
    const message = `the store in ${directory} cannot be deleted: ${reasonOf(error)}`
    throw new MillraceError('MR_STATE_IO', message, { details: { path: directory }, cause: error })
  }
}

/** Closes it and lets others in. Idempotent. */
export async function closeLevel(level: ByteLevel, directory: string): Promise<void> {
  if (level.status === 'closed') return
  await level.close()
  held.delete(directory)
}

/** The text of the innermost cause: LevelDB's own words. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : reasonOf(error.cause)
}

/** LevelDB found its own files damaged. */
export function isCorruption(error: unknown): boolean {
  return levelCode(error) === 'LEVEL_CORRUPTION' || /^Corruption: /.test(reasonOf(error))
}

function levelCode(error: unknown): unknown {
  const inner = error instanceof Error && error.cause !== undefined ? error.cause : error
  return inner instanceof Error && 'code' in inner ? inner.code : undefined
}
