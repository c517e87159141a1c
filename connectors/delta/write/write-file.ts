import type { Column } from '../../../core/model/column.ts'
import type { ColumnMemory } from '../../../core/model/column-memory.ts'
import type { Schema } from '../../../core/model/field-type.ts'
import { freeMemory } from '../../../core/model/free-memory.ts'
import type { ConnectorPorts } from '../../../core/ports/connector-ports.ts'
import { makeDurableDirectory } from '../../../core/ports/file-store.ts'
import { encodeParquet } from '../../../formats/parquet/encode-parquet.ts'
import type { StagedFile } from '../staged.ts'
import type { PartitionBuffer } from './partition-buffer.ts'
import { logPath } from './partition-path.ts'
import { fileStatistics } from './statistics.ts'

/** Rows that become one file. */
export interface FileJob {
  readonly name: string
  readonly sizeBytes: number
  /** Nobody else's any more. */
  readonly buffer: PartitionBuffer
}

/** Where files go and what they hold. */
export interface FilePlace {
  readonly table: string
  readonly schema: Schema
  /** Directories known to be there and durable; owned by the caller. */
  readonly directories: Set<string>
  /** Where the memory of written columns goes. */
  readonly memory: ColumnMemory
}

/** Encodes a file, writes it and makes it durable with its name; it is in no version of the table yet. */
export async function writeFile(
  { files, clock }: Pick<ConnectorPorts, 'files' | 'clock'>,
  place: FilePlace,
  job: FileJob,
): Promise<StagedFile> {
  const { table, schema, directories, memory } = place
  const { directory, values } = job.buffer.target
  const { columns, rows } = job.buffer.take()
  const bytes = await encodeParquet(schema, columns, rows)
  const stats = fileStatistics(schema, columns, rows)
  giveBack(columns, memory)
  const path = directory === '' ? job.name : `${directory}/${job.name}`
  const absolute = `${table}/${path}`
  if (!directories.has(directory)) await makeDurableDirectory(files, directory === '' ? table : `${table}/${directory}`)
  directories.add(directory)
  await files.write(absolute, bytes)
  await files.sync(absolute)
  await files.syncDirectory(directory === '' ? table : `${table}/${directory}`)
  const size = bytes.length
  freeMemory(bytes)
  return {
    path: logPath(path),
    partitionValues: { ...values },
    size,
    modificationTime: clock.now(),
    stats,
  }
}

function giveBack(columns: readonly Column[], memory: ColumnMemory): void {
  for (const { values, offsets } of columns) {
    // Columns are built by ColumnBuilder, which never uses shared memory.
    memory.give(values.buffer as ArrayBuffer)
    if (offsets !== null) memory.give(offsets.buffer as ArrayBuffer)
  }
}
