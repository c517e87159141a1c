import type { ConnectorPorts } from '../../../core/ports/connector-ports.ts'
import { replaceAtomically } from '../../../core/ports/file-store.ts'
import { type LogCheckpointRow, writeLogCheckpoint } from '../../../formats/parquet/write-log-checkpoint.ts'
import type { Add, MetaData, Protocol, Remove, Txn } from './actions.ts'
import { listLog, logDirectory, versionText } from './log-files.ts'
import { writeJson } from './lossless-json.ts'
import { loadSnapshot, type Snapshot, type TableFiles } from './snapshot.ts'

/** `delta.checkpointInterval` where the table does not say. */
const DEFAULT_INTERVAL = 10
const DEFAULT_RETENTION_MS = 7 * 86_400_000
const UNIT_MS: Readonly<Record<string, number>> = {
  millisecond: 1,
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
}

/** What writing a checkpoint needs of the world. */
export type CheckpointPorts = Pick<ConnectorPorts, 'files' | 'clock' | 'random' | 'logger'>

/**
 * Writes a classic checkpoint of the newest version where the last one is `delta.checkpointInterval` versions back, and
 * names it in `_last_checkpoint`. Returns its version, `undefined` where none was due.
 */
export async function checkpointIfDue(
  ports: CheckpointPorts,
  table: string,
  state: Snapshot,
): Promise<number | undefined> {
  const interval = Number(state.metaData.configuration?.['delta.checkpointInterval'] ?? DEFAULT_INTERVAL)
  const { checkpoints } = await listLog(ports.files, table)
  if (state.version - (checkpoints[0]?.version ?? 0) < interval) return undefined
  const { files, logger } = ports
  const snapshot = await loadSnapshot({ files, logger, table, extent: 'all' })
  if (snapshot?.files === undefined) return undefined
  await writeCheckpoint(ports, table, { snapshot, files: snapshot.files })
  return snapshot.version
}

async function writeCheckpoint(
  { files, clock, random }: CheckpointPorts,
  table: string,
  { snapshot, files: tableFiles }: { readonly snapshot: Snapshot; readonly files: TableFiles },
): Promise<void> {
  const rows = checkpointRows(snapshot, tableFiles, clock.now())
  const bytes = writeLogCheckpoint(rows)
  const directory = logDirectory(table)
  const name = `${versionText(snapshot.version)}.checkpoint.parquet`
  const temporary = `${directory}/_checkpoint_${random.uuid()}.tmp`
  await replaceAtomically(files, `${directory}/${name}`, { bytes, temporary })
  const hint = {
    version: snapshot.version,
    size: rows.length,
    sizeInBytes: bytes.length,
    numOfAddFiles: tableFiles.adds.size,
  }
  await replaceAtomically(files, `${directory}/_last_checkpoint`, {
    bytes: new TextEncoder().encode(writeJson(hint)),
    temporary,
  })
}

function checkpointRows(snapshot: Snapshot, { adds, removes }: TableFiles, now: number): readonly LogCheckpointRow[] {
  const rows: LogCheckpointRow[] = [
    { protocol: protocolRow(snapshot.protocol) },
    { metaData: metaDataRow(snapshot.metaData) },
  ]
  for (const txn of snapshot.txns.values()) rows.push({ txn: txnRow(txn) })
  for (const domainMetadata of snapshot.domains.values()) rows.push({ domainMetadata })
  for (const add of adds.values()) rows.push({ add: addRow(add) })
  const oldest = now - retentionMs(snapshot.metaData)
  for (const remove of removes.values()) {
    if (Number(remove.deletionTimestamp ?? 0) >= oldest) rows.push({ remove: removeRow(remove) })
  }
  return rows
}

/** How long tombstones are kept; for ever where the property cannot be read. */
function retentionMs({ configuration }: MetaData): number {
  const text = configuration?.['delta.deletedFileRetentionDuration']
  if (text === undefined) return DEFAULT_RETENTION_MS
  const [, count, unit] = /^(?:interval\s+)?(\d+)\s+([a-z]+?)s?$/i.exec(text.trim()) ?? []
  return Number(count) * (UNIT_MS[unit?.toLowerCase() ?? ''] ?? Number.NaN) || Number.POSITIVE_INFINITY
}

/** Feature lists are null below the versions that have them and never null there (delta-rs#2360, #2288). */
function protocolRow({
  minReaderVersion,
  minWriterVersion,
  readerFeatures = [],
  writerFeatures = [],
}: Protocol): LogCheckpointRow['protocol'] & object {
  return {
    minReaderVersion,
    minWriterVersion,
    readerFeatures: minReaderVersion >= 3 ? readerFeatures : null,
    writerFeatures: minWriterVersion >= 7 ? writerFeatures : null,
  }
}

function metaDataRow(metaData: MetaData): LogCheckpointRow['metaData'] & object {
  const { format, configuration = {}, createdTime } = metaData
  return {
    ...metaData,
    format: { ...format, options: format.options ?? {} },
    configuration,
    createdTime: wide(createdTime),
  }
}

function txnRow(txn: Txn): LogCheckpointRow['txn'] & object {
  return { ...txn, version: wide(txn.version), lastUpdated: wide(txn.lastUpdated) }
}

function addRow(add: Add): LogCheckpointRow['add'] & object {
  return {
    ...add,
    dataChange: false,
    size: wide(add.size),
    modificationTime: wide(add.modificationTime),
    deletionVector: deletionVectorRow(add.deletionVector),
  }
}

function removeRow(remove: Remove): LogCheckpointRow['remove'] & object {
  return {
    ...remove,
    dataChange: false,
    size: wide(remove.size),
    deletionTimestamp: wide(remove.deletionTimestamp),
    deletionVector: deletionVectorRow(remove.deletionVector),
  }
}

function deletionVectorRow(vector: Add['deletionVector']): object | undefined {
  return vector === undefined ? undefined : { ...vector, cardinality: wide(vector.cardinality) }
}

function wide(value: number | bigint | undefined): bigint | undefined {
  return value === undefined ? undefined : BigInt(value)
}
