// hot path
import type { Codec } from '../../../formats/record-batch/compression.ts'
import { type LentRecord, RecordPayloads } from '../../../formats/record-batch/record-payloads.ts'

/** Well below what brokers take as they come (1 MiB); only a larger record makes a larger batch. */
const BATCH_BYTES = 524_288
/** What a record takes in a batch beside key and value, about. */
const FRAME_BYTES = 12

/** A record on its way out; `hash` chooses its partition. Its bytes are only lent. */
export interface OutgoingRow extends LentRecord {
  readonly hash: number
}

export interface LaneOptions {
  readonly codec: Codec
  /** Resolves when the batch is acknowledged; the batches of a lane get there in the order of the calls. */
  append(batch: Uint8Array): Promise<void>
  /** So many more bytes wait for acknowledgements, or so many fewer. */
  onWaiting(bytes: number): void
  onFailure(error: unknown): void
}

/** The way to one partition: while a batch is under way, the next one grows. */
export class PartitionLane {
  readonly #options: LaneOptions
  readonly #records = new RecordPayloads()
  #openBytes = 0
  #underWay = 0
  /** When the last batch was acknowledged or has failed, which `onFailure` was told. */
  #last: Promise<void> = Promise.resolve()

  constructor(options: LaneOptions) {
    this.#options = options
  }

  add(row: OutgoingRow): void {
    const sizeBytes = row.length + (row.key?.length ?? 0) + FRAME_BYTES
    if (this.#openBytes > 0 && this.#openBytes + sizeBytes > BATCH_BYTES) this.#send()
    this.#records.append(row)
    this.#openBytes += sizeBytes
    this.#options.onWaiting(sizeBytes)
  }

  /** Sends what was added, unless a batch is under way. */
  flush(): void {
    if (this.#underWay === 0) this.#send()
  }

  /** Resolves when everything that was added before is acknowledged, or has failed. */
  settle(): Promise<void> {
    this.#send()
    return this.#last
  }

  #send(): void {
    if (this.#openBytes === 0) return
    const sizeBytes = this.#openBytes
    this.#openBytes = 0
    this.#underWay++
    const { append, codec, onFailure } = this.#options
    const batch = this.#records.encode({ codec })
    this.#records.clear()
    this.#last = append(batch).then(() => this.#acknowledged(sizeBytes), onFailure)
  }

  #acknowledged(sizeBytes: number): void {
    this.#underWay--
    this.#options.onWaiting(-sizeBytes)
    this.flush()
  }
}
