import { MillraceError } from '../../../core/model/errors.ts'
import type { FileLock, FileStore } from '../../../core/ports/file-store.ts'
import type { Codec } from '../../../formats/record-batch/compression.ts'
import { type EncodableRecord, encodeRecordBatch, setBaseOffset } from '../../../formats/record-batch/encode.ts'
import { batchParts } from './batch-parts.ts'
import { partitionDirectory, segmentPath, topicDirectory } from './layout.ts'
import { recoverPartition } from './recover-partition.ts'
import { type SyncedEnd, writeSyncedEnd } from './synced-end.ts'
import { type LogPorts, lockTopic, readTopic, type Topic } from './topic.ts'

const SEGMENT_BYTES = 67_108_864

export interface AppenderOptions {
  /** A segment that would grow beyond this is followed by the next one. Default 64 MiB. */
  readonly segmentBytes?: number
}

/** What the appender knows of one partition: the end with unpublished records, and what is still to be done about it. */
interface Tail {
  readonly directory: string
  end: SyncedEnd
  isUnpublished: boolean
  isNewSegment: boolean
}

/** Takes the topic's lock and makes the ends of its partitions true. Throws `MR_LOG_TOPIC_UNKNOWN`, `MR_LOG_LOCKED`. */
export async function openAppender(
  ports: Pick<LogPorts, 'files' | 'clock'>,
  place: { readonly directory: string; readonly topic: string },
  options: AppenderOptions = {},
): Promise<TopicAppender> {
  const { files } = ports
  await readTopic(files, place.directory, place.topic)
  const lock = await lockTopic(ports, topicDirectory(place.directory, place.topic))
  try {
    const topic = await readTopic(files, place.directory, place.topic)
    const tails: Tail[] = []
    for (let partition = 0; partition < topic.partitions; partition++) {
      const directory = partitionDirectory({ ...place, partition })
      const end = await recoverPartition(files, directory, topic.id)
      tails.push({ directory, end, isUnpublished: false, isNewSegment: end.position === 0 })
    }
    return new TopicAppender(files, { topic, lock, tails, segmentBytes: options.segmentBytes ?? SEGMENT_BYTES })
  } catch (error) {
    await lock.release()
    throw error
  }
}

/**
 * The one writer of a topic while it lives. What was appended is visible to nobody before `sync`, and what was not synced
 * may or may not be there after a crash. After a failure it refuses further work: open another one, which cuts the tail.
 */
export class TopicAppender {
  readonly topic: Topic
  readonly #files: FileStore
  readonly #lock: FileLock
  readonly #tails: readonly Tail[]
  readonly #segmentBytes: number
  #failure: unknown

  constructor(files: FileStore, parts: { topic: Topic; lock: FileLock; tails: readonly Tail[]; segmentBytes: number }) {
    this.topic = parts.topic
    this.#files = files
    this.#lock = parts.lock
    this.#tails = parts.tails
    this.#segmentBytes = parts.segmentBytes
  }

  /** Offset of the next record, with those that are not synced. */
  endOffset(partition: number): number {
    return this.#tail(partition).end.next
  }

  /** Appends records in batches of at most 1,000 records or 1 MiB. Throws `MR_RECORD_TOO_LARGE` above 64 MiB a record. */
  async append(partition: number, records: readonly EncodableRecord[], codec: Codec = 'none'): Promise<void> {
    for (const part of batchParts(records)) {
      const bytes = encodeRecordBatch({ baseOffset: this.endOffset(partition), records: part, codec })
      await this.appendBatch(partition, bytes, part.length)
    }
  }

  /** Appends one encoded batch of `count` records, whose base offset it overwrites. */
  async appendBatch(partition: number, bytes: Uint8Array, count: number): Promise<void> {
    const tail = this.#tail(partition)
    setBaseOffset(bytes, tail.end.next)
    await this.#latched(async () => {
      if (tail.end.position > 0 && tail.end.position + bytes.length > this.#segmentBytes) await this.#roll(tail)
      await this.#files.append(segmentPath(tail.directory, tail.end.segment), bytes)
      tail.end = { ...tail.end, position: tail.end.position + bytes.length, next: tail.end.next + count }
      tail.isUnpublished = true
    })
  }

  /** Makes everything appended durable, then visible. */
  async sync(): Promise<void> {
    await this.#latched(async () => {
      for (const tail of this.#tails) if (tail.isUnpublished) await this.#publish(tail)
    })
  }

  /** Gives the topic free. What was not synced is left to the next appender. Idempotent. */
  async close(): Promise<void> {
    await this.#lock.release()
  }

  async #publish(tail: Tail): Promise<void> {
    await this.#settle(tail)
    await writeSyncedEnd(this.#files, tail.directory, tail.end)
    tail.isUnpublished = false
  }

  /** A full segment is durable before the next one has a name, so that only the last one can have a torn tail. */
  async #roll(tail: Tail): Promise<void> {
    await this.#settle(tail)
    tail.end = { ...tail.end, segment: tail.end.next, position: 0 }
    tail.isNewSegment = true
  }

  async #settle(tail: Tail): Promise<void> {
    await this.#files.sync(segmentPath(tail.directory, tail.end.segment))
    if (tail.isNewSegment) await this.#files.syncDirectory(tail.directory)
    tail.isNewSegment = false
  }

  async #latched(work: () => Promise<void>): Promise<void> {
    if (this.#failure !== undefined) {
      const message = `topic "${this.topic.name}": an earlier append failed; open a new appender`
      throw new MillraceError('MR_FILE_IO', message, { cause: this.#failure })
    }
    try {
      await work()
    } catch (error) {
      this.#failure = error
      throw error
    }
  }

  #tail(partition: number): Tail {
    const tail = this.#tails[partition]
    if (tail !== undefined) return tail
    const message = `topic "${this.topic.name}" has ${this.topic.partitions} partitions, there is no partition ${partition}`
    throw new MillraceError('MR_OPTION_INVALID', message)
  }
}
