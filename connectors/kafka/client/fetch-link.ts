import type { AbortedTransaction, TransactionFilter } from '../../../formats/record-batch/transaction-filter.ts'
import type { BrokerAddress } from './broker-address.ts'
import type { Chunk } from './chunk-feed.ts'
import type { TopicPartition } from './kafka-client.ts'

export interface FetchPartition {
  readonly partition: number
  readonly offset: number
  /** Leader epoch as the cluster's description had it. */
  readonly currentLeaderEpoch: number
  /** Leader epoch of the record before `offset`, so that the broker notices a truncated log; −1 where it is not known. */
  readonly lastFetchedEpoch: number
  readonly maxBytes: number
}

export interface FetchTopic {
  readonly topicId: string
  readonly partitions: readonly FetchPartition[]
}

export interface FetchRequest {
  readonly maxWaitMs: number
  readonly maxBytes: number
  readonly isCommittedOnly: boolean
  readonly topics: readonly FetchTopic[]
}

/** Record batches of one partition, as a client holds them. */
export interface FetchedBatches {
  /** After the last whole batch. Throws `MR_RECORD_BATCH_CORRUPT`, `MR_RECORD_BATCH_UNSUPPORTED`, which the chunk will, too. */
  end(): { readonly offset: number; readonly leaderEpoch: number } | undefined
  /** `offset` is the one that was asked for: the first batch may begin before it. No filter: markers are passed on. */
  open(of: {
    readonly place: TopicPartition
    readonly offset: number
    readonly filter: TransactionFilter | undefined
  }): Chunk
}

export interface FetchedPartition {
  readonly topicId: string
  readonly partition: number
  /** Code of the protocol; 0 is none. */
  readonly errorCode: number
  readonly aborted: readonly AbortedTransaction[]
  /** End of the last epoch that broker and reader share, where the log was truncated under the reader. */
  readonly divergesAt: number | undefined
  /** `undefined` where there are none. */
  readonly batches: FetchedBatches | undefined
}

/** The one connection of a worker for data of one broker: a fetch that waits there holds nothing else up. */
export interface FetchLink {
  readonly broker: BrokerAddress
  /** Rejects with a coded error; the link is of no use then. */
  fetch(request: FetchRequest): Promise<readonly FetchedPartition[]>
  close(): Promise<void>
}
