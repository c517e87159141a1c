import type { Schema } from '../../../core/model/field-type.ts'
import { createExclusively, makeDurableDirectory } from '../../../core/ports/file-store.ts'
import { writeActions } from '../log/actions.ts'
import { commitPath, logDirectory } from '../log/log-files.ts'
import { schemaString } from '../log/table-schema.ts'
import { type CommitPorts, temporaryPath } from './commit-append.ts'

/** Every reader and writer knows tables of this protocol. */
const PROTOCOL = { minReaderVersion: 1, minWriterVersion: 2 }

/** Makes version 0 of an empty table, unless somebody else is first: then that table is the one to check. */
export async function createTable(
  ports: CommitPorts,
  table: string,
  shape: { readonly schema: Schema; readonly partitionBy: readonly string[] },
): Promise<void> {
  const { files, clock, random } = ports
  const now = clock.now()
  const metaData = {
    id: random.uuid(),
    format: { provider: 'parquet', options: {} },
    schemaString: schemaString(shape.schema),
    partitionColumns: shape.partitionBy,
    configuration: {},
    createdTime: now,
  }
  const commitInfo = {
    timestamp: now,
    operation: 'CREATE TABLE',
    operationParameters: { partitionBy: JSON.stringify(shape.partitionBy) },
    isBlindAppend: true,
    engineInfo: 'millrace',
    txnId: random.uuid(),
  }
  await makeDurableDirectory(files, logDirectory(table))
  const bytes = writeActions([{ commitInfo }, { protocol: PROTOCOL }, { metaData }])
  await createExclusively(files, commitPath(table, 0), { bytes, temporary: temporaryPath(table, random.uuid()) })
}
