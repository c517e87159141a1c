// hot path
import type { RecordBatchView } from '../../../formats/record-batch/decode.ts'
import type { PartitionFeed } from './kafka-client.ts'

/** Batches of one partition that came together. */
export interface Chunk {
  readonly sizeBytes: number
  /** The next batch, `undefined` after the last; `reuse` is one that nobody reads any more. */
  next(reuse: RecordBatchView | undefined): RecordBatchView | undefined
}

/** A feed that a fetcher fills: chunks wait here, still encoded, until the reader takes their batches. */
export class ChunkFeed implements PartitionFeed {
  readonly #onRoom: () => void
  readonly #onClose: () => void
  readonly #chunks: Chunk[] = []
  #waitingBytes = 0
  #taken: RecordBatchView | undefined
  #failure: unknown
  #arrived: (() => void) | undefined

  /** `onRoom` is called whenever a chunk was used up, `onClose` when nobody wants more. */
  constructor(on: { readonly onRoom: () => void; readonly onClose: () => void }) {
    this.#onRoom = on.onRoom
    this.#onClose = on.onClose
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
      const view = chunk.next(this.#taken)
      if (view !== undefined) {
        this.#taken = view
        return view
      }
      this.#chunks.shift()
      this.#waitingBytes -= chunk.sizeBytes
      this.#onRoom()
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
    this.#onClose()
    this.#chunks.length = 0
    this.#waitingBytes = 0
  }

  #tell(): void {
    this.#arrived?.()
    this.#arrived = undefined
  }
}
