import { MillraceError } from '../../../core/model/errors.ts'
import type { FileStore } from '../../../core/ports/file-store.ts'
import { readParquet } from '../../../formats/parquet/read-parquet.ts'
import { type Action, parseActions, toAction } from './actions.ts'

/** A checkpoint of the log: all of its files, which together hold the state at `version`. */
export interface LogCheckpoint {
  readonly version: number
  readonly names: readonly string[]
}

/** What the log directory names. */
export interface LogListing {
  /** Versions that have a commit file, ascending. */
  readonly commits: readonly number[]
  /** Complete checkpoints, newest first. */
  readonly checkpoints: readonly LogCheckpoint[]
}

const COMMIT = /^(\d{20})\.json$/
const CLASSIC = /^(\d{20})\.checkpoint\.parquet$/
const MULTIPART = /^(\d{20})\.checkpoint\.(\d{10})\.(\d{10})\.parquet$/
const NAMED = /^(\d{20})\.checkpoint\.[0-9a-f-]{36}\.(?:json|parquet)$/
const STATE_COLUMNS = ['txn', 'metaData', 'protocol', 'domainMetadata']

/** Directory of a table's log. */
export const logDirectory = (table: string): string => `${table}/_delta_log`

/** Path of the commit file of a version. */
export const commitPath = (table: string, version: number): string =>
  `${logDirectory(table)}/${versionText(version)}.json`

/** A version as it stands in the names of the log. */
export const versionText = (version: number): string => version.toString().padStart(20, '0')

/** Commits and checkpoints of a table; unknown names are ignored. Empty where there is no table. */
export async function listLog(files: FileStore, table: string): Promise<LogListing> {
  const names = await files.list(logDirectory(table))
  const commits = names.flatMap((name) => COMMIT.exec(name)?.[1] ?? []).map(Number)
  const checkpoints = [...wholeCheckpoints(names), ...multipartCheckpoints(names)]
  return { commits: commits.sort((a, b) => a - b), checkpoints: checkpoints.sort((a, b) => b.version - a.version) }
}

/** The actions of one commit. Throws `MR_DELTA_CORRUPT`, `MR_FILE_MISSING`. */
export async function readCommit(files: FileStore, table: string, version: number): Promise<readonly Action[]> {
  const path = commitPath(table, version)
  return parseActions(await files.read(path), path)
}

/**
 * The actions of a checkpoint; `state` leaves files of the table out and is cheap for large tables.
 * Throws `MR_DELTA_CORRUPT` or `MR_PARQUET` for a damaged one.
 */
export async function readCheckpoint(
  files: FileStore,
  table: string,
  { checkpoint, extent }: { readonly checkpoint: LogCheckpoint; readonly extent: 'state' | 'all' },
): Promise<readonly Action[]> {
  const columns = extent === 'state' ? STATE_COLUMNS : [...STATE_COLUMNS, 'add', 'remove', 'sidecar']
  const actions: Action[] = []
  for (const name of checkpoint.names)
    actions.push(...(await readActions(files, `${logDirectory(table)}/${name}`, columns)))
  for (const action of [...actions]) {
    if (action.kind !== 'sidecar') continue
    const path = `${logDirectory(table)}/_sidecars/${decodeURIComponent(action.sidecar.path)}`
    actions.push(...(await readActions(files, path, ['add', 'remove'])))
  }
  return actions
}

async function readActions(files: FileStore, path: string, columns: readonly string[]): Promise<readonly Action[]> {
  const bytes = await files.read(path)
  if (path.endsWith('.json')) return parseActions(bytes, path)
  const records = await readParquet(bytes, columns)
  try {
    return records.flatMap((record) => toAction(record) ?? [])
  } catch (error) {
    throw new MillraceError('MR_DELTA_CORRUPT', `${path} holds a row that is no action`, { cause: error })
  }
}

function wholeCheckpoints(names: readonly string[]): readonly LogCheckpoint[] {
  return names.flatMap((name) => {
    const version = (CLASSIC.exec(name) ?? NAMED.exec(name))?.[1]
    return version === undefined ? [] : [{ version: Number(version), names: [name] }]
  })
}

/** Checkpoints in parts, those left out of which a part is missing. */
function multipartCheckpoints(names: readonly string[]): readonly LogCheckpoint[] {
  const parts = new Map<string, string[]>()
  for (const name of names) {
    const match = MULTIPART.exec(name)
    if (match === null) continue
    const key = `${match[1]} ${match[3]}`
    parts.set(key, [...(parts.get(key) ?? []), name])
  }
  return [...parts].flatMap(([key, found]) => {
    const [version, count] = key.split(' ').map(Number)
    return found.length === count ? [{ version: version!, names: found }] : []
  })
}
