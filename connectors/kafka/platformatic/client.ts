import {
  Admin,
  type API,
  type Broker,
  type ConnectionOptions,
  findErrorBy,
  type SASLOptions,
} from '@platformatic/kafka'
import { MillraceError } from '../../../core/model/errors.ts'
import type { KafkaConnection, KafkaSasl } from '../client/connection-options.ts'
import type { TopicLeaders } from '../client/fed-partition.ts'
import type { FetchRequest } from '../client/fetch-link.ts'
import { Fetcher } from '../client/fetcher.ts'
import type {
  FetchStart,
  GroupOffset,
  KafkaCapabilities,
  KafkaClient,
  KafkaClientOptions,
  KafkaTransaction,
  OffsetSpec,
  PartitionFeed,
  TopicDescription,
  TopicPartition,
} from '../client/kafka-client.ts'
import { PROTOCOL } from '../client/protocol-errors.ts'
import { RecordMemory } from '../client/record-memory.ts'
import { beginTransaction } from '../client/transaction.ts'
import { BrokerLink } from './broker-link.ts'
import { type ClusterDescription, partialDescription } from './cluster-description.ts'
import { FETCH_VERSIONS, type FetchResponse, fetchApi } from './fetch-api.ts'
import { commitGroupOffsets } from './group-offsets.ts'
import { PlatformaticTransactionCalls } from './transaction-calls.ts'
import { translateError } from './translate-error.ts'

const CONNECT_MS = 5_000
/** A broker that is silent for so long is given up; a fetch may wait before it is answered. */
const REQUEST_MS = 10_000

/** As many replicas as the brokers are set to give. */
const BROKER_DEFAULT = -1

const EARLIEST = -2n
const LATEST = -1n

/** A client that connects when it is first used. */
export async function connectPlatformatic(options: KafkaClientOptions): Promise<KafkaClient> {
  return new PlatformaticClient(options)
}

/** The client on `@platformatic/kafka`: its connections, security and administration, and fetches of our own on them. */
class PlatformaticClient implements KafkaClient {
  readonly capabilities: KafkaCapabilities = { readCommitted: true, topicIdentity: true }
  readonly #options: KafkaClientOptions
  readonly #connection: ConnectionOptions
  readonly #admin: Admin
  readonly #memory = new RecordMemory()
  readonly #fetcher: Fetcher
  #fetchApi: Promise<API<[FetchRequest], FetchResponse>> | undefined

