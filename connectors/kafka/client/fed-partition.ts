import type { ChunkFeed } from './chunk-feed.ts'
import type { FetchStart } from './kafka-client.ts'
import type { PartitionLeader } from './topic-leaders.ts'

/** A partition that is being fetched. */
export interface FedPartition {
  readonly start: FetchStart
  readonly feed: ChunkFeed
  /** What to ask for next. */
  offset: number
  lastFetchedEpoch: number
  leader: PartitionLeader | undefined
  /** Where a damaged batch was met last. */
  damagedAt: number | undefined
  /** Failures since its last good answer. */
  troubles: number
  /** Nothing more is fetched of it. */
  isEnded: boolean
}

export function newFedPartition(start: FetchStart, feed: ChunkFeed): FedPartition {
  const { offset, leaderEpoch: lastFetchedEpoch } = start
  return { start, feed, offset, lastFetchedEpoch, leader: undefined, damagedAt: undefined, troubles: 0, isEnded: false }
}

/** Ends a partition with what its reader gets after everything that came before. */
export function endPartition(partition: FedPartition, error: unknown): void {
  partition.isEnded = true
  partition.feed.fail(error)
}
