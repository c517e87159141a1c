/// <reference path="package-internals.d.ts" />
import type { ISocketFactory, Kafka, Mechanism } from 'kafkajs'
import plain from 'kafkajs/src/broker/saslAuthenticator/plain.js'
import scram256 from 'kafkajs/src/broker/saslAuthenticator/scram256.js'
import scram512 from 'kafkajs/src/broker/saslAuthenticator/scram512.js'
import socketFactory from 'kafkajs/src/network/socketFactory.js'

// What this adapter uses of kafkajs 2.2.4 beside its public interface. The package has been frozen since 2024 and is pinned; its
// public consumer hides what exactly-once reading needs: record batches, producer ids, offsets without resets.

/** How kafkajs authenticates a user whose password is known. */
export const PASSWORD_PROVIDERS: Readonly<
  Record<
    'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512',
    (user: { readonly username: string; readonly password: string }) => Mechanism['authenticationProvider']
  >
> = { PLAIN: plain, 'SCRAM-SHA-256': scram256, 'SCRAM-SHA-512': scram512 }

/** How kafkajs makes sockets. */
export const defaultSockets: () => ISocketFactory = socketFactory

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
  /** Of all topics where none is named. */
  metadata(topics: readonly string[]): Promise<ClusterMetadata>
  findGroupCoordinator(of: {
    readonly groupId: string
    readonly coordinatorType: number
  }): Promise<{ readonly coordinator: { readonly nodeId: number } }>
  /** Of all topics where none is named. */
  offsetFetch(of: { readonly groupId: string; readonly topics: readonly [] }): Promise<{
    readonly responses: readonly {
      readonly topic: string
      readonly partitions: readonly {
        readonly partition: number
        readonly offset: string
        readonly metadata: string | null
      }[]
    }[]
  }>
  /** Without a transactional id for a producer that begins no transactions. */
  initProducerId(of: { readonly transactionalId: string | null; readonly transactionTimeout: number }): Promise<{
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
  readonly brokerPool: {
    readonly metadata: ClusterMetadata | null
    findConnectedBroker(): Promise<ClusterBroker>
    /** The bootstrap broker, once it is connected. */
    readonly seedBroker: ClusterBroker | undefined
  }
  connect(): Promise<void>
  disconnect(): Promise<void>
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>
  refreshMetadata(): Promise<void>
  findBroker(of: { readonly nodeId: number }): Promise<ClusterBroker>
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

/** What a coordinator is for, as FindCoordinator numbers it. */
const COORDINATORS = { group: 0, transaction: 1 } as const

/** The broker that looks after a group or a transactional id; the cluster's own way to it keeps back why there is none. */
export async function coordinatorOf(
  cluster: Cluster,
  id: string,
  kind: keyof typeof COORDINATORS,
): Promise<ClusterBroker> {
  // It knows its brokers by their numbers once it has described topics.
  if (cluster.brokerPool.metadata === null) await cluster.refreshMetadata()
  const broker = await cluster.brokerPool.findConnectedBroker()
  const found = await broker.findGroupCoordinator({ groupId: id, coordinatorType: COORDINATORS[kind] })
  return cluster.findBroker({ nodeId: found.coordinator.nodeId })
}

/** What kafkajs leaves open when it could not connect would keep the process. */
export async function connected<T extends { connect(): Promise<void>; disconnect(): Promise<void> }>(
  made: T,
): Promise<T> {
  try {
    await made.connect()
    return made
  } catch (error) {
    await made.disconnect()
    throw error
  }
}
