import { Kafka } from 'kafkajs'
import { MillraceError } from '../../../core/model/errors.ts'
import { splitId } from '../../../core/model/position.ts'
import { attempts } from '../client/attempts.ts'
import { type BrokerAddress, nameOf } from '../client/broker-address.ts'
import { BROKER_DEFAULT } from '../client/broker-default.ts'
import type { BrokerInspection } from '../client/broker-line.ts'
import type { Tried } from '../client/failures.ts'
import type { FetchLink } from '../client/fetch-link.ts'
import { Fetcher } from '../client/fetcher.ts'
import {
  type FetchStart,
  type GroupOffset,
  type KafkaCapabilities,
  type KafkaClient,
  type KafkaClientOptions,
  type KafkaTransaction,
  NO_EPOCH,
  type OffsetSpec,
  type PartitionFeed,
  type TopicDescription,
  type TopicPartition,
} from '../client/kafka-client.ts'
import { Lazy } from '../client/lazy.ts'
import { listOffsets } from '../client/list-offsets.ts'
import { namingTopic } from '../client/naming-topic.ts'
import { COMMON_NEEDS } from '../client/needed-apis.ts'
import { IdempotentProducer } from '../client/producer.ts'
import type { TopicLeaders } from '../client/topic-leaders.ts'
import { beginTransaction } from '../client/transaction.ts'
import { Authentication } from './authentication.ts'
import { connectLine } from './broker-line.ts'
import {
  type Cluster,
  type ClusterBroker,
  type ClusterMetadata,
  connected,
  coordinatorOf,
  createCluster,
} from './internals.ts'
import { kafkaConfig } from './kafka-config.ts'
import { KafkajsProducerCalls } from './producer-calls.ts'
import { fetchCall, RAW_NEEDS } from './raw-calls.ts'
import { translatingKafkajs } from './translate-error.ts'

const NO_GENERATION = -1

/** A client that connects when it is first used. */
export async function connectKafkajs(options: KafkaClientOptions): Promise<KafkaClient> {
  return new KafkajsClient(options)
}

/**
 * The client on kafkajs: its connections, security and administration, and fetches of our own on them. It knows topics by name and
 * no leader epochs: a topic that was created anew is not noticed, nor one that was truncated and has grown beyond the position since.
 */
class KafkajsClient implements KafkaClient {
  readonly capabilities: KafkaCapabilities = { readCommitted: true, topicIdentity: false }
  readonly inspection: BrokerInspection
  readonly producer: IdempotentProducer
  readonly #options: KafkaClientOptions
  readonly #kafka: Kafka
  readonly #cluster: Cluster
  readonly #fetcher: Fetcher
  readonly #calls: KafkajsProducerCalls
  readonly #nodes = new Map<string, number>()
  readonly #tried: Tried
  readonly #admin = new Lazy(() => connected(this.#kafka.admin()))
  readonly #connected = new Lazy(() => connected(this.#cluster))

