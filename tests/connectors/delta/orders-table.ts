import { loadSnapshot, type Snapshot } from '../../../connectors/delta/log/snapshot.ts'
import { fakePorts, openSink, type SinkParts, schemaOf, TABLE } from './delta-fixture.ts'
import type { MemoryFiles } from './memory-files.ts'

export const ORDERS = schemaOf({ id: 'string', region: 'string', 'amount?': 'integer' })
export const LOG = `${TABLE}/_delta_log`

/** Path of a commit of the test table. */
export const commitName = (version: number): string => `${LOG}/${String(version).padStart(20, '0')}.json`

/** The test table as a fresh reader sees it. */
export async function snapshotOf(files: MemoryFiles): Promise<Snapshot> {
  const snapshot = await loadSnapshot({ files, logger: fakePorts(files).logger, table: TABLE, extent: 'all' })
  if (snapshot === undefined) throw new Error('there is no table')
  return snapshot
}

/** Records in the live files of the test table, by their statistics. */
export async function rowsOf(files: MemoryFiles): Promise<number> {
  const { files: tableFiles } = await snapshotOf(files)
  const counts = [...(tableFiles?.adds.values() ?? [])].map(({ stats }) => Number(JSON.parse(stats ?? '{}').numRecords))
  return counts.reduce((sum, count) => sum + count, 0)
}

/** Orders, in turn of two regions. */
export const rows = (count: number): readonly Readonly<Record<string, string>>[] =>
  Array.from({ length: count }, (_, index) => ({ id: `r${index}`, region: index % 2 === 0 ? 'eu' : 'us' }))

/** An opened sink of the test table, partitioned by region. */
export async function openedOrders(
  files: MemoryFiles,
  { seed = 1, generation = 1, sink = 'orders' } = {},
): Promise<SinkParts> {
  const parts = openSink(fakePorts(files, seed), ORDERS, { table: { partitionBy: ['region'] }, generation, sink })
  await parts.committer.open()
  return parts
}
