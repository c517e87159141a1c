import type { RecordBatchView } from '../../formats/record-batch/decode.ts'

/** A topic with its identity: one that is created anew under the same name has another id. */
export interface StoredTopic {
  readonly name: string
  readonly id: string
  readonly partitions: number
}

/** Appends to one topic; what is appended counts only after `sync`. */
export interface BatchAppender {
  readonly topic: StoredTopic
  /** One record batch v2 of `count` records; its base offset may be overwritten. */
  appendBatch(partition: number, batch: Uint8Array, count: number): Promise<void>
  /** Resolves when everything appended is durable and visible. */
  sync(): Promise<void>
  close(): Promise<void>
}

/** A system of partitioned topics of record batches, as the sinks with an outbox see it: the embedded log, Kafka. */
export interface TopicStore {
  findTopic(name: string): Promise<StoredTopic | undefined>
  /** Creates a topic, or gives the one that is there; whether another number of partitions is an error, the system says. */
  createTopic(name: string, partitions: number): Promise<StoredTopic>
  /** Offset that the next record will get. */
  endOffset(topic: StoredTopic, partition: number): Promise<number>
  /**
   * The batches from the one that holds `offset` to what is the end now; each is valid until the next one is asked for. Whatever
   * an earlier appender may have sent is in it, or never comes. Throws `MR_POSITION_LOST` where the offset is not there.
   */
  batchesFrom(topic: StoredTopic, partition: number, offset: number): AsyncGenerator<RecordBatchView, void>
  /** Ends the work of any appender before it. */
  openAppender(topic: string): Promise<BatchAppender>
  close(): Promise<void>
}
