import type { RecordShape } from '../../core/model/batch.ts'
import { unknownField } from '../../core/model/batch.ts'
import { MillraceError } from '../../core/model/errors.ts'
import { fieldIndex, type Schema, typeText } from '../../core/model/field-type.ts'
import type { RecordSinkSpec } from '../../core/ports/sink.ts'
import { DeltaCommitter } from './commit/committer.ts'
import { diagnoseTable } from './diagnose.ts'
import { type DeltaOptions, resolveOptions } from './options.ts'
import { DeltaWriter } from './write/writer.ts'

/** Half a minute of records makes files worth reading. */
const EPOCH_MS = 30_000

/**
 * Appends records to a Delta Lake table on the file system, each exactly once. The table is created where it is absent,
 * with the schema of the records; else it must have their columns. Records with a partition value that cannot be one
 * (an empty string, a name beyond 255 bytes) become dead letters.
 *
 * @example
 * orders.to('orders', delta({ path: 'warehouse/orders', partitionBy: ['day', 'region'] }))
 */
export function delta<T = RecordShape>(options: DeltaOptions<T>): RecordSinkSpec<T> {
  const resolved = resolveOptions(options)
  return {
    role: 'sink',
    takes: 'records',
    connector: 'delta',
    options: { ...resolved },
    epochMs: EPOCH_MS,
    check: (schema) => checkPartitioning(schema, resolved.partitionBy),
    writer: (context, schema) => new DeltaWriter(context, schema, resolved),
    committer: (context) => new DeltaCommitter(context, resolved),
    diagnose: (context) => diagnoseTable(context, resolved),
  }
}

function checkPartitioning(schema: Schema, partitionBy: readonly string[]): void {
  for (const name of partitionBy) {
    const index = fieldIndex(schema, name)
    if (index < 0) throw unknownField(name, schema)
    const { type } = schema.fields[index]!
    // Binary values are lossy as text, doubles have no one text.
    if (type.kind === 'binary' || type.kind === 'float64') {
      throw new MillraceError(
        'MR_OPTION_INVALID',
        `delta(): a table cannot be partitioned by "${name}", which is ${typeText(type)}`,
      )
    }
  }
  if (partitionBy.length === schema.fields.length) {
    throw new MillraceError(
      'MR_OPTION_INVALID',
      'delta(): partitionBy takes all fields, so that files would have no column; leave one out',
    )
  }
}