  constructor(options: KafkaClientOptions) {
    this.#options = options
    this.inspection = {
      needs: [...COMMON_NEEDS, ...RAW_NEEDS],
      line: (broker) => connectLine(broker, options),
    }
    const { sasl } = options.connection
    const authentication = sasl === undefined ? undefined : new Authentication(sasl)
    this.#tried = translatingKafkajs(options.connection, authentication)
    this.#kafka = new Kafka(kafkaConfig(options, authentication))
    this.#cluster = createCluster(this.#kafka, options.isolation === 'read_committed' ? 1 : 0)
    this.#fetcher = new Fetcher({
      ...options,
      link: (broker) => this.#link(broker),
      leadersOf: (topics) => this.#leadersOf(topics),
      listOffsets: (places, at) => this.listOffsets(places, at),
    })
    this.#calls = new KafkajsProducerCalls({
      tried: this.#tried,
      leadersOf: (names) => this.#leadersOf(names),
      cluster: async () => {
        await this.#connected.get()
        return this.#cluster
      },
      brokerAt: (address) => this.#brokerAt(address),
    })
    this.producer = new IdempotentProducer(this.#calls, options)
  }

  listTopics(): Promise<readonly string[]> {
    return this.#tried(attempts.listTopics, async () => {
      const { topicMetadata } = await this.#metadata([])
      return topicMetadata.map(({ topic }) => topic).filter((name) => !name.startsWith('__'))
    })
  }

  async describeTopics(names: readonly string[]): Promise<readonly TopicDescription[]> {
    const { topicMetadata } = await this.#describe(names)
    return names.map((name) => {
      const found = topicMetadata.find(({ topic }) => topic === name)
      if (found !== undefined) return { name, id: name, partitions: found.partitionMetadata.length }
      throw new MillraceError('MR_KAFKA_TOPIC_UNKNOWN', `Kafka: topic "${name}" does not exist; create it first`)
    })
  }

  createTopic(name: string, partitions: number): Promise<void> {
    return this.#tried(attempts.createTopic(name), async () => {
      const topics = [{ topic: name, numPartitions: partitions, replicationFactor: BROKER_DEFAULT }]
      // False where it is there already.
      await (await this.#admin.get()).createTopics({ topics })
    })
  }

  listOffsets(places: readonly TopicPartition[], at: OffsetSpec): Promise<readonly number[]> {
    return listOffsets((asked, timestamp) => this.#list(asked, timestamp), places, at)
  }

  feed(start: FetchStart): PartitionFeed {
    return this.#fetcher.feed(start)
  }

  groupOffsets(group: string): Promise<readonly GroupOffset[]> {
    return this.#tried(attempts.readGroup(group), async () => {
      await this.#connected.get()
      const coordinator = await coordinatorOf(this.#cluster, group, 'group')
      const { responses } = await coordinator.offsetFetch({ groupId: group, topics: [] })
      return responses.flatMap(({ topic, partitions }) =>
        partitions
          .filter(({ offset }) => Number(offset) >= 0)
          .map(({ partition, offset, metadata }) => ({
            topic,
            partition,
            offset: Number(offset),
            metadata: metadata ?? '',
          })),
      )
    })
  }

  commitOffsets(group: string, offsets: readonly GroupOffset[]): Promise<void> {
    return this.#tried(attempts.commitToGroup(group), async () => {
      await this.#connected.get()
      const coordinator = await coordinatorOf(this.#cluster, group, 'group')
      const topics = [...Map.groupBy(offsets, ({ topic }) => topic)].map(([topic, partitions]) => ({
        topic,
        partitions: partitions.map(({ partition, offset, metadata }) => ({
          partition,
          offset: String(offset),
          metadata,
        })),
      }))
      await coordinator.offsetCommit({ groupId: group, groupGenerationId: NO_GENERATION, memberId: '', topics })
    })
  }

  transaction(id: string): Promise<KafkaTransaction> {
    return beginTransaction(this.#calls, id, this.#options)
  }

  async close(): Promise<void> {
    this.producer.close()
    await this.#fetcher.close()
    await this.#tried(attempts.close, async () => {
      await (await this.#admin.made)?.disconnect()
      if (this.#connected.made !== undefined) await this.#cluster.disconnect()
    })
  }

  #link(broker: BrokerAddress): FetchLink {
    return {
      broker,
      fetch: (request) =>
        this.#tried(attempts.fetch(broker), async () => {
          const node = await this.#brokerAt(broker)
          return node.connectionPool.send(fetchCall(request))
        }),
      // Its connections belong to the cluster.
      close: async () => undefined,
    }
  }

  /** One that leads a partition: its number came with the description of the topic. */
  #brokerAt(address: BrokerAddress): Promise<ClusterBroker> {
    return this.#cluster.findBroker({ nodeId: this.#nodes.get(nameOf(address))! })
  }

  async #leadersOf(names: readonly string[]): Promise<ReadonlyMap<string, TopicLeaders>> {
    const { brokers, topicMetadata } = await this.#load(names)
    for (const { nodeId, host, port } of brokers) this.#nodes.set(nameOf({ host, port }), nodeId)
    const leaderAt = (node: number) => {
      const broker = brokers.find(({ nodeId }) => nodeId === node)
      return broker === undefined ? undefined : { broker: { host: broker.host, port: broker.port }, epoch: NO_EPOCH }
    }
    const leaders = new Map<string, TopicLeaders>()
    for (const { topic, partitionMetadata } of topicMetadata) {
      const sorted = partitionMetadata.toSorted((a, b) => a.partitionId - b.partitionId)
      leaders.set(topic, { id: topic, leaders: sorted.map(({ leader }) => leaderAt(leader)) })
    }
    return leaders
  }

  #describe(names: readonly string[]): Promise<ClusterMetadata> {
    return namingTopic(names, (asked) => this.#tried(attempts.describeTopics(asked), () => this.#metadata(asked)))
  }

  async #metadata(names: readonly string[]): Promise<ClusterMetadata> {
    await this.#connected.get()
    return (await this.#cluster.brokerPool.findConnectedBroker()).metadata(names)
  }

  /** The description that the cluster itself goes by, fresh. */
  async #load(names: readonly string[]): Promise<ClusterMetadata> {
    // A topic that does not exist would stay among those that every later description asks for.
    await this.#describe(names)
    return this.#tried(attempts.describeTopics(names), async () => {
      await this.#cluster.addMultipleTargetTopics(names)
      await this.#cluster.refreshMetadata()
      return this.#cluster.brokerPool.metadata!
    })
  }

  async #list(places: readonly TopicPartition[], fromTimestamp: number): Promise<ReadonlyMap<string, number>> {
    const names = [...new Set(places.map(({ topic }) => topic))]
    await this.#load(names)
    const topics = names.map((topic) => ({
      topic,
      partitions: places.filter((place) => place.topic === topic).map(({ partition }) => ({ partition })),
      fromTimestamp,
    }))
    const listed = await this.#tried(attempts.listOffsets(names), () => this.#cluster.fetchTopicsOffset(topics))
    return new Map(
      listed.flatMap(({ topic, partitions }) =>
        partitions.map(({ partition, offset }) => [splitId(topic, partition), Number(offset)] as const),
      ),
    )
  }
}
