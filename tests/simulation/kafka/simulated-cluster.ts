import { type BrokerAddress, nameOf } from '../../../connectors/kafka/client/broker-address.ts'
import type { FetchedPartition, FetchRequest } from '../../../connectors/kafka/client/fetch-link.ts'
import type { GroupOffset, Isolation, TopicPartition } from '../../../connectors/kafka/client/kafka-client.ts'
import type { PlacedBatch, ProduceAnswer, ProduceRequest } from '../../../connectors/kafka/client/produce-calls.ts'
import type { TopicLeaders } from '../../../connectors/kafka/client/topic-leaders.ts'
import { MillraceError } from '../../../core/model/errors.ts'
import { splitId } from '../../../core/model/position.ts'
import { AT, dataViewOf } from '../../../formats/record-batch/layout.ts'
import type { Incarnation } from '../incarnation.ts'
import type { SeededRandom } from '../seeded-random.ts'
import { ERRORS } from './broker-errors.ts'
import { answerFetch } from './fetch-answer.ts'
import { type Marker, PartitionLog } from './partition-log.ts'
import { TransactionCoordinator } from './transaction-coordinator.ts'

const BROKERS: readonly BrokerAddress[] = [1, 2, 3].map((n) => ({ host: `broker-${n}`, port: 9092 }))
/** Where a marker cannot be written it is tried again. */
const MARKER_AGAIN_MS = 50

export interface SimulatedPartition {
  readonly log: PartitionLog
  leader: BrokerAddress
}

export interface SimulatedTopic {
  readonly name: string
  readonly id: string
  readonly partitions: SimulatedPartition[]
}

/**
 * Three brokers of Apache Kafka as their clients see them: topics, leaders, logs, transactions and groups. A request is answered at
 * once; what lies between client and brokers is `SimulatedNetwork`. No record is ever lost, unless a leader is elected uncleanly.
 */
export class SimulatedCluster {
  readonly coordinator: TransactionCoordinator
  readonly #self: Incarnation
  readonly #random: SeededRandom
  readonly #topics = new Map<string, SimulatedTopic>()
  readonly #groups = new Map<string, Map<string, GroupOffset>>()
  readonly #joined = new Set<string>()
  readonly #down = new Set<string>()
  #changed = Promise.withResolvers<void>()

  constructor(self: Incarnation, random: SeededRandom) {
    this.#self = self
    this.#random = random
    this.coordinator = new TransactionCoordinator({
      writeMarker: (place, marker) => this.#writeMarker(place, marker),
    })
  }

  get brokers(): readonly BrokerAddress[] {
    return BROKERS
  }

