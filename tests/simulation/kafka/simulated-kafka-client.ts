import { type BrokerAddress, nameOf } from '../../../connectors/kafka/client/broker-address.ts'
import type { FetchedPartition, FetchLink, FetchRequest } from '../../../connectors/kafka/client/fetch-link.ts'
import { Fetcher } from '../../../connectors/kafka/client/fetcher.ts'
import type {
  FetchStart,
  GroupOffset,
  KafkaCapabilities,
  KafkaClient,
  KafkaClientFactory,
  KafkaClientOptions,
  KafkaTransaction,
  OffsetSpec,
  PartitionFeed,
  TopicDescription,
  TopicPartition,
} from '../../../connectors/kafka/client/kafka-client.ts'
import { listOffsets } from '../../../connectors/kafka/client/list-offsets.ts'
import type { ProduceAnswer, ProduceRequest } from '../../../connectors/kafka/client/produce-calls.ts'
import { IdempotentProducer, type ProducerCalls } from '../../../connectors/kafka/client/producer.ts'
import type { TopicLeaders } from '../../../connectors/kafka/client/topic-leaders.ts'
import { beginTransaction, type TransactionCalls } from '../../../connectors/kafka/client/transaction.ts'
import { splitId } from '../../../core/model/position.ts'
import type { Incarnation } from '../incarnation.ts'
import type { SimulatedCluster } from './simulated-cluster.ts'
import type { Connection, SimulatedNetwork } from './simulated-network.ts'

/** Makes the clients of one thread. */
export function simulatedClients(network: SimulatedNetwork, owner: Incarnation): KafkaClientFactory {
  return async (options) => new SimulatedKafkaClient(network, owner, options)
}

/**
 * A client of the simulated cluster for one thread. It replaces what the adapters take from their libraries, connections and requests; the
 * fetch loop, the feeds, the search for leaders, the producer and the transactions are the shipped ones.
 */
class SimulatedKafkaClient implements KafkaClient {
  readonly capabilities: KafkaCapabilities = { readCommitted: true, topicIdentity: true }
  readonly producer: IdempotentProducer
  readonly #network: SimulatedNetwork
  readonly #owner: Incarnation
  readonly #options: KafkaClientOptions
  readonly #admin: Connection
  readonly #fetcher: Fetcher
  readonly #calls: TransactionCalls & ProducerCalls

  constructor(network: SimulatedNetwork, owner: Incarnation, options: KafkaClientOptions) {
    this.#network = network
    this.#owner = owner
    this.#options = options
    this.#admin = network.connect(owner)
    this.#fetcher = new Fetcher({
      ...options,
      link: (broker) => this.#link(broker),
      leadersOf: (topics) => this.#leadersOf(topics),
      listOffsets: (places, at) => this.listOffsets(places, at),
    })
    this.#calls = this.#producerCalls()
    this.producer = new IdempotentProducer(this.#calls, options)
  }

  listTopics(): Promise<readonly string[]> {
    return this.#look('Metadata', (cluster) => cluster.topics)
  }

  describeTopics(names: readonly string[]): Promise<readonly TopicDescription[]> {
    return this.#look(`Metadata ${names.join(' ')}`, (cluster) =>
      names.map((name) => {
        const { id, partitions } = cluster.topic(name)
        return { name, id, partitions: partitions.length }
      }),
    )
  }

  createTopic(name: string, partitions: number): Promise<void> {
    return this.#change(`CreateTopics ${name}`, (cluster) => {
      cluster.createTopic(name, partitions)
    })
  }

  listOffsets(places: readonly TopicPartition[], at: OffsetSpec): Promise<readonly number[]> {
    const { isolation } = this.#options
    return listOffsets(
      (asked, timestamp) =>
        this.#look('ListOffsets', (cluster) => cluster.listOffsets(asked, { timestamp, isolation })),
      places,
      at,
    )
  }

  feed(start: FetchStart): PartitionFeed {
    return this.#fetcher.feed(start)
  }

  groupOffsets(group: string): Promise<readonly GroupOffset[]> {
    return this.#look(`OffsetFetch ${group}`, (cluster) => cluster.groupOffsets(group))
  }

  commitOffsets(group: string, offsets: readonly GroupOffset[]): Promise<void> {
    return this.#change(`OffsetCommit ${group}`, (cluster) => cluster.commitOffsets(group, offsets))
  }

  transaction(id: string): Promise<KafkaTransaction> {
    return beginTransaction(this.#calls, id, this.#options)
  }

  close(): Promise<void> {
    this.producer.close()
    return this.#fetcher.close()
  }

  #producerCalls(): TransactionCalls & ProducerCalls {
    return {
      leadersOf: (topics) => this.#leadersOf(topics),
      identify: (broker) =>
        this.#network.call(this.#network.connect(this.#owner, broker), {
          what: 'InitProducerId',
          perform: () => this.#network.cluster.coordinator.identify(),
        }),
      begin: (of) => this.#change(`InitProducerId ${of}`, ({ coordinator }) => coordinator.begin(of)),
      join: (producer, place) =>
        this.#change(`AddPartitionsToTxn ${producer.id}`, (cluster) => {
          cluster.log(place)
          cluster.coordinator.join(producer, place)
        }),
      produce: (broker, request) => this.#produce(broker, request),
      commit: (producer) =>
        this.#change(`EndTxn ${producer.id}`, ({ coordinator }) => coordinator.end(producer, 'commit')),
    }
  }

  #produce(broker: BrokerAddress, request: ProduceRequest): Promise<readonly ProduceAnswer[]> {
    // As they are now: who waits for the answers may change them and send them again.
    const batches = request.batches.map(({ batch, ...place }) => ({ ...place, batch: batch.slice() }))
    return this.#network.call(this.#network.connect(this.#owner, broker), {
      what: `Produce ${batches.map(({ topic, partition }) => splitId(topic, partition)).join(' ')}`,
      perform: () => this.#network.cluster.produce(broker, { ...request, batches }),
    })
  }

  #leadersOf(names: readonly string[]): Promise<ReadonlyMap<string, TopicLeaders>> {
    return this.#look(`Metadata ${names.join(' ')}`, (cluster) => cluster.leadersOf(names))
  }

  #link(broker: BrokerAddress): FetchLink {
    const connection = this.#network.connect(this.#owner, broker)
    const what = `Fetch ${nameOf(broker)}`
    return {
      broker,
      fetch: (request) =>
        this.#network.call(connection, { what, isLook: true, perform: () => this.#fetch(broker, request) }),
      close: async () => undefined,
    }
  }

  /** Answers at once where there is something to say, else when there is or when time is over. */
  async #fetch(broker: BrokerAddress, request: FetchRequest): Promise<readonly FetchedPartition[]> {
    const { cluster } = this.#network
    const first = cluster.fetch(broker, request)
    if (first.some(hasNews)) return first
    await this.#network.waitForChange(request.maxWaitMs)
    return cluster.fetch(broker, request)
  }

  #look<T>(what: string, ask: (cluster: SimulatedCluster) => T): Promise<T> {
    return this.#network.call(this.#admin, { what, isLook: true, perform: () => ask(this.#network.cluster) })
  }

  #change<T>(what: string, ask: (cluster: SimulatedCluster) => T): Promise<T> {
    return this.#network.call(this.#admin, { what, perform: () => ask(this.#network.cluster) })
  }
}

function hasNews({ errorCode, divergesAt, batches }: FetchedPartition): boolean {
  return errorCode !== 0 || divergesAt !== undefined || batches !== undefined
}
