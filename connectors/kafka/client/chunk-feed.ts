// hot path
import type { RecordBatchView } from '../../../formats/record-batch/decode.ts'
import type { PartitionFeed } from './kafka-client.ts'

/** Batches of one partition that came together. */
export interface Chunk {
  readonly sizeBytes: number
  /** The next batch, `undefined` after the last; `reuse` is one that nobody reads any more. */
  next(reuse: RecordBatchView | undefined): RecordBatchView | undefined
}

/** What the fetcher wants to know of a feed. */
export interface FeedEvents {
  /** A chunk was used up. */
  readonly onRoom: () => void
  /** Nobody wants more. */
  readonly onClose: () => void
  /** A batch cannot be read; `last` is the one before it. True where it is fetched once more. */
  readonly onDamage: (error: unknown, last: RecordBatchView | undefined) => boolean
}

/** A feed that a fetcher fills: chunks wait here, still encoded, until the reader takes their batches. */
export class ChunkFeed implements PartitionFeed {
  readonly #events: FeedEvents
  readonly #chunks: Chunk[] = []
  #waitingBytes = 0
  #taken: RecordBatchView | undefined
  #failure: unknown
  #arrived: (() => void) | undefined

  constructor(events: FeedEvents) {
    this.#events = events
  }

  /** Bytes that nobody took yet. */
  get waitingBytes(): number {
    return this.#waitingBytes
  }

  push(chunk: Chunk): void {
    this.#chunks.push(chunk)
    this.#waitingBytes += chunk.sizeBytes
    this.#tell()
  }

  /** The reader gets this after what is here. */
  fail(error: unknown): void {
    this.#failure ??= error
    this.#tell()
  }

  take(): RecordBatchView | undefined {
    for (let chunk = this.#chunks[0]; chunk !== undefined; chunk = this.#chunks[0]) {
      const view = this.#nextOf(chunk)
      if (view !== undefined) {
        this.#taken = view
        return view
      }
      this.#chunks.shift()
      this.#waitingBytes -= chunk.sizeBytes
      this.#events.onRoom()
    }
    if (this.#failure !== undefined) throw this.#failure
    return undefined
  }

  arrival(): Promise<void> {
    if (this.#chunks.length > 0 || this.#failure !== undefined) return Promise.resolve()
    return new Promise((resolve) => {
      this.#arrived = resolve
    })
  }

  close(): void {
    this.#events.onClose()
    this.#chunks.length = 0
    this.#waitingBytes = 0
  }

  #nextOf(chunk: Chunk): RecordBatchView | undefined {
    try {
      return chunk.next(this.#taken)
    } catch (error) {
      if (this.#failure !== undefined || !this.#events.onDamage(error, this.#taken)) throw error
      // It is used up, and what came behind it is fetched once more, too.
      this.#chunks.length = 1
      this.#waitingBytes = chunk.sizeBytes
      return undefined
    }
  }

  #tell(): void {
    this.#arrived?.()
    this.#arrived = undefined
  }
}
