import type { Batch } from '../../core/model/batch.ts'
import type { DeadLetter, Origin, PlacedRefusal } from '../../core/model/dead-letter.ts'
import { placeOfSplit } from '../../core/model/position.ts'
import type { DeadLetterWriter, Staged, WriterContext } from '../../core/ports/sink.ts'
import { compileEncoder } from '../../formats/json/encode-record.ts'
import type { Codec } from '../../formats/record-batch/compression.ts'
import { shortened } from '../../formats/records/refused-record.ts'
import { DeadLetterHeaders } from './dead-letter-headers.ts'
import { OutboxWriter } from './outbox-writer.ts'
import { OriginCounter } from './record-identity.ts'

/** With the last record still less than what a file takes without a trip to the thread pool. */
const SPILL_BYTES = 196_608

export interface DeadLetterWriterOptions {
  /** Where all go; `undefined`: to `<topic of the record>.dlq`. */
  readonly topic: string | undefined
  readonly codec: Codec
  /** Of a letter whose key, value and headers have more bytes only the first 64 KiB of the value are kept. Default: no limit. */
  readonly mostBytes?: number
  /** The timestamp of a letter whose record has this one, whole ms. */
  timestampOf(time: number): number
  /** How many partitions a topic has or will have. */
  partitionsOf(topic: string): Promise<number>
}

/** The part in one task of a sink for dead letters into topics. */
export class OutboxDeadLetterWriter implements DeadLetterWriter {
  readonly #context: WriterContext
  readonly #topic: string | undefined
  readonly #mostBytes: number
  readonly #timestampOf: (time: number) => number
  readonly #outbox: OutboxWriter
  readonly #counter: OriginCounter
  readonly #headers: DeadLetterHeaders

  constructor(context: WriterContext, options: DeadLetterWriterOptions) {
    this.#context = context
    this.#topic = options.topic
    this.#mostBytes = options.mostBytes ?? Number.POSITIVE_INFINITY
    this.#counter = new OriginCounter(context)
    this.#headers = new DeadLetterHeaders(context.pipeline)
    const { codec, timestampOf, partitionsOf } = options
    this.#timestampOf = timestampOf
    this.#outbox = new OutboxWriter({ context, codec, spillBytes: SPILL_BYTES, partitionsOf })
  }

  get isBusy(): boolean {
    return this.#outbox.isBusy
  }

  writeLetters(letters: readonly DeadLetter[]): void {
    for (const letter of letters) this.#add(letter)
  }

  writeRows(batch: Batch, rows: Int32Array, why: PlacedRefusal): void {
    const encoder = compileEncoder(batch.schema)
    for (const row of rows) {
      const origin = this.#originOf(batch, row)
      this.#add({ origin, key: null, value: encoder.encode(batch, row), headers: [], ...why })
    }
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

  #add(whole: DeadLetter): void {
    const { clock, sha256 } = this.#context
    const letter = bytesOf(whole) > this.#mostBytes ? shortened(whole, sha256) : whole
    const { origin, stage, key, value } = letter
    const identity = this.#counter.next(`${origin.topic}-${origin.partition}-${origin.offset}-${stage}`)
    const headers = this.#headers.of(letter, { at: clock.now(), identity })
    const topic = this.#topic ?? deadLetterTopicOf(origin.topic)
    const timestamp = this.#timestampOf(origin.timestamp)
    const length = value?.length ?? 0
    this.#outbox.add({ topic, hash: origin.partition, timestamp, key, bytes: value, length, headers })
  }

  #originOf(batch: Batch, row: number): Origin {
    const { splits, offsets, eventTimes } = batch.system
    const place = placeOfSplit(this.#context.splitOf(splits[row]!))
    return { ...place, offset: offsets[row]!, timestamp: eventTimes[row]! }
  }
}

/** Bytes that a letter brings along; what we add to it is little. */
function bytesOf({ key, value, headers }: DeadLetter): number {
  const ofHeaders = headers.reduce((sum, header) => sum + header.key.length + (header.value?.length ?? 0), 0)
  return (key?.length ?? 0) + (value?.length ?? 0) + ofHeaders
}

/** Where the letters of a topic go unless somebody says otherwise. */
export function deadLetterTopicOf(topic: string): string {
  return `${topic}.dlq`
}
