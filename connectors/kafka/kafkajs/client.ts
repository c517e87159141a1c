import { type Admin, Kafka, type KafkaConfig, logLevel, type SASLOptions } from 'kafkajs'
import { MillraceError } from '../../../core/model/errors.ts'
import { splitId } from '../../../core/model/position.ts'
import type { KafkaConnection, KafkaSasl } from '../client/connection-options.ts'
import { type BrokerAddress, type FetchLink, nameOf } from '../client/fetch-link.ts'
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
import { CONNECT_MS, REQUEST_MS } from '../client/timeouts.ts'
import { leaderOf, type TopicLeaders } from '../client/topic-leaders.ts'
import { beginTransaction } from '../client/transaction.ts'
import { type Cluster, type ClusterMetadata, createCluster } from './internals.ts'
import { fetchCall } from './raw-calls.ts'
import { KafkajsTransactionCalls } from './transaction-calls.ts'
import { tried } from './translate-error.ts'

const BROKER_DEFAULT = -1
const NO_GENERATION = -1

/** A client that connects when it is first used. */
export async function connectKafkajs(options: KafkaClientOptions): Promise<KafkaClient> {
  return new KafkajsClient(options)
}

/**
 * The client on kafkajs: its connections, security and administration, and fetches of our own on them. It knows topics by name and
 * no leader epochs, so a topic that was created anew is not noticed.
 */
class KafkajsClient implements KafkaClient {
  readonly capabilities: KafkaCapabilities = { readCommitted: true, topicIdentity: false }
  readonly #options: KafkaClientOptions
  readonly #kafka: Kafka
  readonly #cluster: Cluster
  readonly #fetcher: Fetcher
  readonly #nodes = new Map<string, number>()
  readonly #admin = new Lazy(() => this.#connectAdmin())
  readonly #connected = new Lazy(() => this.#cluster.connect())

  constructor(options: KafkaClientOptions) {
    this.#options = options
    this.#kafka = new Kafka(kafkaConfig(options))
    this.#cluster = createCluster(this.#kafka, options.isolation === 'read_committed' ? 1 : 0)
    this.#fetcher = new Fetcher({
      ...options,
      link: (broker) => this.#link(broker),
      leadersOf: (topics) => this.#leadersOf(topics),
      listOffsets: (places, at) => this.listOffsets(places, at),
    })
  }

  listTopics(): Promise<readonly string[]> {
    return tried('list topics', async () => {
      const names = await (await this.#admin.get()).listTopics()
      return names.filter((name) => !name.startsWith('__'))
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
    return tried(`create topic "${name}"`, async () => {
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
    return tried(`read offsets of group "${group}"`, async () => {
      const topics = await (await this.#admin.get()).fetchOffsets({ groupId: group })
      return topics.flatMap(({ topic, partitions }) =>
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
    return tried(`commit offsets of group "${group}"`, async () => {
      await this.#connected.get()
      const coordinator = await this.#cluster.findGroupCoordinator({ groupId: group })
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
    const calls = new KafkajsTransactionCalls({
      cluster: async () => {
        await this.#connected.get()
        return this.#cluster
      },
      leaderOf: async (place) => {
        const broker = await leaderOf(place, (names) => this.#leadersOf(names))
        return this.#nodes.get(nameOf(broker))!
      },
    })
    return beginTransaction(calls, id, this.#options)
  }

  async close(): Promise<void> {
    await this.#fetcher.close()
    await tried('close', async () => {
      await (await this.#admin.made)?.disconnect()
      if (this.#connected.made !== undefined) await this.#cluster.disconnect()
    })
  }

  #link(broker: BrokerAddress): FetchLink {
    return {
      broker,
      fetch: (request) =>
        tried(`fetch from ${nameOf(broker)}`, async () => {
          const node = await this.#cluster.findBroker({ nodeId: this.#nodes.get(nameOf(broker))! })
          return node.connectionPool.send(fetchCall(request))
        }),
      // Its connections belong to the cluster.
      close: async () => undefined,
    }
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
    return tried(`describe topics ${names.join(', ')}`, async () => {
      await this.#connected.get()
      return this.#cluster.metadata({ topics: names })
    })
  }

  /** The description that the cluster itself goes by, fresh. */
  async #load(names: readonly string[]): Promise<ClusterMetadata> {
    // A topic that does not exist would stay among those that every later description asks for.
    await this.#describe(names)
    return tried(`describe topics ${names.join(', ')}`, async () => {
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
    const listed = await tried(`list offsets of ${names.join(', ')}`, () => this.#cluster.fetchTopicsOffset(topics))
    return new Map(
      listed.flatMap(({ topic, partitions }) =>
        partitions.map(({ partition, offset }) => [splitId(topic, partition), Number(offset)] as const),
      ),
    )
  }

  async #connectAdmin(): Promise<Admin> {
    const admin = this.#kafka.admin()
    await admin.connect()
    return admin
  }
}

function kafkaConfig({ connection, clientId, maxWaitMs }: KafkaClientOptions): KafkaConfig {
  const { tls, sasl } = connection
  const { serverName: servername, ...certificates } = tls ?? {}
  return {
    clientId,
    brokers: [...connection.brokers],
    connectionTimeout: CONNECT_MS,
    requestTimeout: REQUEST_MS + maxWaitMs,
    retry: { retries: 0 },
    logLevel: logLevel.NOTHING,
    ...(tls === undefined
      ? {}
      : { ssl: { ...asBuffers(certificates), ...(servername === undefined ? {} : { servername }) } }),
    ...(sasl === undefined ? {} : { sasl: saslOptions(sasl) }),
  }
}

function asBuffers(certificates: Omit<NonNullable<KafkaConnection['tls']>, 'serverName'>): object {
  return Object.fromEntries(
    Object.entries(certificates).map(([key, value]) => [key, value instanceof Uint8Array ? Buffer.from(value) : value]),
  )
}

/** kafkajs asks for credentials as text; a function is asked for a token only. */
function saslOptions({ mechanism, username, password, token }: KafkaSasl): SASLOptions {
  if (mechanism === 'OAUTHBEARER') {
    const provider = async () => ({ value: typeof token === 'function' ? await token() : (token ?? '') })
    return { mechanism: 'oauthbearer', oauthBearerProvider: provider }
  }
  if (typeof password === 'function') {
    throw new MillraceError('MR_KAFKA_UNSUPPORTED', 'the client "kafkajs" takes a password as text, not as a function')
  }
  const words = { PLAIN: 'plain', 'SCRAM-SHA-256': 'scram-sha-256', 'SCRAM-SHA-512': 'scram-sha-512' } as const
  // Checked when the options were resolved.
  return { mechanism: words[mechanism] as 'plain', username: username!, password: password! }
}
