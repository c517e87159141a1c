import { offsetGone } from '../../../connectors/kafka/client/fetch-failures.ts'
import type {
  FetchStart,
  KafkaClient,
  OffsetSpec,
  PartitionFeed,
  TopicPartition,
} from '../../../connectors/kafka/index.ts'
import { MillraceError } from '../../../core/model/errors.ts'
import type { Codec } from '../../../formats/record-batch/compression.ts'
import { decodeRecordBatch, type RecordBatchView } from '../../../formats/record-batch/decode.ts'
import { type EncodableRecord, encodeRecordBatch } from '../../../formats/record-batch/encode.ts'
import { withoutRecords } from '../../../formats/record-batch/transaction-filter.ts'

/** A record, and how many offsets before it have none. */
export interface SourceRecord extends EncodableRecord {
  readonly gap?: number
}

/** A batch of a partition of Kafka. */
export interface SourceBatch {
  readonly records: readonly SourceRecord[]
  readonly codec?: Codec
  /** Of an aborted transaction. */
  readonly isHidden?: boolean
  readonly leaderEpoch?: number
}

interface StoredBatch extends SourceBatch {
  readonly offsets: readonly number[]
  readonly base: number
  readonly next: number
}

/** One partition: its batches by offset, and who waits for more. */
class Partition {
  readonly batches: StoredBatch[] = []
  start = 0
  #arrived = Promise.withResolvers<void>()

  get end(): number {
    return this.batches.at(-1)?.next ?? 0
  }

  add(batch: SourceBatch): void {
    const base = this.end
    let next = base
    const offsets = batch.records.map(({ gap = 0 }) => {
      next += gap + 1
      return next - 1
    })
    this.batches.push({ ...batch, offsets, base, next: Math.max(next, base + 1) })
    this.#arrived.resolve()
    this.#arrived = Promise.withResolvers()
  }

  arrival(offset: number): Promise<void> {
    return offset < this.end || offset < this.start ? Promise.resolve() : this.#arrived.promise
  }
}

const NEVER = (): Promise<never> => Promise.reject(new Error('a mirror does not ask for this'))

/** A topic in memory, behind the port of a client for Kafka. It hands out one batch per arrival, and what it gave is overwritten. */
export class MemoryKafka {
  readonly partitions: Partition[]
  id = 'id-1'
  topicIdentity = true
  readonly feeds: FetchStart[] = []
  /** Clients that are not closed. */
  open = 0

  constructor(partitions: readonly (readonly SourceBatch[])[]) {
    this.partitions = partitions.map((batches) => {
      const partition = new Partition()
      for (const batch of batches) partition.add(batch)
      return partition
    })
  }

  addPartition(): void {
    this.partitions.push(new Partition())
  }

  add(partition: number, batch: SourceBatch): void {
    this.partitions[partition]!.add(batch)
  }

  readonly connect = async (): Promise<KafkaClient> => {
    this.open++
    return {
      capabilities: { readCommitted: true, topicIdentity: this.topicIdentity },
      producer: { append: NEVER },
      listTopics: async () => ['orders'],
      describeTopics: async (names) => names.map((name) => this.#describe(name)),
      listOffsets: async (places, at) => places.map((place) => this.#offset(place, at)),
      feed: (start) => this.#feed(start),
      createTopic: NEVER,
      groupOffsets: NEVER,
      commitOffsets: NEVER,
      transaction: NEVER,
      close: async () => {
        this.open--
      },
    }
  }

  /** What a copy that begins at these offsets must hold, by partition. */
  visible(starts: readonly number[] = []): readonly (readonly EncodableRecord[])[] {
    return this.partitions.map(({ batches }, partition) =>
      batches
        .filter(({ isHidden }) => isHidden !== true)
        .flatMap(({ records, offsets }) => records.filter((_, i) => offsets[i]! >= (starts[partition] ?? 0)))
        .map(({ timestamp, key, value, headers }) => ({ timestamp, key, value, headers })),
    )
  }

  #describe(name: string) {
    if (name !== 'orders') throw new MillraceError('MR_KAFKA_TOPIC_UNKNOWN', `Kafka: topic "${name}" does not exist`)
    return { name, id: this.topicIdentity ? this.id : name, partitions: this.partitions.length }
  }

  #offset({ partition }: TopicPartition, at: OffsetSpec): number {
    const { start, end, batches } = this.partitions[partition]!
    if (at === 'earliest') return start
    if (at === 'latest') return end
    for (const { records, offsets } of batches) {
      const index = records.findIndex(({ timestamp }) => timestamp >= at)
      if (index >= 0) return offsets[index]!
    }
    return end
  }

  #feed(start: FetchStart): PartitionFeed {
    this.feeds.push(start)
    const partition = this.partitions[start.partition]!
    let next = start.offset
    let hasArrived = false
    let given: RecordBatchView | undefined
    return {
      take: () => {
        given?.buffer.fill(0)
        given = undefined
        if (next < partition.start) throw offsetGone(start, next, partition)
        const batch = hasArrived ? partition.batches.find((candidate) => candidate.next > next) : undefined
        hasArrived = false
        if (batch === undefined) return undefined
        next = batch.next
        given = viewOf(batch)
        return given
      },
      arrival: async () => {
        await partition.arrival(next)
        hasArrived = true
      },
      close: () => undefined,
    }
  }
}

function viewOf({
  records,
  offsets,
  base,
  next,
  codec = 'none',
  isHidden,
  leaderEpoch = 0,
}: StoredBatch): RecordBatchView {
  const bytes = encodeRecordBatch({ baseOffset: base, records, codec, partitionLeaderEpoch: leaderEpoch })
  const decoded = decodeRecordBatch(bytes, 0, { maxInflatedBytes: 16_777_216 })
  const view = { ...decoded, offsets: Float64Array.from(offsets), nextOffset: next }
  return isHidden === true ? withoutRecords(view) : view
}
