// hot path
import { MillraceError } from '../../../core/model/errors.ts'
import type { FileStore } from '../../../core/ports/file-store.ts'
import {
  type BatchFrame,
  decodeRecordBatch,
  frameAt,
  type RecordBatchView,
} from '../../../formats/record-batch/decode.ts'
import { MOST_INFLATED_BYTES } from '../../../formats/record-batch/layout.ts'
import { logCorrupt, type PartitionPlace, partitionDirectory, segmentBases, segmentPath } from './layout.ts'
import { readSyncedEndOf, type SyncedEnd } from './synced-end.ts'

const CHUNK_BYTES = 1_048_576
/** Base offset and length of a batch: enough to know how long it is. */
const LENGTH_END = 12
const LENGTH_AT = 8

/** What is readable of a partition now. */
export interface PartitionBounds {
  readonly start: number
  readonly end: SyncedEnd
}

/** First offset that is there and the synced end. Throws `MR_SOURCE_REPLACED` where the topic is another one. */
export async function readBounds(files: FileStore, place: PartitionPlace, topicId: string): Promise<PartitionBounds> {
  const partition = partitionDirectory(place)
  const end = await readSyncedEndOf(files, partition, topicId)
  const bases = segmentBases(await files.list(partition))
  return { start: Math.min(bases[0] ?? end.segment, end.next), end }
}

/**
 * A cursor before the batch that holds `offset`. Throws `MR_POSITION_LOST` where the partition does not reach from or to
 * that offset, `MR_SOURCE_REPLACED` where the topic is another one.
 */
export async function openCursor(
  files: FileStore,
  place: PartitionPlace,
  at: { readonly topicId: string; readonly offset: number },
): Promise<BatchCursor> {
  const { start, end } = await readBounds(files, place, at.topicId)
  if (!Number.isSafeInteger(at.offset) || at.offset < start || at.offset > end.next) {
    const message = `${place.topic}-${place.partition} holds offsets ${start} to ${end.next}, not ${at.offset}; nothing is skipped`
    throw new MillraceError('MR_POSITION_LOST', message, {
      details: { ...place, offset: at.offset, start, end: end.next },
    })
  }
  const partition = partitionDirectory(place)
  const bases = segmentBases(await files.list(partition))
  const base = bases.findLast((candidate) => candidate <= at.offset && candidate <= end.segment) ?? end.segment
  const cursor = new BatchCursor(files, partition, end)
  await cursor.enter(base)
  await cursor.skipTo(at.offset)
  return cursor
}

/** The decoded batches from the cursor to the synced end; each is valid until the next one is asked for. */
export async function* batchesOf(cursor: BatchCursor): AsyncGenerator<RecordBatchView, void> {
  do {
    for (let frame = cursor.take(); frame !== undefined; frame = cursor.take()) yield cursor.decode(frame)
  } while (await cursor.fill())
}

/**
 * Walks the batches of one partition, never beyond its synced end. `take` hands out what is in memory, `fill` brings
 * more. One owner. Every batch must begin where the one before ended: a gap is `MR_LOG_CORRUPT`.
 */
export class BatchCursor {
  readonly #files: FileStore
  readonly #partition: string
  #end: SyncedEnd
  #segment = 0
  /** Bytes of the current segment that count. */
  #segmentBytes = 0
  /** Where the chunk stands in its segment. */
  #chunkStart = 0
  #chunk: Uint8Array = new Uint8Array(0)
  /** Memory that one chunk after the other lies in. */
  #memory: Uint8Array | undefined
  #at = 0
  #next = 0
  /** Decoded last. */
  #view: RecordBatchView | undefined

  constructor(files: FileStore, partition: string, end: SyncedEnd) {
    this.#files = files
    this.#partition = partition
    this.#end = end
  }

  /** Offset of the first record that was not taken. */
  get next(): number {
    return this.#next
  }

