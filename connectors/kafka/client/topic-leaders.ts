import { MillraceError } from '../../../core/model/errors.ts'
import { splitId } from '../../../core/model/position.ts'
import type { BrokerAddress } from './broker-address.ts'
import type { TopicPartition } from './kafka-client.ts'

/** Who leads the partitions of a topic now; `undefined` where nobody does. */
export interface TopicLeaders {
  readonly id: string
  readonly leaders: readonly (PartitionLeader | undefined)[]
}

export interface PartitionLeader {
  readonly broker: BrokerAddress
  readonly epoch: number
}

/** Asks the cluster, by names of topics. */
export type LeadersOf = (topics: readonly string[]) => Promise<ReadonlyMap<string, TopicLeaders>>

/** The broker that leads a partition. Throws `MR_KAFKA_UNREACHABLE` where none does. */
export function leaderIn(found: TopicLeaders | undefined, { topic, partition }: TopicPartition): BrokerAddress {
  const leader = found?.leaders[partition]
  if (leader !== undefined) return leader.broker
  throw new MillraceError('MR_KAFKA_UNREACHABLE', `Kafka: ${splitId(topic, partition)} has no leader now`)
}
