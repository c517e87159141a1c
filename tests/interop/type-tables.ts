import type { Schema } from '../../core/model/field-type.ts'
import { schemaOf } from '../connectors/delta/delta-fixture.ts'
import { EVERY_TYPE, type Row, rowsOf, STRANGE_TEXTS } from './every-type.ts'
import { TableWriter } from './table-writer.ts'

/** What was written to a table. */
export interface WrittenTable {
  readonly schema: Schema
  readonly rows: readonly Row[]
}

/** Fields of every type that a table can be partitioned by, but for texts. */
export const PARTITION_FIELDS = ['flag', 'small', 'large', 'whole', 'price', 'moment', 'day']

/** A table whose partition values need escaping, or are null. */
export async function writeStrangePartitions(table: string): Promise<WrittenTable> {
  const schema = schemaOf({ id: 'int32', 'part?': 'string', 'day?': 'date' })
  const writer = await TableWriter.open(table, schema, ['part', 'day'])
  // An empty text and null are one and the same as a partition value in every Delta table.
  const texts = [...STRANGE_TEXTS.filter((text) => text !== '' && text.length < 60), undefined]
  const rows = texts.flatMap((part, index) => [
    { id: 2 * index, part, day: '2024-02-29' },
    { id: 2 * index + 1, part, day: undefined },
  ])
  await writer.commit(rows)
  return { schema, rows }
}

/** A table with all of {@link PARTITION_FIELDS}, partitioned by some of them. */
export async function writePartitionedBy(table: string, partitionBy: readonly string[]): Promise<WrittenTable> {
  const names = ['id', ...PARTITION_FIELDS]
  const schema = { fields: EVERY_TYPE.fields.filter(({ name }) => names.includes(name)) }
  const writer = await TableWriter.open(table, schema, partitionBy)
  // deltalake hands negative decimals of partitions to pyarrow in a spelling that it refuses.
  const rows = rowsOf(0, 16).filter(({ price }) => !String(price).startsWith('-'))
  await writer.commit(rows)
  return { schema, rows }
}
