import type { SchemaElement } from 'hyparquet'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { toMillraceError } from '../../core/model/errors.ts'

/** One action of a table's log; exactly one member is present. 64-bit members are `bigint`. */
export interface LogCheckpointRow {
  readonly txn?: Readonly<Record<string, unknown>>
  readonly add?: Readonly<Record<string, unknown>>
  readonly remove?: Readonly<Record<string, unknown>>
  readonly metaData?: Readonly<Record<string, unknown>>
  readonly protocol?: Readonly<Record<string, unknown>>
  readonly domainMetadata?: Readonly<Record<string, unknown>>
}

type ActionName = keyof LogCheckpointRow

/** Enough rows for a good ratio, few enough for a bounded working set. */
const ROW_GROUP_ROWS = 20_000

/** A classic (V1) checkpoint of a Delta log as a Parquet file, one row per action. Throws `MR_PARQUET`. */
export function writeLogCheckpoint(rows: readonly LogCheckpointRow[]): Uint8Array {
  const names = Object.keys(ACTION_FIELDS).filter((name): name is ActionName => name in ACTION_FIELDS)
  const schema: SchemaElement[] = [{ name: 'root', num_children: names.length }]
  for (const name of names) schema.push(...group(name, ACTION_FIELDS[name]))
  const columnData = names.map((name) => ({ name, data: rows.map((row) => row[name] ?? null) }))
  try {
    return new Uint8Array(
      parquetWriteBuffer({ columnData, schema, rowGroupSize: ROW_GROUP_ROWS, createdBy: 'millrace' }),
    )
  } catch (error) {
    throw toMillraceError(error, 'MR_PARQUET', 'the checkpoint of a table log cannot be written')
  }
}

function leaf(name: string, type: 'BOOLEAN' | 'INT32' | 'INT64' | 'UTF8'): readonly SchemaElement[] {
  if (type === 'UTF8') return [{ name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' }]
  return [{ name, type, repetition_type: 'OPTIONAL' }]
}

function group(name: string, fields: readonly (readonly SchemaElement[])[]): readonly SchemaElement[] {
  return [{ name, repetition_type: 'OPTIONAL', num_children: fields.length }, ...fields.flat()]
}

function textList(name: string): readonly SchemaElement[] {
  return [
    { name, repetition_type: 'OPTIONAL', converted_type: 'LIST', num_children: 1 },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    ...leaf('element', 'UTF8'),
  ]
}

function textMap(name: string): readonly SchemaElement[] {
  return [
    { name, repetition_type: 'OPTIONAL', converted_type: 'MAP', num_children: 1 },
    { name: 'key_value', repetition_type: 'REPEATED', num_children: 2 },
    { name: 'key', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
    ...leaf('value', 'UTF8'),
  ]
}

const deletionVector = group('deletionVector', [
  leaf('storageType', 'UTF8'),
  leaf('pathOrInlineDv', 'UTF8'),
  leaf('offset', 'INT32'),
  leaf('sizeInBytes', 'INT32'),
  leaf('cardinality', 'INT64'),
])

/** Delta protocol, "Checkpoint schema"; row ids are left out, as tables with row tracking are not written. */
const ACTION_FIELDS: Readonly<Record<ActionName, readonly (readonly SchemaElement[])[]>> = {
  txn: [leaf('appId', 'UTF8'), leaf('version', 'INT64'), leaf('lastUpdated', 'INT64')],
  add: [
    leaf('path', 'UTF8'),
    textMap('partitionValues'),
    leaf('size', 'INT64'),
    leaf('modificationTime', 'INT64'),
    leaf('dataChange', 'BOOLEAN'),
    leaf('stats', 'UTF8'),
    textMap('tags'),
    deletionVector,
    leaf('clusteringProvider', 'UTF8'),
  ],
  remove: [
    leaf('path', 'UTF8'),
    leaf('deletionTimestamp', 'INT64'),
    leaf('dataChange', 'BOOLEAN'),
    leaf('extendedFileMetadata', 'BOOLEAN'),
    textMap('partitionValues'),
    leaf('size', 'INT64'),
    deletionVector,
  ],
  metaData: [
    leaf('id', 'UTF8'),
    leaf('name', 'UTF8'),
    leaf('description', 'UTF8'),
    group('format', [leaf('provider', 'UTF8'), textMap('options')]),
    leaf('schemaString', 'UTF8'),
    textList('partitionColumns'),
    textMap('configuration'),
    leaf('createdTime', 'INT64'),
  ],
  protocol: [
    leaf('minReaderVersion', 'INT32'),
    leaf('minWriterVersion', 'INT32'),
    textList('readerFeatures'),
    textList('writerFeatures'),
  ],
  domainMetadata: [leaf('domain', 'UTF8'), leaf('configuration', 'UTF8'), leaf('removed', 'BOOLEAN')],
}
