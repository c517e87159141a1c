// hot path
import { MillraceError } from '../../../core/model/errors.ts'
import { splitId } from '../../../core/model/position.ts'
import {
  type BatchFrame,
  decodeRecordBatch,
  frameAt,
  type RecordBatchView,
} from '../../../formats/record-batch/decode.ts'
import { AT, dataViewOf, MOST_INFLATED_BYTES } from '../../../formats/record-batch/layout.ts'
import type { TransactionFilter } from '../../../formats/record-batch/transaction-filter.ts'
import type { Chunk } from './chunk-feed.ts'
import type { FetchedBatches } from './fetch-link.ts'
import type { TopicPartition } from './kafka-client.ts'

/** Record batches as the protocol has them; `release` is called when nobody reads the bytes any more. */
export class EncodedBatches implements FetchedBatches {
  readonly #bytes: Uint8Array
  readonly #release: () => void

  constructor(bytes: Uint8Array, release: () => void) {
    this.#bytes = bytes
    this.#release = release
  }

  end(): ReturnType<typeof endOfBatches> {
    return endOfBatches(this.#bytes)
  }

  open(of: Parameters<FetchedBatches['open']>[0]): EncodedChunk {
    return new EncodedChunk({ ...of, bytes: this.#bytes, release: this.#release })
  }
}

/** Record batches of a fetch response, decoded one by one as they are asked for. */
export class EncodedChunk implements Chunk {
  readonly sizeBytes: number
  readonly #place: TopicPartition
  readonly #bytes: Uint8Array
  readonly #filter: TransactionFilter | undefined
  #release: () => void
  /** The batch that comes next must not end at or before this offset. */
  #next: number
  #at = 0

  /**
   * `offset` is the one that was asked for: the first batch may begin before it. No filter: markers are passed on. `release` is called
   * when nobody reads the bytes any more.
   */
  constructor(fetched: {
    readonly place: TopicPartition
    readonly bytes: Uint8Array
    readonly offset: number
    readonly filter: TransactionFilter | undefined
    readonly release?: () => void
  }) {
    this.#place = fetched.place
    this.#bytes = fetched.bytes
    this.sizeBytes = fetched.bytes.length
    this.#next = fetched.offset
    this.#filter = fetched.filter
    this.#release = fetched.release ?? (() => undefined)
  }

  next(reuse: RecordBatchView | undefined): RecordBatchView | undefined {
    try {
      const frame = this.#frame()
      if (frame === undefined) {
        // The batch before is not read any more.
        this.#release()
        this.#release = () => undefined
        return undefined
      }
      const view = decodeRecordBatch(this.#bytes, frame.start, { maxInflatedBytes: MOST_INFLATED_BYTES, reuse })
      this.#at = frame.end
      this.#next = frame.nextOffset
      return this.#filter === undefined ? view : this.#filter.visible(view)
    } catch (error) {
      throw located(error, this.#place, this.#next)
    }
  }

  #frame(): BatchFrame | undefined {
    const frame = frameAt(this.#bytes, this.#at)
    if (frame === undefined || frame.nextOffset > this.#next) return frame
    const message = `record batch is corrupt: it ends at offset ${frame.nextOffset - 1}, after offset ${this.#next - 1}`
    throw new MillraceError('MR_RECORD_BATCH_CORRUPT', message)
  }
}

/** Offset after the last whole batch and its leader epoch; `undefined` where no batch is whole. */
export function endOfBatches(bytes: Uint8Array): { readonly offset: number; readonly leaderEpoch: number } | undefined {
  let last: BatchFrame | undefined
  for (let frame = frameAt(bytes, 0); frame !== undefined; frame = frameAt(bytes, frame.end)) last = frame
  if (last === undefined) return undefined
  return { offset: last.nextOffset, leaderEpoch: dataViewOf(bytes).getInt32(last.start + AT.partitionLeaderEpoch) }
}

/** The same error with the place where it was found. */
export function located(error: unknown, { topic, partition }: TopicPartition, offset: number): unknown {
  if (!(error instanceof MillraceError)) return error
  const message = `${splitId(topic, partition)} at offset ${offset}: ${error.message}; nothing is skipped`
  return new MillraceError(error.code, message, {
    cause: error,
    details: { ...error.details, topic, partition, offset },
  })
}
