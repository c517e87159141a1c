import { freeMemory } from '../../core/model/free-memory.ts'
import type { Staged, WriterContext } from '../../core/ports/sink.ts'
import type { Codec } from '../../formats/record-batch/compression.ts'
import { type EncodableRecord, encodeRecordBatch } from '../../formats/record-batch/encode.ts'
import { outboxFolder, segmentName, spillName } from './outbox-names.ts'
import { OutboxSegmentWriter } from './outbox-segment.ts'
import type { StagedContent } from './topic-intent.ts'

/** As much waits for the disk before the writer calls itself busy. */
const BUSY_BYTES = 1_048_576
const BATCH_RECORDS = 1_000
/** Well below what brokers of Kafka take as they come (1 MiB); only a larger record makes a larger batch. */
const BATCH_BYTES = 524_288

/** A record on its way out; `hash` chooses the partition among those that the topic turns out to have. */
export interface OutgoingRecord {
  readonly topic: string
  readonly hash: number
  readonly record: EncodableRecord
  readonly sizeBytes: number
}

export interface OutboxWriterOptions {
  readonly context: WriterContext
  readonly codec: Codec
  /** Records of so many bytes are encoded together. */
  readonly spillBytes: number
  /** How many partitions a topic has or will have. */
  partitionsOf(topic: string): Promise<number>
}

/** Collects the records of one task for one sink, spills what is much, and makes one outbox segment per epoch of them. */
export class OutboxWriter {
  readonly #options: OutboxWriterOptions
  #pending: OutgoingRecord[] = []
  #pendingBytes = 0
  #segment: OutboxSegmentWriter
  #targets = new Map<string, number>()
  #segments = 0
  #flushingBytes = 0
  /** The disk work so far; it never rejects: the first failure is kept for who asks next. */
  #work: Promise<void> = Promise.resolve()
  #failure: unknown

  constructor(options: OutboxWriterOptions) {
    this.#options = options
    this.#segment = this.#newSegment()
  }

  get isBusy(): boolean {
    return this.#flushingBytes > BUSY_BYTES
  }

  add(outgoing: OutgoingRecord): void {
    this.#pending.push(outgoing)
    this.#pendingBytes += outgoing.sizeBytes
    if (this.#pendingBytes > this.#options.spillBytes) this.#spill()
  }

  async ready(): Promise<void> {
    await this.#work
    this.#check()
  }

  async stage(epoch: number): Promise<Staged> {
    this.#spill()
    const segment = this.#segment
    const targets = this.#targets
    this.#segment = this.#newSegment()
    this.#targets = new Map()
    let staged: Staged = { records: 0, outbox: [], content: null }
    this.#schedule(async () => {
      if (segment.records > 0) staged = await this.#finish(segment, targets, epoch)
    })
    await this.ready()
    return staged
  }

  async abort(): Promise<void> {
    const segment = this.#segment
    this.#pending = []
    this.#pendingBytes = 0
    this.#segment = this.#newSegment()
    this.#targets = new Map()
    await this.#work
    this.#failure = undefined
    await segment.discard()
  }

  #spill(): void {
    const records = this.#pending
    const bytes = this.#pendingBytes
    const segment = this.#segment
    const targets = this.#targets
    this.#pending = []
    this.#pendingBytes = 0
    if (records.length === 0) return
    this.#flushingBytes += bytes
    this.#schedule(async () => {
      await this.#write(records, segment, targets)
      this.#flushingBytes -= bytes
    })
  }

  async #write(
    records: readonly OutgoingRecord[],
    segment: OutboxSegmentWriter,
    targets: Map<string, number>,
  ): Promise<void> {
    for (const [topic, ofTopic] of Map.groupBy(records, (record) => record.topic)) {
      const partitions = await this.#options.partitionsOf(topic)
      targets.set(topic, partitions)
      for (const [partition, group] of Map.groupBy(ofTopic, (record) => record.hash % partitions)) {
        for (const part of batchesOf(group)) {
          const batch = encodeRecordBatch({ baseOffset: 0, records: part, codec: this.#options.codec })
          await segment.append({ topic, partition, count: part.length, batch })
          freeMemory(batch)
        }
      }
    }
  }

  async #finish(segment: OutboxSegmentWriter, targets: ReadonlyMap<string, number>, epoch: number): Promise<Staged> {
    const { sink, task, generation, outbox } = this.#options.context
    const summary = await segment.finish(outbox, segmentName(sink, { epoch, task, generation }))
    const content: StagedContent = {
      segment: summary,
      topics: [...targets].map(([topic, partitions]) => ({ topic, partitions })),
    }
    return { records: summary.records, outbox: [summary.name], content }
  }

  #newSegment(): OutboxSegmentWriter {
    const { files, sink, task, generation, outbox } = this.#options.context
    const name = spillName({ task, generation, segment: this.#segments++ })
    return new OutboxSegmentWriter(files, `${outbox}/${outboxFolder(sink)}/${name}`)
  }

  #schedule(work: () => Promise<void>): void {
    this.#work = this.#work.then(async () => {
      if (this.#failure === undefined) await work()
    })
    this.#work = this.#work.catch((error: unknown) => {
      this.#failure ??= error
    })
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure
  }
}

/** The records in groups that make one batch each. */
function batchesOf(group: readonly OutgoingRecord[]): readonly (readonly EncodableRecord[])[] {
  const batches: EncodableRecord[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const { record, sizeBytes } of group) {
    const last = batches.at(-1)
    bytes += sizeBytes
    if (last !== undefined && last.length < BATCH_RECORDS && bytes <= BATCH_BYTES) last.push(record)
    else {
      batches.push([record])
      bytes = sizeBytes
    }
  }
  return batches
}
