import {
  Compression,
  EnabledStatistics,
  Table,
  type WriterProperties,
  WriterPropertiesBuilder,
  writeParquet,
} from 'parquet-wasm'
import type { Column } from '../../core/model/column.ts'
import { MillraceError } from '../../core/model/errors.ts'
import type { Schema } from '../../core/model/field-type.ts'
import { arrowStream } from './arrow-stream.ts'
import { repeatsValues } from './repeats-values.ts'

/** What `encodeParquet` says, at once. */
export function encodeColumns(schema: Schema, columns: readonly Column[], rows: number): Uint8Array {
  const stream = arrowStream(schema, columns, rows)
  try {
    // The writer takes table and properties over and frees them, also where it fails; its result is a copy.
    return writeParquet(Table.fromIPCStream(stream), propertiesFor(schema, columns))
  } catch (error) {
    throw new MillraceError('MR_PARQUET', `a Parquet file of ${rows} records could not be encoded`, { cause: error })
  }
}

function propertiesFor(schema: Schema, columns: readonly Column[]): WriterProperties {
  // Statistics of whole row groups let a reader skip files; those of pages would say little about records in the order of
  // their coming.
  let builder = new WriterPropertiesBuilder()
    .setCompression(Compression.SNAPPY)
    .setCreatedBy('millrace')
    .setStatisticsEnabled(EnabledStatistics.Chunk)
  for (const [index, column] of columns.entries()) {
    if (!repeatsValues(column)) builder = builder.setColumnDictionaryEnabled(schema.fields[index]!.name, false)
  }
  return builder.build()
}
