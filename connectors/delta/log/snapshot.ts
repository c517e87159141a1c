import { MillraceError } from '../../../core/model/errors.ts'
import type { FileStore } from '../../../core/ports/file-store.ts'
import type { Logger } from '../../../core/ports/logger.ts'
import type { Action, Add, DomainMetadata, MetaData, Protocol, Remove, Txn } from './actions.ts'
import { refuseUnreadable } from './features.ts'
import { type LogListing, listLog, readCheckpoint, readCommit } from './log-files.ts'

/** Live files and tombstones of a table by path and deletion vector. */
export interface TableFiles {
  readonly adds: Map<string, Add>
  readonly removes: Map<string, Remove>
}

/** State of a table at a version. */
export interface Snapshot {
  readonly version: number
  readonly protocol: Protocol
  readonly metaData: MetaData
  /** Newest transaction of each writer. */
  readonly txns: ReadonlyMap<string, Txn>
  readonly domains: ReadonlyMap<string, DomainMetadata>
  /** `undefined` where only the state was asked for. */
  readonly files: TableFiles | undefined
}

/** What a snapshot is read from; `extent` `state` leaves the files of the table out. */
export interface SnapshotSource {
  readonly files: FileStore
  readonly logger: Logger
  readonly table: string
  readonly extent: 'state' | 'all'
}

interface Replay {
  protocol: Protocol | undefined
  metaData: MetaData | undefined
  readonly txns: Map<string, Txn>
  readonly domains: Map<string, DomainMetadata>
  readonly files: TableFiles | undefined
}

/**
 * The newest snapshot of a table, `undefined` where there is no table. A damaged checkpoint is logged and an older one
 * or the commits serve; throws `MR_DELTA_CORRUPT` where versions are missing and `MR_DELTA_UNSUPPORTED` where the table
 * needs a feature that we cannot read.
 */
export async function loadSnapshot(source: SnapshotSource): Promise<Snapshot | undefined> {
  const listing = await listLog(source.files, source.table)
  const newest = Math.max(listing.commits.at(-1) ?? -1, listing.checkpoints[0]?.version ?? -1)
  if (newest < 0) return undefined
  const { replay, version } = await startReplay(source, listing)
  for (const next of commitsAfter(source.table, listing, version)) {
    for (const action of await readCommit(source.files, source.table, next)) apply(replay, action)
  }
  return finishReplay(replay, newest, source.table)
}

/** A snapshot after one more commit. */
export function advanceSnapshot(snapshot: Snapshot, actions: readonly Action[], table: string): Snapshot {
  const replay: Replay = { ...snapshot, txns: new Map(snapshot.txns), domains: new Map(snapshot.domains) }
  for (const action of actions) apply(replay, action)
  return finishReplay(replay, snapshot.version + 1, table)
}

async function startReplay(source: SnapshotSource, listing: LogListing): Promise<{ replay: Replay; version: number }> {
  for (const checkpoint of listing.checkpoints) {
    const replay = emptyReplay(source.extent)
    try {
      const actions = await readCheckpoint(source.files, source.table, { checkpoint, extent: source.extent })
      for (const action of actions) apply(replay, action)
      if (replay.protocol !== undefined && replay.metaData !== undefined) return { replay, version: checkpoint.version }
      source.logger.warn('a checkpoint of the table lacks protocol or metadata', {
        table: source.table,
        version: checkpoint.version,
      })
    } catch (error) {
      if (!isDamage(error)) throw error
      source.logger.warn('a checkpoint of the table is damaged', {
        table: source.table,
        version: checkpoint.version,
        error: String(error),
      })
    }
  }
  return { replay: emptyReplay(source.extent), version: -1 }
}

function isDamage(error: unknown): boolean {
  return error instanceof MillraceError && ['MR_PARQUET', 'MR_DELTA_CORRUPT', 'MR_FILE_MISSING'].includes(error.code)
}

/** Versions to read after `version`, without a gap. */
function commitsAfter(table: string, listing: LogListing, version: number): readonly number[] {
  const after = listing.commits.filter((commit) => commit > version)
  const gap = after.findIndex((commit, index) => commit !== version + 1 + index)
  if (gap >= 0) {
    throw new MillraceError(
      'MR_DELTA_CORRUPT',
      `${table}: version ${version + 1 + gap} is missing from the log, which goes on to ${after.at(-1)}`,
    )
  }
  return after
}

function emptyReplay(extent: SnapshotSource['extent']): Replay {
  const files = extent === 'all' ? { adds: new Map(), removes: new Map() } : undefined
  return { protocol: undefined, metaData: undefined, txns: new Map(), domains: new Map(), files }
}

function finishReplay(replay: Replay, version: number, table: string): Snapshot {
  const { protocol, metaData, txns, domains, files } = replay
  if (protocol === undefined || metaData === undefined) {
    throw new MillraceError(
      'MR_DELTA_CORRUPT',
      `${table}: the log up to version ${version} has no ${protocol === undefined ? 'protocol' : 'metadata'}`,
    )
  }
  refuseUnreadable(protocol, table)
  return { version, protocol, metaData, txns, domains, files }
}

/** Action reconciliation: the newest wins, per path and deletion vector, writer or domain. */
function apply(replay: Replay, action: Action): void {
  switch (action.kind) {
    case 'protocol':
      replay.protocol = action.protocol
      break
    case 'metaData':
      replay.metaData = action.metaData
      break
    case 'txn':
      replay.txns.set(action.txn.appId, action.txn)
      break
    case 'domainMetadata':
      if (action.domainMetadata.removed) replay.domains.delete(action.domainMetadata.domain)
      else replay.domains.set(action.domainMetadata.domain, action.domainMetadata)
      break
    case 'add':
      replay.files?.adds.set(fileKey(action.add), action.add)
      replay.files?.removes.delete(fileKey(action.add))
      break
    case 'remove':
      replay.files?.adds.delete(fileKey(action.remove))
      replay.files?.removes.set(fileKey(action.remove), action.remove)
      break
    case 'commitInfo':
    case 'sidecar':
      break
  }
}

/** Identity of a file in the log: its decoded path and the deletion vector that goes with it. */
function fileKey({ path, deletionVector }: Add | Remove): string {
  const decoded = decodePath(path)
  if (deletionVector === undefined) return decoded
  const { storageType, pathOrInlineDv, offset } = deletionVector
  return `${decoded}\n${storageType}${pathOrInlineDv}${offset === undefined ? '' : `@${offset}`}`
}

/** A path of the log as a path on disk: percent escapes are undone exactly once. */
export function decodePath(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch (error) {
    throw new MillraceError('MR_DELTA_CORRUPT', `the path ${path} in the log is not a valid URI`, { cause: error })
  }
}