  /** The next batch in memory, or `undefined` where `fill` has to bring more. */
  take(): BatchFrame | undefined {
    const frame = this.#frame()
    if (frame === undefined) return undefined
    if (frame.baseOffset !== this.#next)
      throw this.#corrupt(`offset ${this.#next} should follow, not ${frame.baseOffset}`, frame.start)
    this.#at = frame.end
    this.#next = frame.nextOffset
    return frame
  }

  /** Decodes a batch that `take` gave last; the view is valid until the next `decode` or `fill`. */
  decode(frame: BatchFrame): RecordBatchView {
    try {
      const limits = { maxInflatedBytes: MOST_INFLATED_BYTES, reuse: this.#view }
      this.#view = decodeRecordBatch(this.#chunk, frame.start, limits)
      return this.#view
    } catch (error) {
      throw this.#corrupt('a batch is damaged', frame.start, error)
    }
  }

  /** Loads more; false at the synced end, which it asks for anew. Throws `MR_LOG_CORRUPT`, `MR_SOURCE_REPLACED`. */
  async fill(): Promise<boolean> {
    for (;;) {
      const position = this.#chunkStart + this.#at
      if (position < this.#segmentBytes) {
        await this.#load(position)
        return true
      }
      if (this.#segment !== this.#end.segment) await this.enter(this.#next)
      else if (!(await this.#renewEnd())) return false
    }
  }

  /** Goes to the beginning of the segment with this base offset. */
  async enter(base: number): Promise<void> {
    this.#segment = base
    this.#next = base
    this.#chunkStart = 0
    this.#chunk = new Uint8Array(0)
    this.#at = 0
    this.#segmentBytes = await this.#countingBytes()
  }

  /** Goes on to the batch that holds `offset`, or to the end. */
  async skipTo(offset: number): Promise<void> {
    while (this.#next < offset) {
      const frame = this.take()
      if (frame === undefined) {
        if (!(await this.fill())) return
      } else if (frame.nextOffset > offset) {
        this.#at = frame.start
        this.#next = frame.baseOffset
        return
      }
    }
  }

  #frame(): BatchFrame | undefined {
    if (this.#at >= this.#chunk.length) return undefined
    try {
      return frameAt(this.#chunk, this.#at)
    } catch (error) {
      throw this.#corrupt('a batch is damaged', this.#at, error)
    }
  }

  async #load(position: number): Promise<void> {
    const left = this.#segmentBytes - position
    let chunk = await this.#read(position, Math.min(CHUNK_BYTES, left))
    this.#chunkStart = position
    this.#chunk = chunk
    this.#at = 0
    if (this.#frame() !== undefined) return
    const size =
      chunk.length < LENGTH_END
        ? LENGTH_END
        : LENGTH_END + new DataView(chunk.buffer, chunk.byteOffset).getInt32(LENGTH_AT)
    if (size <= chunk.length || size > left) throw this.#corrupt('a batch reaches beyond the end', 0)
    chunk = await this.#read(position, size)
    this.#chunk = chunk
    if (this.#frame() === undefined) throw this.#corrupt('a batch is cut off', 0)
  }

  async #read(offset: number, length: number): Promise<Uint8Array> {
    this.#memory ??= new Uint8Array(CHUNK_BYTES)
    const range = { offset, length, into: this.#memory }
    const bytes = await this.#files.read(segmentPath(this.#partition, this.#segment), range)
    if (bytes.length < length) throw this.#corrupt(`the segment ends after ${offset + bytes.length} bytes`, 0)
    return bytes
  }

  async #renewEnd(): Promise<boolean> {
    const known = this.#end
    const end = await readSyncedEndOf(this.#files, this.#partition, known.topicId)
    if (end.next < known.next) throw this.#corrupt(`the synced end went back from ${known.next} to ${end.next}`, 0)
    this.#end = end
    this.#segmentBytes = await this.#countingBytes()
    return end.next > known.next
  }

  async #countingBytes(): Promise<number> {
    if (this.#segment === this.#end.segment) return this.#end.position
    const path = segmentPath(this.#partition, this.#segment)
    const size = await this.#files.size(path)
    if (size === undefined || this.#segment > this.#end.segment) throw logCorrupt('the segment is missing', path)
    return size
  }

  #corrupt(what: string, at: number, cause?: unknown): MillraceError {
    return logCorrupt(what, segmentPath(this.#partition, this.#segment), { position: this.#chunkStart + at, cause })
  }
}
