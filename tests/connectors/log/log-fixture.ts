import { type LogRecord, PartitionedLog, tailTopic } from '../../../connectors/log/index.ts'
import type { ConnectorPorts } from '../../../core/ports/connector-ports.ts'
import type { Codec } from '../../../formats/record-batch/compression.ts'
import type { EncodableRecord } from '../../../formats/record-batch/encode.ts'
import { testPorts } from '../test-ports.ts'
import { MemoryDisk } from './memory-files.ts'

export const DIRECTORY = '/log'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** A log on a disk in memory. */
export function logFixture(disk: MemoryDisk = new MemoryDisk()): {
  readonly disk: MemoryDisk
  readonly ports: ConnectorPorts
  readonly log: PartitionedLog
} {
  const ports = testPorts(disk.fileStore())
  return { disk, ports, log: new PartitionedLog(ports, DIRECTORY) }
}

/** A record with a text value. */
export function textRecord(
  value: string | null,
  of: Partial<Pick<EncodableRecord, 'timestamp' | 'headers'>> & { readonly key?: string } = {},
): EncodableRecord {
  return {
    timestamp: of.timestamp ?? 1_000,
    key: of.key === undefined ? null : encoder.encode(of.key),
    value: value === null ? null : encoder.encode(value),
    headers: of.headers ?? [],
  }
}

/** Appends records to one partition, durably. */
export async function appendRecords(
  log: PartitionedLog,
  topic: string,
  to: {
    readonly records: readonly EncodableRecord[]
    readonly partition?: number
    readonly codec?: Codec
    readonly segmentBytes?: number
  },
): Promise<void> {
  const appender = await log.openAppender(topic, to.segmentBytes === undefined ? {} : { segmentBytes: to.segmentBytes })
  await appender.append(to.partition ?? 0, to.records, to.codec)
  await appender.sync()
  await appender.close()
}

/** Everything in a topic. */
export async function readAll(log: PartitionedLog, topic: string, partition?: number): Promise<LogRecord[]> {
  const records: LogRecord[] = []
  for await (const record of tailTopic(log, topic, partition === undefined ? {} : { partition })) records.push(record)
  return records
}

export function textOf(bytes: Uint8Array | null | undefined): string | null {
  return bytes === null || bytes === undefined ? null : decoder.decode(bytes)
}

/** Values of everything in a topic. */
export async function readValues(log: PartitionedLog, topic: string): Promise<(string | null)[]> {
  return (await readAll(log, topic)).map((record) => textOf(record.value))
}