  constructor(options: KafkaClientOptions) {
    this.#options = options
    this.#connection = connectionOptions(options.connection, REQUEST_MS + options.maxWaitMs)
    this.#admin = new Admin({
      ...this.#connection,
      clientId: options.clientId,
      bootstrapBrokers: [...options.connection.brokers],
      retries: 0,
      autocreateTopics: false,
    })
    // Whoever waits for an answer gets the error; a second report of it would end the process.
    this.#admin.on('client:broker:connect', ({ connection }) => connection.on('error', () => undefined))
    this.#fetcher = this.#makeFetcher()
  }

  listTopics(): Promise<readonly string[]> {
    return this.#try('list topics', () => this.#admin.listTopics())
  }

  async describeTopics(names: readonly string[]): Promise<readonly TopicDescription[]> {
    const { topics } = await this.#metadata(names)
    return names.map((name) => {
      const topic = topics.get(name)
      if (topic === undefined) {
        throw new MillraceError('MR_KAFKA_TOPIC_UNKNOWN', `Kafka: topic "${name}" does not exist; create it first`)
      }
      return { name, id: topic.id, partitions: topic.partitionsCount }
    })
  }

  async listOffsets(places: readonly TopicPartition[], at: OffsetSpec): Promise<readonly number[]> {
    const timestamp = at === 'earliest' ? EARLIEST : at === 'latest' ? LATEST : BigInt(Math.floor(at))
    const listed = await this.#list(places, timestamp)
    const isAfterLast = (place: TopicPartition): boolean => (listed.get(keyOf(place)) ?? -1) < 0
    const ends = places.some(isAfterLast) ? await this.#list(places.filter(isAfterLast), LATEST) : listed
    return places.map((place) => {
      const offset = isAfterLast(place) ? ends.get(keyOf(place)) : listed.get(keyOf(place))
      if (offset !== undefined) return offset
      throw new MillraceError('MR_KAFKA_PROTOCOL', `Kafka: the broker told no offset of ${keyOf(place)}`)
    })
  }

  feed(start: FetchStart): PartitionFeed {
    return this.#fetcher.feed(start)
  }

  async groupOffsets(group: string): Promise<readonly GroupOffset[]> {
    const groups = await this.#try(`read offsets of group "${group}"`, () =>
      this.#admin.listConsumerGroupOffsets({ groups: [group] }),
    )
    return groups.flatMap(({ topics }) =>
      topics.flatMap(({ name, partitions }) =>
        partitions
          .filter(({ committedOffset }) => committedOffset >= 0n)
          .map(({ partitionIndex, committedOffset, metadata }) => ({
            topic: name,
            partition: partitionIndex,
            offset: Number(committedOffset),
            metadata: metadata ?? '',
          })),
      ),
    )
  }

  commitOffsets(group: string, offsets: readonly GroupOffset[]): Promise<void> {
    return this.#try(`commit offsets of group "${group}"`, () => commitGroupOffsets(this.#admin, group, offsets))
  }

  async createTopic(name: string, partitions: number): Promise<void> {
    try {
      await this.#admin.createTopics({ topics: [name], partitions, replicas: BROKER_DEFAULT })
    } catch (error) {
      if (findErrorBy(error as Error, 'apiCode', PROTOCOL.topicExists) === null) {
        throw translateError(error, `create topic "${name}"`)
      }
    }
  }

  transaction(id: string): Promise<KafkaTransaction> {
    const leaderOf = (place: TopicPartition): Promise<Broker> => this.#leaderOf(place)
    const ports = { admin: this.#admin, leaderOf }
    return beginTransaction(new PlatformaticTransactionCalls(ports), id, this.#options)
  }

  async close(): Promise<void> {
    await this.#fetcher.close()
    await this.#try('close', () => this.#admin.close())
  }

  #makeFetcher(): Fetcher {
    const { isolation, maxWaitingBytes, maxWaitMs, logger, clock, random, clientId } = this.#options
    return new Fetcher({
      isolation,
      maxWaitingBytes,
      maxWaitMs,
      logger,
      clock,
      random,
      link: (broker) =>
        new BrokerLink(broker, {
          clientId,
          connection: this.#connection,
          memory: this.#memory,
          fetchApi: () => this.#negotiatedFetch(),
        }),
      leadersOf: (topics) => this.#leadersOf(topics),
      bounds: async (place) => {
        const [start] = await this.listOffsets([place], 'earliest')
        const [end] = await this.listOffsets([place], 'latest')
        return { start: start!, end: end! }
      },
    })
  }

  async #leadersOf(names: readonly string[]): Promise<ReadonlyMap<string, TopicLeaders>> {
    const { topics, brokers } = await this.#metadata(names)
    const leaders = new Map<string, TopicLeaders>()
    for (const [name, topic] of topics) {
      if (topic === undefined) continue
      leaders.set(name, {
        id: topic.id,
        leaders: topic.partitions.map(({ leader, leaderEpoch }) => {
          const broker = brokers.get(leader)
          return broker === undefined ? undefined : { broker, epoch: leaderEpoch }
        }),
      })
    }
    return leaders
  }

  async #leaderOf({ topic, partition }: TopicPartition): Promise<Broker> {
    const leader = (await this.#leadersOf([topic])).get(topic)?.leaders[partition]
    if (leader !== undefined) return leader.broker
    throw new MillraceError('MR_KAFKA_UNREACHABLE', `Kafka: ${topic}-${partition} has no leader now`)
  }

  #metadata(names: readonly string[]): Promise<ClusterDescription> {
    return this.#try(`describe topics ${names.join(', ')}`, async () => {
      try {
        return await this.#admin.metadata({ topics: [...names], forceUpdate: true })
      } catch (error) {
        const partial = partialDescription(error)
        if (partial === undefined) throw error
        return partial
      }
    })
  }

  async #list(places: readonly TopicPartition[], timestamp: bigint): Promise<ReadonlyMap<string, number>> {
    const topics = [...Map.groupBy(places, ({ topic }) => topic)].map(([name, partitions]) => ({
      name,
      partitions: partitions.map(({ partition }) => ({ partitionIndex: partition, timestamp })),
    }))
    const isolationLevel = this.#options.isolation === 'read_committed' ? 1 : 0
    const listed = await this.#try(`list offsets of ${topics.map(({ name }) => name).join(', ')}`, () =>
      this.#admin.listOffsets({ topics, isolationLevel }),
    )
    return new Map(
      listed.flatMap(({ name, partitions }) =>
        partitions.map(
          ({ partitionIndex, offset }) => [keyOf({ topic: name, partition: partitionIndex }), Number(offset)] as const,
        ),
      ),
    )
  }

  #negotiatedFetch(): Promise<API<[FetchRequest], FetchResponse>> {
    this.#fetchApi ??= this.#negotiate()
    this.#fetchApi.catch(() => {
      this.#fetchApi = undefined
    })
    return this.#fetchApi
  }

  async #negotiate(): Promise<API<[FetchRequest], FetchResponse>> {
    const apis = await this.#try('ask for versions', () => this.#admin.listApis())
    const offered = apis.find(({ apiKey }) => apiKey === FETCH_VERSIONS.key)
    const version = Math.min(FETCH_VERSIONS.most, offered?.maxVersion ?? 0)
    if (version >= Math.max(FETCH_VERSIONS.least, offered?.minVersion ?? 0))
      return fetchApi(version, (size) => this.#memory.take(size))
    const { least, most } = FETCH_VERSIONS
    const message = `Kafka: the broker offers Fetch ${offered?.minVersion} to ${offered?.maxVersion}, ${least} to ${most} are known here; Kafka 3.1 or later is needed`
    throw new MillraceError('MR_KAFKA_UNSUPPORTED', message)
  }

  async #try<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw translateError(error, what)
    }
  }
}

function connectionOptions({ tls, sasl }: KafkaConnection, requestTimeout: number): ConnectionOptions {
  return {
    connectTimeout: CONNECT_MS,
    requestTimeout,
    ...(tls === undefined ? {} : { tls: tlsOptions(tls) }),
    ...(tls?.serverName === undefined ? {} : { tlsServerName: tls.serverName }),
    ...(sasl === undefined ? {} : { sasl: saslOptions(sasl) }),
  }
}

function tlsOptions({
  serverName: _,
  ca,
  cert,
  ...rest
}: NonNullable<KafkaConnection['tls']>): NonNullable<ConnectionOptions['tls']> {
  const { key, passphrase } = rest
  return {
    ...(ca === undefined ? {} : { ca: asBuffer(ca) }),
    ...(cert === undefined ? {} : { cert: asBuffer(cert) }),
    ...(key === undefined ? {} : { key: asBuffer(key) }),
    ...(passphrase === undefined ? {} : { passphrase }),
  }
}

function saslOptions({ mechanism, username, password, token }: KafkaSasl): SASLOptions {
  return {
    mechanism,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(token === undefined ? {} : { token }),
  }
}

function asBuffer(value: string | Uint8Array): string | Buffer {
  return typeof value === 'string' ? value : Buffer.from(value)
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}
