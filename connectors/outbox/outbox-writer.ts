import { freeMemory } from '../../core/model/free-memory.ts'
import type { Staged, WriterContext } from '../../core/ports/sink.ts'
import type { Codec } from '../../formats/record-batch/compression.ts'
import { outboxFolder, segmentName, spillName } from './outbox-names.ts'
import { OutboxSegmentWriter } from './outbox-segment.ts'
import { type OutgoingRecord, PendingRecords } from './pending-records.ts'
import type { StagedContent } from './topic-intent.ts'

/** As much waits for the disk before the writer calls itself busy. */
const BUSY_BYTES = 1_048_576

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
  #pending = new PendingRecords()
  /** One that is written, whose memory serves again. */
  #spare: PendingRecords | undefined
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

  /** Copies the record. */
  add(outgoing: OutgoingRecord): void {
    this.#pending.add(outgoing)
    if (this.#pending.sizeBytes > this.#options.spillBytes) this.#spill()
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
    this.#pending.clear()
    this.#segment = this.#newSegment()
    this.#targets = new Map()
    await this.#work
    this.#failure = undefined
    await segment.discard()
  }

  #spill(): void {
    const pending = this.#pending
    const segment = this.#segment
    const targets = this.#targets
    const bytes = pending.sizeBytes
    if (pending.count === 0) return
    this.#pending = this.#spare ?? new PendingRecords()
    this.#spare = undefined
    this.#flushingBytes += bytes
    this.#schedule(async () => {
      await this.#write(pending, segment, targets)
      this.#flushingBytes -= bytes
      pending.clear()
      // A record of uncommon size does not keep its memory for ever.
      if (bytes <= 2 * this.#options.spillBytes) this.#spare = pending
    })
  }

  async #write(pending: PendingRecords, segment: OutboxSegmentWriter, targets: Map<string, number>): Promise<void> {
    const { codec, partitionsOf } = this.#options
    for (const topic of pending.topics()) {
      const partitions = await partitionsOf(topic)
      targets.set(topic, partitions)
      for (const { partition, count, batch } of pending.batches(topic, { partitions, codec })) {
        await segment.append({ topic, partition, count, batch })
        freeMemory(batch)
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
