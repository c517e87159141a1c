import type { FileStore } from '../../core/ports/file-store.ts'
import type { Logger } from '../../core/ports/logger.ts'
import { readParquet } from '../../formats/parquet/read-parquet.ts'
import type { Add } from './log/actions.ts'
import { decodePath, loadSnapshot } from './log/snapshot.ts'

/** A few records of a table, for people. */
export interface TablePreview {
  readonly version: number
  readonly files: number
  /** Records of the table as its statistics say; `undefined` where a file has none. */
  readonly records: number | undefined
  /** Partition columns come last, as text. */
  readonly preview: readonly Readonly<Record<string, unknown>>[]
}

/**
 * The first records of the newest version of a table without deletion vectors; `undefined` where there is no table.
 * Throws `MR_DELTA_CORRUPT`, `MR_DELTA_UNSUPPORTED`, `MR_PARQUET`.
 */
export async function previewTable(
  ports: { readonly files: FileStore; readonly logger: Logger },
  table: string,
  limit = 10,
): Promise<TablePreview | undefined> {
  const snapshot = await loadSnapshot({ ...ports, table, extent: 'all' })
  if (snapshot === undefined) return undefined
  const adds = [...(snapshot.files?.adds.values() ?? [])]
  const preview: Readonly<Record<string, unknown>>[] = []
  for (const add of adds) {
    if (preview.length >= limit) break
    const records = await readParquet(await ports.files.read(`${table}/${decodePath(add.path)}`))
    const left = records.slice(0, limit - preview.length)
    preview.push(...left.map((record) => ({ ...record, ...add.partitionValues })))
  }
  return { version: snapshot.version, files: adds.length, records: totalRecords(adds), preview }
}

function totalRecords(adds: readonly Add[]): number | undefined {
  let total = 0
  for (const { stats } of adds) {
    const parsed: unknown = stats === undefined ? undefined : JSON.parse(stats)
    if (typeof parsed !== 'object' || parsed === null || !('numRecords' in parsed)) return undefined
    total += Number(parsed.numRecords)
  }
  return total
}
