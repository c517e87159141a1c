// hot path
import type { Batch } from '../../core/model/batch.ts'
import type { Schema } from '../../core/model/field-type.ts'
import type { RecordWriter, Staged, WriterContext } from '../../core/ports/sink.ts'
import type { Codec } from '../../formats/record-batch/compression.ts'
import { OutboxWriter } from './outbox-writer.ts'
import { identityHeader, OriginCounter } from './record-identity.ts'
import { RowEncoder } from './row-encoder.ts'

const SPILL_BYTES = 1_048_576

export interface RecordWriterOptions {
  readonly topic: string
  readonly codec: Codec
  /** Field whose value becomes the key of a record and chooses its partition. */
  readonly key: string | undefined
  /** The timestamp of a record with this event time, whole ms. */
  timestampOf(eventTime: number): number
  /** How many partitions the topic has or will have. */
  partitionsOf(topic: string): Promise<number>
}

/** The part in one task of a sink for records into a topic. */
export class OutboxRecordWriter implements RecordWriter {
  readonly #topic: string
  readonly #rows: RowEncoder
  readonly #outbox: OutboxWriter
  readonly #counter: OriginCounter

  constructor(context: WriterContext, schema: Schema, options: RecordWriterOptions) {
    const { topic, codec, key, timestampOf, partitionsOf } = options
    this.#topic = topic
    this.#rows = new RowEncoder({ context, schema, key, timestampOf })
    this.#counter = new OriginCounter(context)
    this.#outbox = new OutboxWriter({ context, codec, spillBytes: SPILL_BYTES, partitionsOf })
  }

  get isBusy(): boolean {
    return this.#outbox.isBusy
  }

  write(batch: Batch): number {
    const { offsets } = batch.system
    const rows = this.#rows
    const keys = rows.keysOf(batch)
    let taken = 0
    for (let position = 0; position < batch.count; position++) {
      const row = batch.rowAt(position)
      if (!rows.read(batch, row, keys)) continue
      taken++
      const { timestamp, hash, key, bytes, length } = rows
      const headers = [identityHeader(this.#counter.next(`${rows.split}-${offsets[row]!}`))]
      this.#outbox.add({ topic: this.#topic, hash, timestamp, key, bytes, length, headers })
    }
    return taken
  }

  stage(epoch: number): Promise<Staged> {
    return this.#outbox.stage(epoch)
  }

  ready(): Promise<void> {
    return this.#outbox.ready()
  }

  abort(): Promise<void> {
    return this.#outbox.abort()
  }
}
