import { MillraceError } from '../../../core/model/errors.ts'
import { MemoryPool } from '../../../core/model/memory-pool.ts'
import { splitId } from '../../../core/model/position.ts'
import { attempts } from '../client/attempts.ts'
import { BROKER_DEFAULT } from '../client/broker-default.ts'
import type { BrokerInspection } from '../client/broker-line.ts'
import type { Tried } from '../client/failures.ts'
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
import { Lazy } from '../client/lazy.ts'
import { listOffsets } from '../client/list-offsets.ts'
import { namingTopic } from '../client/naming-topic.ts'
import { COMMON_NEEDS } from '../client/needed-apis.ts'
import { IdempotentProducer } from '../client/producer.ts'
import { PROTOCOL } from '../client/protocol-errors.ts'
import { REQUEST_MS } from '../client/timeouts.ts'
import type { TopicLeaders } from '../client/topic-leaders.ts'
import { beginTransaction } from '../client/transaction.ts'
import { connectLine } from './broker-line.ts'
import { BrokerLink } from './broker-link.ts'
import { type ClusterDescription, partialDescription } from './cluster-description.ts'
import { connectionOptions } from './connection-options.ts'
import { FETCH_VERSIONS, type FetchResponse, fetchApi } from './fetch-api.ts'
import { commitGroupOffsets } from './group-offsets.ts'
import { Admin, type API, type ConnectionOptions, findErrorBy } from './package.ts'
import { PRODUCE_VERSIONS } from './produce-api.ts'
import { PlatformaticProducerCalls } from './producer-calls.ts'
import { Translator } from './translator.ts'

const MOST_IDLE_BYTES = 16_777_216

/** A client that connects when it is first used. */
export async function connectPlatformatic(options: KafkaClientOptions): Promise<KafkaClient> {
  return new PlatformaticClient(options)
}

/** The client on `@platformatic/kafka`: its connections, security and administration, and fetches of our own on them. */
class PlatformaticClient implements KafkaClient {
  readonly capabilities: KafkaCapabilities = { readCommitted: true, topicIdentity: true }
  readonly inspection: BrokerInspection
  readonly producer: IdempotentProducer
  readonly #options: KafkaClientOptions
  readonly #connection: ConnectionOptions
  readonly #admin: Admin
  /** Where the records of one fetch after the other lie. */
  readonly #memory = new MemoryPool(MOST_IDLE_BYTES)
  readonly #fetcher: Fetcher
  readonly #fetchApi = new Lazy(() => this.#negotiate())
  readonly #calls: PlatformaticProducerCalls
  readonly #translator: Translator
  readonly #tried: Tried

  constructor(options: KafkaClientOptions) {
    this.#options = options
    this.inspection = {
      needs: [...COMMON_NEEDS, { name: 'Fetch', ...FETCH_VERSIONS }, PRODUCE_VERSIONS],
      line: (broker) => connectLine(broker, options),
    }
    this.#translator = new Translator(options.connection)
    this.#tried = this.#translator.tried
    this.#connection = connectionOptions(options.connection, REQUEST_MS + options.maxWaitMs)
    this.#admin = new Admin({
      ...this.#connection,
      clientId: options.clientId,
      bootstrapBrokers: [...options.connection.brokers],
      retries: 0,
      autocreateTopics: false,
    })
    this.#admin.on('client:broker:connect', ({ connection }) => this.#translator.watch(connection))
    this.#fetcher = this.#makeFetcher()
    this.#calls = new PlatformaticProducerCalls({
      admin: this.#admin,
      tried: this.#tried,
      leadersOf: (names) => this.#leadersOf(names),
    })
    this.producer = new IdempotentProducer(this.#calls, options)
  }

  listTopics(): Promise<readonly string[]> {
    return this.#tried(attempts.listTopics, () => this.#admin.listTopics())
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

  listOffsets(places: readonly TopicPartition[], at: OffsetSpec): Promise<readonly number[]> {
    return listOffsets((asked, timestamp) => this.#list(asked, timestamp), places, at)
  }

  feed(start: FetchStart): PartitionFeed {
    return this.#fetcher.feed(start)
  }

  async groupOffsets(group: string): Promise<readonly GroupOffset[]> {
    const groups = await this.#tried(attempts.readGroup(group), () =>
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
    return this.#tried(attempts.commitToGroup(group), () => commitGroupOffsets(this.#admin, group, offsets))
  }

  createTopic(name: string, partitions: number): Promise<void> {
    return this.#tried(attempts.createTopic(name), async () => {
      try {
        await this.#admin.createTopics({ topics: [name], partitions, replicas: BROKER_DEFAULT })
      } catch (error) {
        if (findErrorBy(error as Error, 'apiCode', PROTOCOL.topicExists) === null) throw error
      }
    })
  }

  transaction(id: string): Promise<KafkaTransaction> {
    return beginTransaction(this.#calls, id, this.#options)
  }

  async close(): Promise<void> {
    this.producer.close()
    await this.#fetcher.close()
    await this.#tried(attempts.close, () => this.#admin.close())
  }

  #makeFetcher(): Fetcher {
    const { clientId } = this.#options
    return new Fetcher({
      ...this.#options,
      link: (broker) =>
        new BrokerLink(broker, {
          clientId,
          connection: this.#connection,
          memory: this.#memory,
          translator: this.#translator,
          fetchApi: () => this.#fetchApi.get(),
        }),
      leadersOf: (topics) => this.#leadersOf(topics),
      listOffsets: (places, at) => this.listOffsets(places, at),
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

  #metadata(names: readonly string[]): Promise<ClusterDescription> {
    return namingTopic(names, (asked) =>
      this.#tried(attempts.describeTopics(asked), async () => {
        try {
          return await this.#admin.metadata({ topics: [...asked], forceUpdate: true })
        } catch (error) {
          const partial = partialDescription(error)
          if (partial === undefined) throw error
          return partial
        }
      }),
    )
  }

  async #list(places: readonly TopicPartition[], timestamp: number): Promise<ReadonlyMap<string, number>> {
    const topics = [...Map.groupBy(places, ({ topic }) => topic)].map(([name, partitions]) => ({
      name,
      partitions: partitions.map(({ partition }) => ({ partitionIndex: partition, timestamp: BigInt(timestamp) })),
    }))
    const isolationLevel = this.#options.isolation === 'read_committed' ? 1 : 0
    const listed = await this.#tried(attempts.listOffsets(topics.map(({ name }) => name)), () =>
      this.#admin.listOffsets({ topics, isolationLevel }),
    )
    return new Map(
      listed.flatMap(({ name, partitions }) =>
        partitions.map(({ partitionIndex, offset }) => [splitId(name, partitionIndex), Number(offset)] as const),
      ),
    )
  }

  async #negotiate(): Promise<API<[FetchRequest], FetchResponse>> {
    const apis = await this.#tried(attempts.askForVersions, () => this.#admin.listApis())
    const offered = apis.find(({ apiKey }) => apiKey === FETCH_VERSIONS.key)
    const version = Math.min(FETCH_VERSIONS.most, offered?.maxVersion ?? 0)
    if (version >= Math.max(FETCH_VERSIONS.least, offered?.minVersion ?? 0)) return fetchApi(version, this.#memory)
    const { least, most } = FETCH_VERSIONS
    const message = `Kafka: the broker offers Fetch ${offered?.minVersion} to ${offered?.maxVersion}, ${least} to ${most} are known here; Kafka 3.1 or later is needed`
    throw new MillraceError('MR_KAFKA_UNSUPPORTED', message)
  }
}
