import { zstdDecompressSync } from 'node:zlib'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import type { OffsetRange } from '../../core/model/position.ts'

/** Files as a foreign reader finds them. */
export interface TableFiles {
  read(path: string): Uint8Array | undefined
  list(directory: string): readonly string[]
}

/** A row of a table: 64-bit numbers and timestamps (µs) as `bigint`, dates as text, null as `undefined`. */
export type TableRow = Readonly<Record<string, unknown>>

/** A data file that the log names. */
export interface DataFile {
  /** Relative to the table, decoded. */
  readonly path: string
  readonly size: number
  readonly records: number | undefined
  readonly partitionValues: Readonly<Record<string, string | null>>
}

/** What our sink says of an epoch in the log. */
export interface EpochCommit {
  readonly appId: string
  readonly previousEpoch: number
  readonly epoch: number
  readonly ranges: readonly OffsetRange[]
}

export interface TableVersion {
  readonly version: number
  readonly commit: EpochCommit | undefined
  readonly added: readonly DataFile[]
  readonly removed: readonly string[]
  readonly txns: Readonly<Record<string, number>>
}

/** Everything that the log of a table says, and what is wrong with it. */
export interface TableHistory {
  readonly table: string
  readonly versions: readonly TableVersion[]
  /** Files of the newest version. */
  readonly live: ReadonlyMap<string, DataFile>
  readonly txns: ReadonlyMap<string, number>
  readonly partitionColumns: readonly string[]
  readonly fields: ReadonlyMap<string, string>
  readonly problems: readonly string[]
}

interface Replay {
  readonly versions: TableVersion[]
  readonly live: Map<string, DataFile>
  readonly txns: Map<string, number>
  readonly problems: string[]
  partitionColumns: readonly string[]
  fields: Map<string, string>
}

/**
 * Reads the log of a Delta table from version 0 on, on its own: nothing here is shared with the connector. Compares
 * every checkpoint with the replay, and looks whether every file of the newest version is there.
 */
export async function readTable(files: TableFiles, table: string): Promise<TableHistory> {
  const replay: Replay = {
    versions: [],
    live: new Map(),
    txns: new Map(),
    problems: [],
    partitionColumns: [],
    fields: new Map(),
  }
  const names = files.list(`${table}/_delta_log`)
  const commits = names.filter((name) => /^\d{20}\.json$/.test(name)).sort()
  for (const [index, name] of commits.entries()) {
    if (Number(name.slice(0, 20)) !== index)
      replay.problems.push(`version ${index} is missing: the log goes on with ${name}`)
    replayCommit(replay, Number(name.slice(0, 20)), linesOf(files.read(`${table}/_delta_log/${name}`)))
    const checkpoint = names.find((other) => other === `${name.slice(0, 20)}.checkpoint.parquet`)
    if (checkpoint !== undefined)
      await compareCheckpoint(replay, files.read(`${table}/_delta_log/${checkpoint}`), checkpoint)
  }
  checkHint(replay, files.read(`${table}/_delta_log/_last_checkpoint`), names)
  for (const file of replay.live.values())
    replay.problems.push(...fileProblems(files.read(`${table}/${file.path}`), file))
  return { ...replay, table }
}

/** All rows of the given files, in their order, with the partition columns put back. */
export async function readRows(
  files: TableFiles,
  history: TableHistory,
  dataFiles: Iterable<DataFile>,
): Promise<readonly TableRow[]> {
  const rows: TableRow[] = []
  for (const file of dataFiles) {
    const bytes = files.read(`${history.table}/${file.path}`)
    if (bytes === undefined) throw new Error(`${file.path} is missing`)
    const partition = partitionRow(history, file)
    const stored = await readParquetRows(bytes)
    if (file.records !== undefined && file.records !== stored.length) {
      throw new Error(`${file.path} holds ${stored.length} records, its statistics say ${file.records}`)
    }
    for (const row of stored) rows.push({ ...withoutNulls(row), ...partition })
  }
  return rows
}

/** A table as it is: its log and the rows of its newest version. */
export interface WholeTable {
  readonly history: TableHistory
  readonly rows: readonly TableRow[]
}

export async function readWholeTable(files: TableFiles, path: string): Promise<WholeTable> {
  const history = await readTable(files, path)
  return { history, rows: await readRows(files, history, history.live.values()) }
}

interface RawAdd {
  readonly path: string
  readonly size: number | bigint
  readonly stats?: string | null
  readonly partitionValues: Readonly<Record<string, string | null>>
}

interface RawAction {
  readonly add?: RawAdd | null
  readonly remove?: { readonly path: string } | null
  readonly txn?: { readonly appId: string; readonly version: number | bigint } | null
  readonly metaData?: { readonly schemaString: string; readonly partitionColumns: readonly string[] } | null
  readonly commitInfo?: { readonly millrace?: EpochCommit } | null
}

