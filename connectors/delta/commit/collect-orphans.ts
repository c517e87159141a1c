import type { FileStore } from '../../../core/ports/file-store.ts'
import type { Logger } from '../../../core/ports/logger.ts'
import { decodePath, loadSnapshot } from '../log/snapshot.ts'

/** What to look for: files of this sink, written by attempts of the job before `generation`. */
export interface OrphanSearch {
  readonly table: string
  readonly filePrefix: string
  readonly generation: number
  /** Paths below the table that an intent still names. */
  readonly kept: ReadonlySet<string>
}

/**
 * Deletes files that a dead attempt of this sink staged and that never came into the table: our own names only, of an
 * older generation only, named by no live file, tombstone or open intent. Returns how many it deleted.
 */
export async function collectOrphans(
  ports: { readonly files: FileStore; readonly logger: Logger },
  search: OrphanSearch,
): Promise<number> {
  const { files, logger } = ports
  const { table } = search
  // First the files, then the log: what is committed in between is seen as committed.
  const snapshotBefore = await loadSnapshot({ files, logger, table, extent: 'state' })
  if (snapshotBefore === undefined) return 0
  const depth = snapshotBefore.metaData.partitionColumns.length
  const candidates = (await ownFiles(files, search, { directory: '', depth })).filter((path) => !search.kept.has(path))
  if (candidates.length === 0) return 0
  const snapshot = await loadSnapshot({ files, logger, table, extent: 'all' })
  if (snapshot?.files === undefined) return 0
  const named = new Set(
    [...snapshot.files.adds.values(), ...snapshot.files.removes.values()].map(({ path }) => decodePath(path)),
  )
  const orphans = candidates.filter((path) => !named.has(path))
  for (const path of orphans) await files.remove(`${table}/${path}`)
  return orphans.length
}

/** Our files of older generations below `directory`, as paths relative to the table. */
async function ownFiles(
  files: FileStore,
  search: OrphanSearch,
  at: { readonly directory: string; readonly depth: number },
): Promise<readonly string[]> {
  const names = await files.list(at.directory === '' ? search.table : `${search.table}/${at.directory}`)
  const below = (name: string): string => (at.directory === '' ? name : `${at.directory}/${name}`)
  if (at.depth === 0) return names.filter((name) => isOlder(name, search)).map(below)
  const found: string[] = []
  for (const name of names) {
    // Directories of partitions are `column=value`; `list` does not tell files from directories.
    if (name.includes('=') && !name.endsWith('.parquet'))
      found.push(...(await ownFiles(files, search, { directory: below(name), depth: at.depth - 1 })))
  }
  return found
}

function isOlder(name: string, { filePrefix, generation }: OrphanSearch): boolean {
  if (!name.startsWith(`${filePrefix}-`)) return false
  const match = /^\d+-(\d+)-\d+-[0-9a-f-]{36}\.[a-z]+\.parquet$/.exec(name.slice(filePrefix.length + 1))
  return match !== null && Number(match[1]) < generation
}
