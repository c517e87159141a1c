import type { Clock } from '../../../core/ports/clock.ts'
import type { Logger } from '../../../core/ports/logger.ts'
import type { Random } from '../../../core/ports/random.ts'
import type { RecordBatchView } from '../../../formats/record-batch/decode.ts'
import type { BrokerInspection } from './broker-line.ts'
import type { KafkaConnection } from './connection-options.ts'

/** Whether records of aborted and open transactions are seen. */
export type Isolation = 'read_committed' | 'read_uncommitted'

/** What a client can do; a pipeline that needs more is refused at its start. */
export interface KafkaCapabilities {
  /** It hides exactly the records of aborted transactions. */
  readonly readCommitted: boolean
  /** It knows topic ids and leader epochs: a topic that was created anew or truncated is noticed. */
  readonly topicIdentity: boolean
}

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** A topic as the cluster describes it. */
export interface TopicDescription {
  readonly name: string
  /** Id of the topic; its name where the client does not know ids. */
  readonly id: string
  readonly partitions: number
}

/** The end is the last stable offset for readers of committed records, else the high watermark. A number is epoch ms. */
export type OffsetSpec = 'earliest' | 'latest' | number

/** No leader epoch is known. */
export const NO_EPOCH = -1

/** Where to begin to fetch a partition. */
export interface FetchStart extends TopicPartition {
  readonly topicId: string
  readonly offset: number
  /** Leader epoch of the record before; {@link NO_EPOCH} where it is not known. */
  readonly leaderEpoch: number
}

/** The batches of one partition as they come from the broker. */
export interface PartitionFeed {
  /**
   * The next batch that is here, `undefined` where none is. Valid until the next call. Its offsets follow those of the one
   * before; the first may begin before the offset that was asked for. What a reader must not see has `count` 0. Throws `MR_POSITION_LOST`, `MR_SOURCE_REPLACED`,
   * `MR_RECORD_BATCH_CORRUPT`, `MR_KAFKA_FORBIDDEN`, …: nothing is ever skipped.
   */
  take(): RecordBatchView | undefined
  /** Resolves when `take` has something to give or to throw. Never rejects. */
  arrival(): Promise<void>
  /** Fetches no more of the partition; nothing arrives any more. */
  close(): void
}

/** One transaction of one producer. Whoever begins another one under the same id ends this one's right to write. */
export interface KafkaTransaction {
  /** Appends a record batch v2, which is changed for it. Throws `MR_KAFKA_UNREACHABLE` where it is not known whether it was taken. */
  append(place: TopicPartition, batch: Uint8Array): Promise<void>
  /** Makes all of it visible at once. After an error it is not known whether it is. */
  commit(): Promise<void>
}

/** Appends without transactions. */
export interface KafkaProducer {
  /**
   * Appends a record batch v2, which is changed for it; resolves when all replicas in sync have it. The batches of a partition
   * get there in the order of the calls, each once, and are tried as long as brokers are away, which a warning says: a broker knows
   * one that it has by producer id and sequence. Only where a partition has forgotten its producer may a batch be there twice.
   * Rejects with what waiting cannot mend, or when the client is closed, and then takes nothing more for this partition.
   */
  append(place: TopicPartition, batch: Uint8Array): Promise<void>
}

/** Offset that a group is said to have reached. */
export interface GroupOffset extends TopicPartition {
  readonly offset: number
  readonly metadata: string
}

/**
 * What Millrace asks of a client for Kafka. Its unit is a record batch, a position is topic id, partition, offset and leader
 * epoch. All methods throw coded errors: `MR_KAFKA_UNREACHABLE` where trying again may help.
 */
export interface KafkaClient {
  readonly capabilities: KafkaCapabilities
  /** For `millrace doctor`, which cannot look at the cluster without it. */
  readonly inspection?: BrokerInspection
  /** Appends without transactions; what is not acknowledged when the client is closed is given up. */
  readonly producer: KafkaProducer
  /** Names of all topics, without internal ones. */
  listTopics(): Promise<readonly string[]>
  /** In the order of `names`. Throws `MR_KAFKA_TOPIC_UNKNOWN`. */
  describeTopics(names: readonly string[]): Promise<readonly TopicDescription[]>
  /** Creates a topic with the brokers' default of replicas; fine where it is there already, whatever it is like. */
  createTopic(name: string, partitions: number): Promise<void>
  /** In the order of `places`; for a time without later records the end. */
  listOffsets(places: readonly TopicPartition[], at: OffsetSpec): Promise<readonly number[]>
  /** Begins to fetch a partition and goes on whatever happens to brokers, until `close`. */
  feed(start: FetchStart): PartitionFeed
  /** What a group has said so far. */
  groupOffsets(group: string): Promise<readonly GroupOffset[]>
  /** Commits offsets for tools that look at lag, without being a member. Throws `MR_KAFKA_GROUP_SHARED` where it has members. */
  commitOffsets(group: string, offsets: readonly GroupOffset[]): Promise<void>
  /**
   * Begins a transaction; what an earlier one under the same id left open is aborted first, and its producer may write no more.
   */
  transaction(id: string): Promise<KafkaTransaction>
  close(): Promise<void>
}

/** What a client gets. */
export interface KafkaClientOptions {
  readonly connection: KafkaConnection
  /** Shown in the logs and quotas of brokers. */
  readonly clientId: string
  readonly isolation: Isolation
  /** Bytes that may wait for the reader, over all partitions. */
  readonly maxWaitingBytes: number
  /** How long a broker may wait for something to send, ms. */
  readonly maxWaitMs: number
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

/** Makes a client; it connects when it is first used. */
export type KafkaClientFactory = (options: KafkaClientOptions) => Promise<KafkaClient>
