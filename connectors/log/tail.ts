import type { Header } from '../../core/model/dead-letter.ts'
import { pause } from '../../core/ports/clock.ts'
import { copyBytes, copyHeader } from '../../formats/record-batch/copy-bytes.ts'
import { headersOf, type RecordBatchView } from '../../formats/record-batch/decode.ts'
import { type BatchCursor, batchesOf } from './partitioned-log/batch-cursor.ts'
import type { PartitionedLog } from './partitioned-log/partitioned-log.ts'
import type { Topic } from './partitioned-log/topic.ts'

/** A record as it stands in the log; its bytes are copies. */
export interface LogRecord {
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly Header[]
}

export interface TailOptions {
  /** One partition only. Default: all, each in its order. */
  readonly partition?: number
  /** Where to begin. `last` counts per partition. Default `earliest`. */
  readonly start?: 'earliest' | 'latest' | { readonly offset: number } | { readonly last: number }
  /** Go on waiting for more until this is aborted. Default: end at what is there. */
  readonly follow?: AbortSignal
}

const FOLLOW_MS = 200

/**
 * The records of a topic for people and tools. Reads at most one batch ahead.
 *
 * @example
 * for await (const record of tailTopic(log, 'orders', { start: { last: 10 } })) print(record)
 */
export async function* tailTopic(
  log: PartitionedLog,
  name: string,
  options: TailOptions = {},
): AsyncGenerator<LogRecord, void> {
  const topic = await log.topic(name)
  const readers = await openReaders(log, topic, options)
  for (;;) {
    for (const reader of readers) yield* available(reader)
    const { follow } = options
    if (follow === undefined || (await pause(log.ports.clock, FOLLOW_MS, follow)) === 'aborted') return
  }
}

/** Copies every record of a decoded batch from `offset` on. */
function recordsOf(view: RecordBatchView, partition: number, offset: number): readonly LogRecord[] {
  const records: LogRecord[] = []
  for (let i = 0; i < view.count; i++) if (view.offsets[i]! >= offset) records.push(recordAt(view, partition, i))
  return records
}

interface PartitionTail {
  readonly partition: number
  readonly from: number
  readonly cursor: BatchCursor
}

async function openReaders(log: PartitionedLog, topic: Topic, options: TailOptions): Promise<readonly PartitionTail[]> {
  const readers: PartitionTail[] = []
  for (let partition = 0; partition < topic.partitions; partition++) {
    if (options.partition !== undefined && options.partition !== partition) continue
    const bounds = await log.bounds(topic, partition)
    const from = startOf(options.start ?? 'earliest', bounds)
    readers.push({ partition, from, cursor: await log.readFrom(topic, partition, from) })
  }
  return readers
}

function startOf(start: NonNullable<TailOptions['start']>, bounds: { start: number; end: number }): number {
  if (start === 'earliest') return bounds.start
  if (start === 'latest') return bounds.end
  return 'offset' in start ? start.offset : Math.max(bounds.start, bounds.end - start.last)
}

async function* available(reader: PartitionTail): AsyncGenerator<LogRecord, void> {
  for await (const view of batchesOf(reader.cursor)) yield* recordsOf(view, reader.partition, reader.from)
}

function recordAt(view: RecordBatchView, partition: number, index: number): LogRecord {
  return {
    partition,
    offset: view.offsets[index]!,
    timestamp: view.timestamps[index]!,
    key: copyBytes(view.buffer, view.keyStarts[index]!, view.keyLengths[index]!),
    value: copyBytes(view.buffer, view.valueStarts[index]!, view.valueLengths[index]!),
    headers: headersOf(view, index).map(copyHeader),
  }
}
