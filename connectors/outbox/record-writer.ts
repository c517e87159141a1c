// hot path
import type { Batch } from '../../core/model/batch.ts'
import { bytesAt, type Column, isValid, valueAt } from '../../core/model/column.ts'
import type { Schema } from '../../core/model/field-type.ts'
import { hashKey } from '../../core/model/key-hash.ts'
import type { RecordWriter, Staged, WriterContext } from '../../core/ports/sink.ts'
import { compileEncoder, type JsonEncoder } from '../../formats/json/encode-record.ts'
import type { Codec } from '../../formats/record-batch/compression.ts'
import { OutboxWriter } from './outbox-writer.ts'
import { identityHeader, OriginCounter } from './record-identity.ts'

/** Seed of the hash that chooses partitions: fixed, so that a key stays in its partition for ever. */
const PARTITION_SEED = 0
const OVERHEAD_BYTES = 96
const SPILL_BYTES = 1_048_576

const encoder = new TextEncoder()

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
  readonly #context: WriterContext
  readonly #topic: string
  readonly #key: string | undefined
  readonly #timestampOf: (eventTime: number) => number
  readonly #encoder: JsonEncoder
  /** Where the fields stand whose values may have no JSON. */
  readonly #floats: readonly number[]
  readonly #outbox: OutboxWriter
  readonly #counter: OriginCounter
  readonly #hash = new Int32Array(4)
  /** Name and hash of the splits met so far. */
  readonly #splits = new Map<number, { readonly name: string; readonly hash: number }>()

  constructor(context: WriterContext, schema: Schema, options: RecordWriterOptions) {
    const { topic, codec, key, timestampOf, partitionsOf } = options
    this.#context = context
    this.#topic = topic
    this.#key = key
    this.#timestampOf = timestampOf
    this.#encoder = compileEncoder(schema)
    this.#floats = schema.fields.flatMap(({ type }, index) => (type.kind === 'float64' ? [index] : []))
    this.#counter = new OriginCounter(context)
    this.#outbox = new OutboxWriter({ context, codec, spillBytes: SPILL_BYTES, partitionsOf })
  }

  get isBusy(): boolean {
    return this.#outbox.isBusy
  }

  write(batch: Batch): number {
    const { eventTimes, splits, offsets } = batch.system
    const column = this.#key === undefined ? undefined : batch.column(this.#key)
    let taken = 0
    for (let position = 0; position < batch.count; position++) {
      const row = batch.rowAt(position)
      if (this.#isRefused(batch, row)) continue
      taken++
      const split = this.#split(splits[row]!)
      const key = column === undefined ? null : keyBytes(column, row)
      const value = this.#encoder.encode(batch, row)
      const identity = this.#counter.next(`${split.name}-${offsets[row]!}`)
      const record = { timestamp: this.#timestampOf(eventTimes[row]!), key, value, headers: [identityHeader(identity)] }
      const hash = key === null ? split.hash : this.#hashOf(key)
      this.#outbox.add({ topic: this.#topic, hash, record, sizeBytes: value.length + OVERHEAD_BYTES })
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

  /** True where a value is NaN or infinite: JSON has no such numbers, and the reader would get another value. */
  #isRefused(batch: Batch, row: number): boolean {
    for (let i = 0; i < this.#floats.length; i++) {
      const index = this.#floats[i]!
      const column = batch.columns[index]!
      const value = column.values[row]!
      if (Number.isFinite(value) || !isValid(column, row)) continue
      const message = `field "${batch.schema.fields[index]!.name}" is ${value}, which JSON cannot say`
      this.#context.reject(batch, Int32Array.of(row), { code: 'MR_RECORD_RANGE', message })
      return true
    }
    return false
  }

  #split(index: number): { readonly name: string; readonly hash: number } {
    const known = this.#splits.get(index)
    if (known !== undefined) return known
    const name = index < 0 ? 'none' : this.#context.splitOf(index)
    const split = { name, hash: this.#hashOf(encoder.encode(name)) }
    this.#splits.set(index, split)
    return split
  }

  #hashOf(bytes: Uint8Array): number {
    hashKey(bytes, bytes.length, { out: this.#hash, at: 0, seed: PARTITION_SEED })
    return this.#hash[0]! >>> 0
  }
}

/** Text and bytes as they are, anything else as its text; null where there is no value. */
function keyBytes(column: Column, row: number): Uint8Array | null {
  if (!isValid(column, row)) return null
  if (column.offsets !== null) return bytesAt(column, row).slice()
  return encoder.encode(String(valueAt(column, row)))
}
