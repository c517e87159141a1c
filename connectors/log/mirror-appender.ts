// A copy goes on exactly where it stopped, because each of its batches carries, under its CRC, the offset of the source that
// follows its last record: as its producer id, which the log has no other use for. Whatever a crash leaves of the tail, its
// next holder keeps whole batches only, and the last of them says where to go on. A partition without a batch goes on at the
// start that was stored when the topic was made. Whoever else appends leaves a batch without that offset at the end.
import { MillraceError } from '../../core/model/errors.ts'
import { codecOf } from '../../formats/record-batch/compression.ts'
import type { RecordBatchView } from '../../formats/record-batch/decode.ts'
import { encodableAt } from '../../formats/record-batch/encodable-at.ts'
import { type EncodableRecord, encodeRecordBatch } from '../../formats/record-batch/encode.ts'
import { batchesOf } from './partitioned-log/batch-cursor.ts'
import { batchParts } from './partitioned-log/batch-parts.ts'
import type { MirrorOrigin } from './partitioned-log/mirror-origin.ts'
import type { PartitionedLog } from './partitioned-log/partitioned-log.ts'
import { createTopic, type Topic } from './partitioned-log/topic.ts'
import type { TopicAppender } from './partitioned-log/topic-appender.ts'

/** Where a partition of a copy goes on in its source. */
export interface MirrorPosition {
  /** Next offset to read there. */
  readonly offset: number
  /** Leader epoch there of the record before; −1 where there is none. */
  readonly leaderEpoch: number
}

/** What a call appended. */
export interface Appended {
  readonly records: number
  /** Bytes of the log, compressed where the source is. */
  readonly sizeBytes: number
}

const NO_EPOCH = -1

interface PlacedRecord extends EncodableRecord {
  /** In the source. */
  readonly offset: number
}

/** What a topic copies. Throws `MR_LOG_TOPIC_EXISTS` where it is no copy. */
export function mirrorOriginOf({ name, mirrorOf }: Topic): MirrorOrigin {
  if (mirrorOf !== undefined) return mirrorOf
  const message = `topic "${name}" exists and is no copy of another one; give the copy another name with --as`
  throw new MillraceError('MR_LOG_TOPIC_EXISTS', message, { details: { topic: name } })
}

/** Makes a topic that is a copy; gives the one that is there if it has as many partitions, else `MR_LOG_TOPIC_EXISTS`. */
export function createMirror(log: PartitionedLog, name: string, mirrorOf: MirrorOrigin): Promise<Topic> {
  const { ports, directory } = log
  return createTopic(ports, { directory, name }, { partitions: mirrorOf.starts.length, mirrorOf })
}

/** Takes the topic's lock, and finds where its partitions go on. Throws `MR_LOG_TOPIC_EXISTS` where it is no copy, or not only. */
export async function openMirror(log: PartitionedLog, name: string): Promise<MirrorAppender> {
  const appender = await log.openAppender(name)
  try {
    const { topic } = appender
    const { starts } = mirrorOriginOf(topic)
    const positions: MirrorPosition[] = []
    for (const [partition, offset] of starts.entries()) {
      const end = appender.endOffset(partition)
      positions.push(
        end === 0 ? { offset, leaderEpoch: NO_EPOCH } : await positionBefore(log, topic, { partition, end }),
      )
    }
    return new MirrorAppender(appender, positions)
  } catch (error) {
    await appender.close()
    throw error
  }
}

/** The one writer of a copy while it lives: appends batches of the source as they come. */
export class MirrorAppender {
  readonly topic: Topic
  readonly origin: MirrorOrigin
  readonly #appender: TopicAppender
  readonly #positions: MirrorPosition[]

  constructor(appender: TopicAppender, positions: readonly MirrorPosition[]) {
    this.topic = appender.topic
    this.origin = mirrorOriginOf(appender.topic)
    this.#appender = appender
    this.#positions = [...positions]
  }

  /** After the last record that was appended to a partition that is there, synced or not. */
  position(partition: number): MirrorPosition {
    return this.#positions[partition]!
  }

  /** Appends the records of a batch that are not there yet: those before the offset `end`, and at most `most`. */
  async append(
    partition: number,
    view: RecordBatchView,
    bounds: { readonly end: number; readonly most: number },
  ): Promise<Appended> {
    const records = recordsOf(view, { ...bounds, from: this.position(partition).offset })
    const { partitionLeaderEpoch } = view
    const codec = codecOf(view.attributes)
    let sizeBytes = 0
    for (const part of batchParts(records)) {
      const offset = part.at(-1)!.offset + 1
      const producerId = BigInt(offset)
      const batch = encodeRecordBatch({ baseOffset: 0, records: part, codec, partitionLeaderEpoch, producerId })
      await this.#appender.appendBatch(partition, batch, part.length)
      this.#positions[partition] = { offset, leaderEpoch: partitionLeaderEpoch }
      sizeBytes += batch.length
    }
    return { records: records.length, sizeBytes }
  }

  /** Makes everything appended durable, then visible. */
  sync(): Promise<void> {
    return this.#appender.sync()
  }

  /** Gives the topic free. Idempotent. */
  close(): Promise<void> {
    return this.#appender.close()
  }
}

function recordsOf(
  view: RecordBatchView,
  { from, end, most }: { readonly from: number; readonly end: number; readonly most: number },
): readonly PlacedRecord[] {
  const records: PlacedRecord[] = []
  for (let i = 0; i < view.count && records.length < most; i++) {
    const offset = view.offsets[i]!
    if (offset >= from && offset < end) records.push({ ...encodableAt(view, i), offset })
  }
  return records
}

async function positionBefore(
  log: PartitionedLog,
  topic: Topic,
  at: { readonly partition: number; readonly end: number },
): Promise<MirrorPosition> {
  const { partition, end } = at
  const cursor = await log.readFrom(topic, partition, end - 1)
  const { value: last } = await batchesOf(cursor).next()
  const offset = Number(last?.producerId ?? -1n)
  if (last !== undefined && offset >= 0) return { offset, leaderEpoch: last.partitionLeaderEpoch }
  const message = `topic "${topic.name}": the last record of partition ${partition}, offset ${end - 1}, is not from "${topic.mirrorOf?.topic}": somebody else appended to the copy, so it cannot go on; make another one with --as`
  throw new MillraceError('MR_LOG_TOPIC_EXISTS', message, { details: { topic: topic.name, partition } })
}
