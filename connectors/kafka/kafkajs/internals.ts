import type { Kafka } from 'kafkajs'

// What this adapter uses of kafkajs 2.2.4 beside its public interface. The package has been frozen since 2024 and is pinned; its
// public consumer hides what exactly-once reading needs: record batches, producer ids, offsets without resets.

/** A request with bytes of ours; the answer is decoded by us too. */
export interface RawCall<Answer> {
  readonly request: {
    readonly apiKey: number
    readonly apiVersion: number
    readonly apiName: string
    readonly encode: () => Promise<EncodedBody>
  }
  readonly response: {
    readonly decode: (body: Buffer) => Promise<Answer & object>
    readonly parse: (decoded: Answer & object) => Promise<Answer>
  }
  readonly requestTimeout: number
  readonly logResponseError: false
}

/** What kafkajs takes for one of its encoders. */
export interface EncodedBody {
  readonly buf: Buffer
  readonly buffer: Buffer
}

export interface ClusterBroker {
  readonly connectionPool: { send<Answer>(call: RawCall<Answer>): Promise<Answer> }
  initProducerId(of: { readonly transactionalId: string; readonly transactionTimeout: number }): Promise<{
    readonly producerId: string
    readonly producerEpoch: number
  }>
  addPartitionsToTxn(of: TransactionIdentity & { readonly topics: readonly TopicPartitions[] }): Promise<unknown>
  endTxn(of: TransactionIdentity & { readonly transactionResult: boolean }): Promise<unknown>
  offsetCommit(of: {
    readonly groupId: string
    readonly groupGenerationId: number
    readonly memberId: string
    readonly topics: readonly {
      readonly topic: string
      readonly partitions: readonly { readonly partition: number; readonly offset: string; readonly metadata: string }[]
    }[]
  }): Promise<unknown>
}

export interface TransactionIdentity {
  readonly transactionalId: string
  readonly producerId: string
  readonly producerEpoch: number
}

interface TopicPartitions {
  readonly topic: string
  readonly partitions: readonly number[]
}

/** The cluster as kafkajs describes it. */
export interface ClusterMetadata {
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[]
  readonly topicMetadata: readonly {
    readonly topic: string
    readonly isInternal: boolean
    readonly partitionMetadata: readonly { readonly partitionId: number; readonly leader: number }[]
  }[]
}

export interface Cluster {
  readonly brokerPool: { readonly metadata: ClusterMetadata | null }
  connect(): Promise<void>
  disconnect(): Promise<void>
  metadata(of: { readonly topics: readonly string[] }): Promise<ClusterMetadata>
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>
  refreshMetadata(): Promise<void>
  findBroker(of: { readonly nodeId: number }): Promise<ClusterBroker>
  findGroupCoordinator(of: { readonly groupId: string; readonly coordinatorType?: number }): Promise<ClusterBroker>
  fetchTopicsOffset(
    topics: readonly {
      readonly topic: string
      readonly partitions: readonly { readonly partition: number }[]
      readonly fromTimestamp: number
    }[],
  ): Promise<
    readonly {
      readonly topic: string
      readonly partitions: readonly { readonly partition: number; readonly offset: string }[]
    }[]
  >
}

const CREATE_CLUSTER = 'private:Kafka:createCluster'

/** A cluster of kafkajs, with the isolation that its list of offsets is to have: 1 is for committed records. */
export function createCluster(kafka: Kafka, isolationLevel: 0 | 1): Cluster {
  const symbol = Object.getOwnPropertySymbols(kafka).find(({ description }) => description === CREATE_CLUSTER)
  // Pinned to one version: the test suite runs on just this property.
  const create = (kafka as unknown as Record<symbol, (options: object) => Cluster>)[symbol!]!
  return create({ metadataMaxAge: 300_000, allowAutoTopicCreation: false, isolationLevel })
}