  get topics(): readonly string[] {
    return [...this.#topics.keys()]
  }

  /** Resolves when something was appended or a broker went away. */
  get change(): Promise<void> {
    return this.#changed.promise
  }

  isUp(broker?: BrokerAddress): boolean {
    return broker === undefined ? this.#down.size < BROKERS.length : !this.#down.has(nameOf(broker))
  }

  /** It answers nobody; those that are up lead its partitions. */
  stop(broker: BrokerAddress): void {
    this.#down.add(nameOf(broker))
    for (const { partitions } of this.#topics.values()) {
      for (const partition of partitions) if (nameOf(partition.leader) === nameOf(broker)) this.#moveLeader(partition)
    }
    this.#tell()
  }

  start(broker: BrokerAddress): void {
    this.#down.delete(nameOf(broker))
    for (const { partitions } of this.#topics.values()) {
      for (const partition of partitions) if (!this.isUp(partition.leader)) this.#moveLeader(partition)
    }
  }

  /** Fine where it is there already. */
  createTopic(name: string, partitions: number): SimulatedTopic {
    const known = this.#topics.get(name)
    if (known !== undefined) return known
    const made: SimulatedTopic = { name, id: this.#random.uuid(), partitions: [] }
    this.#topics.set(name, made)
    this.addPartitions(name, partitions)
    return made
  }

  addPartitions(name: string, count: number): void {
    const { partitions } = this.topic(name)
    while (partitions.length < count)
      partitions.push({ log: new PartitionLog(), leader: BROKERS[partitions.length % BROKERS.length]! })
    for (const partition of partitions) if (!this.isUp(partition.leader)) this.#moveLeader(partition)
  }

  /** Puts another topic at the name, or one that was there before. */
  putTopic(topic: SimulatedTopic): void {
    this.#topics.set(topic.name, topic)
    this.#tell()
  }

  /** Deletes all records of a topic, as if it had never had any; gives the topic as it was. */
  emptyTopic(name: string): SimulatedTopic {
    const before = this.topic(name)
    this.putTopic({ ...before, partitions: [] })
    this.addPartitions(name, before.partitions.length)
    return before
  }

  /** Deletes a topic and creates it anew, empty; gives the topic as it was. */
  recreateTopic(name: string): SimulatedTopic {
    const before = this.topic(name)
    this.#topics.delete(name)
    this.createTopic(name, before.partitions.length)
    this.#tell()
    return before
  }

  /** Throws `MR_KAFKA_TOPIC_UNKNOWN`. */
  topic(name: string): SimulatedTopic {
    const topic = this.#topics.get(name)
    if (topic !== undefined) return topic
    throw new MillraceError('MR_KAFKA_TOPIC_UNKNOWN', `Kafka: topic "${name}" does not exist; create it first`)
  }

  log(place: TopicPartition): PartitionLog {
    return this.#partition(place).log
  }

  /** A replica that lacks everything from the offset on becomes the leader. */
  electUnclean(place: TopicPartition, end: number): void {
    this.#partition(place).log.electUnclean(end)
    this.#tell()
  }

  leadersOf(names: readonly string[]): ReadonlyMap<string, TopicLeaders> {
    const topics = names.map((name) => this.topic(name))
    return new Map(
      topics.map(({ name, id, partitions }) => {
        const leaders = partitions.map(({ log, leader }) =>
          this.isUp(leader) ? { broker: leader, epoch: log.leaderEpoch } : undefined,
        )
        return [name, { id, leaders }]
      }),
    )
  }

  /** By `splitId`; −2 asks for the first offset, −1 for the end, anything else for a time. */
  listOffsets(
    places: readonly TopicPartition[],
    { timestamp, isolation }: { readonly timestamp: number; readonly isolation: Isolation },
  ): ReadonlyMap<string, number> {
    const isCommittedOnly = isolation === 'read_committed'
    const offsetOf = (log: PartitionLog): number => {
      if (timestamp === -2) return log.start
      if (timestamp === -1) return isCommittedOnly ? log.stableEnd : log.end
      return log.offsetAt(timestamp, isCommittedOnly)
    }
    return new Map(
      places.map((place) => [splitId(place.topic, place.partition), offsetOf(this.#partition(place).log)] as const),
    )
  }

  fetch(broker: BrokerAddress, request: FetchRequest): readonly FetchedPartition[] {
    const byId = new Map([...this.#topics.values()].map((topic) => [topic.id, topic]))
    return request.topics.flatMap(({ topicId, partitions }) =>
      partitions.map((asked) => {
        const found = byId.get(topicId)?.partitions[asked.partition]
        const isLed = found !== undefined && nameOf(found.leader) === nameOf(broker)
        const refused = found === undefined ? ERRORS.unknownTopicId : isLed ? 0 : ERRORS.notLeader
        return answerFetch(found?.log, { ...asked, topicId, refused, isCommittedOnly: request.isCommittedOnly })
      }),
    )
  }

  produce(broker: BrokerAddress, { transactionalId, batches }: ProduceRequest): readonly ProduceAnswer[] {
    const answers = batches.map((placed) => this.#produceOne(broker, placed, transactionalId))
    this.#tell()
    return answers
  }

  /** Without a transaction. */
  append(place: TopicPartition, batch: Uint8Array): void {
    const code = this.#partition(place).log.append(batch)
    if (code !== 0) throw new Error(`a plain append failed with code ${code}`)
    this.#tell()
  }

  groupOffsets(group: string): readonly GroupOffset[] {
    return [...(this.#groups.get(group)?.values() ?? [])]
  }

  /** The group has a member from now on. */
  joinGroup(group: string): void {
    this.#joined.add(group)
  }

  /** Throws `MR_KAFKA_GROUP_SHARED`. */
  commitOffsets(group: string, offsets: readonly GroupOffset[]): void {
    if (this.#joined.has(group))
      throw new MillraceError('MR_KAFKA_GROUP_SHARED', `Kafka: group "${group}" has members of its own`)
    const known = this.#groups.get(group) ?? new Map<string, GroupOffset>()
    for (const offset of offsets) known.set(splitId(offset.topic, offset.partition), offset)
    this.#groups.set(group, known)
  }

  #produceOne(broker: BrokerAddress, placed: PlacedBatch, transactionalId: string | null): ProduceAnswer {
    const found = this.#topics.get(placed.topic)?.partitions[placed.partition]
    if (found === undefined) return { errorCode: ERRORS.unknownTopic, message: placed.topic }
    if (nameOf(found.leader) !== nameOf(broker)) return { errorCode: ERRORS.notLeader, message: nameOf(found.leader) }
    const refused = transactionalId === null ? 0 : this.#verify(found.log, placed, transactionalId)
    return { errorCode: refused === 0 ? found.log.append(placed.batch) : refused, message: '' }
  }

  /** Why the batch must not begin a transaction here; 0 where it may. */
  #verify(log: PartitionLog, placed: PlacedBatch, id: string): number {
    const { producerId, producerEpoch } = producerOf(placed.batch)
    return log.isOpen(producerId) ? 0 : this.coordinator.verify({ id, producerId, producerEpoch }, placed)
  }

  #partition({ topic, partition }: TopicPartition): SimulatedPartition {
    const found = this.topic(topic).partitions[partition]
    if (found !== undefined) return found
    throw new MillraceError('MR_KAFKA_TOPIC_UNKNOWN', `Kafka: there is no ${splitId(topic, partition)}`)
  }

  /** Where all brokers are down the last leader stays it. */
  #moveLeader(partition: SimulatedPartition): void {
    const next = BROKERS.find((broker) => this.isUp(broker))
    if (next === undefined) return
    partition.leader = next
    partition.log.elect()
  }

  async #writeMarker(place: TopicPartition, marker: Marker): Promise<void> {
    for (;;) {
      const written = await this.#self.complete(`marker ${splitId(place.topic, place.partition)}`, () => {
        const found = this.#topics.get(place.topic)?.partitions[place.partition]
        if (found !== undefined && !this.isUp(found.leader)) return false
        found?.log.appendMarker(marker)
        this.#tell()
        return true
      })
      if (written) return
      await this.#self.after(MARKER_AGAIN_MS)
    }
  }

  #tell(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}

function producerOf(batch: Uint8Array): { readonly producerId: bigint; readonly producerEpoch: number } {
  const view = dataViewOf(batch)
  return { producerId: view.getBigInt64(AT.producerId), producerEpoch: view.getInt16(AT.producerEpoch) }
}
