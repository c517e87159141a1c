import type {
  KafkaCapabilities,
  KafkaClient,
  KafkaClientOptions,
  TopicPartition,
} from '../../../../connectors/kafka/index.ts'
import type { Clock } from '../../../../core/ports/clock.ts'
import type { EncodableRecord } from '../../../../formats/record-batch/encode.ts'

/** A cluster with a client under test, and a hand that does what others do to topics. */
export interface KafkaWorld {
  /** How time passes in the cluster. */
  readonly clock: Clock
  /** Does a whole test. */
  run(test: () => Promise<void>): Promise<void>
  /** Closed at the end of the world. Default: committed records only. */
  client(of?: Partial<Pick<KafkaClientOptions, 'isolation' | 'maxWaitingBytes'>>): Promise<KafkaClient>
  /** A name that nothing else has. */
  name(hint: string): string
  /** A new, empty topic that every broker knows. */
  topic(partitions: number): Promise<string>
  /** Appends records as one batch, without a transaction. */
  append(place: TopicPartition, records: readonly EncodableRecord[]): Promise<void>
  /** Appends a batch as it is. */
  appendBatch(place: TopicPartition, batch: Uint8Array): Promise<void>
  /** A producer that is no code of ours. */
  producer(transactionalId: string): Promise<WorldProducer>
  /** Retention passes all records before the offset. */
  deleteRecords(place: TopicPartition, before: number): Promise<void>
  addPartitions(topic: string, count: number): Promise<void>
  /** Deletes the topic and creates it anew, empty. */
  recreate(topic: string, partitions: number): Promise<void>
  /** Lets somebody be a member of the group. */
  joinGroup(group: string, topic: string): Promise<void>
  /** A broker that has nothing from the offset on becomes the leader; `undefined` where that cannot be brought about. */
  readonly truncate: ((place: TopicPartition, end: number) => Promise<void>) | undefined
}

export interface WorldProducer {
  /** Begins a transaction with its first batch. */
  send(
    place: TopicPartition,
    records: readonly EncodableRecord[],
  ): Promise<{
    finish(end: 'commit' | 'abort'): Promise<void>
  }>
}

/** What the suite judges: the client says the same of itself. */
export interface KafkaSuiteSubject {
  readonly capabilities: KafkaCapabilities
  /** Whether worlds can `truncate`. */
  readonly truncates: boolean
  make(): Promise<KafkaWorld>
}