/** Each line of a log is an action by the protocol; a wrong one makes the checks below fail loudly. */
function linesOf(bytes: Uint8Array | undefined): readonly RawAction[] {
  const lines = new TextDecoder('utf-8', { fatal: true }).decode(bytes).split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as RawAction)
}

function replayCommit(replay: Replay, version: number, actions: readonly RawAction[]): void {
  const added = actions.flatMap(({ add }) => (add ? [dataFile(add)] : []))
  const removed = actions.flatMap(({ remove }) => (remove ? [decodeURIComponent(remove.path)] : []))
  const txns = actions.flatMap(({ txn }) => (txn ? [[txn.appId, Number(txn.version)] as const] : []))
  for (const path of removed)
    if (!replay.live.delete(path)) replay.problems.push(`version ${version} removes ${path}, which is not there`)
  for (const file of added) {
    if (replay.live.has(file.path)) replay.problems.push(`version ${version} adds ${file.path} a second time`)
    replay.live.set(file.path, file)
  }
  for (const [appId, number] of txns) replay.txns.set(appId, number)
  for (const { metaData } of actions) if (metaData) readMetaData(replay, metaData)
  const commit = actions.find(({ commitInfo }) => commitInfo?.millrace !== undefined)?.commitInfo?.millrace
  replay.versions.push({ version, commit, added, removed, txns: Object.fromEntries(txns) })
}

function readMetaData(replay: Replay, { schemaString, partitionColumns }: NonNullable<RawAction['metaData']>): void {
  const schema = JSON.parse(schemaString) as {
    readonly fields: readonly { readonly name: string; readonly type: unknown }[]
  }
  replay.fields = new Map(schema.fields.map(({ name, type }) => [name, String(type)]))
  replay.partitionColumns = partitionColumns
}

function dataFile(add: RawAdd): DataFile {
  const stats = add.stats ? (JSON.parse(add.stats) as { readonly numRecords?: number }) : {}
  return {
    path: decodeURIComponent(add.path),
    size: Number(add.size),
    records: stats.numRecords,
    partitionValues: add.partitionValues,
  }
}

async function compareCheckpoint(replay: Replay, bytes: Uint8Array | undefined, name: string): Promise<void> {
  if (bytes === undefined) return
  const rows = (await readParquetRows(bytes)) as readonly RawAction[]
  const files = rows.flatMap(({ add }) => (add ? [decodeURIComponent(add.path)] : []))
  const txns = rows.flatMap(({ txn }) => (txn ? [`${txn.appId} ${txn.version}`] : []))
  replay.problems.push(...differences(`${name}: files`, files, [...replay.live.keys()]))
  const expected = [...replay.txns].map(([appId, version]) => `${appId} ${version}`)
  replay.problems.push(...differences(`${name}: transactions`, txns, expected))
}

function differences(what: string, found: readonly string[], expected: readonly string[]): readonly string[] {
  const [left, right] = [[...found].sort().join(', '), [...expected].sort().join(', ')]
  return left === right ? [] : [`${what} differ from the replay of the log: ${left} instead of ${right}`]
}

function checkHint(replay: Replay, bytes: Uint8Array | undefined, names: readonly string[]): void {
  if (bytes === undefined) return
  const { version } = JSON.parse(new TextDecoder().decode(bytes)) as { readonly version: number }
  const name = `${String(version).padStart(20, '0')}.checkpoint.parquet`
  if (!names.includes(name)) replay.problems.push(`_last_checkpoint names ${name}, which is not there`)
}

function fileProblems(bytes: Uint8Array | undefined, file: DataFile): readonly string[] {
  if (bytes === undefined) return [`${file.path} is in the table but not on the disk`]
  return bytes.length === file.size ? [] : [`${file.path} has ${bytes.length} bytes, the log says ${file.size}`]
}

function partitionRow(history: TableHistory, { partitionValues }: DataFile): TableRow {
  const row: Record<string, unknown> = {}
  for (const name of history.partitionColumns) {
    const text = partitionValues[name]
    const type = history.fields.get(name)
    if (text === null || text === undefined) continue
    row[name] = type === 'long' || type === 'integer' ? BigInt(text) : text
  }
  return row
}

function withoutNulls(row: TableRow): TableRow {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null && value !== undefined))
}

async function readParquetRows(bytes: Uint8Array): Promise<readonly TableRow[]> {
  const plain = bytes.slice()
  const file = { byteLength: plain.length, slice: (start: number, end?: number) => plain.slice(start, end).buffer }
  return await parquetReadObjects({
    file,
    metadata: parquetMetadata(plain.buffer),
    compressors: { ZSTD: (input) => zstdDecompressSync(input) },
    parsers: {
      timestampFromMicroseconds: (micros: bigint): bigint => micros,
      timestampFromMilliseconds: (millis: bigint): bigint => millis * 1000n,
      dateFromDays: (days: number): string => new Date(days * 86_400_000).toISOString().slice(0, 10),
    },
  })
}
