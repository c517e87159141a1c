// hot path
import { MillraceError, toMillraceError } from '../../../core/model/errors.ts'
import type { RecordBatchView } from '../../../formats/record-batch/decode.ts'
import { TransactionFilter } from '../../../formats/record-batch/transaction-filter.ts'
import { attempts } from './attempts.ts'
import { type BrokerAddress, nameOf } from './broker-address.ts'
import { ChunkFeed } from './chunk-feed.ts'
import { forbidden } from './failures.ts'
import { endPartition, type FedPartition, newFedPartition } from './fed-partition.ts'
import { damagedAtBroker, logTruncated, offsetGone, topicReplaced } from './fetch-failures.ts'
import type { FetchedPartition, FetchLink, FetchRequest } from './fetch-link.ts'
import {
  type FetchStart,
  type KafkaClient,
  type KafkaClientOptions,
  NO_EPOCH,
  type PartitionFeed,
} from './kafka-client.ts'
import { LeaderSearch } from './leader-search.ts'
import { PROTOCOL } from './protocol-errors.ts'
import { Signal } from './signal.ts'
import type { LeadersOf, TopicLeaders } from './topic-leaders.ts'

/** What the fetcher needs of the client around it. */
export interface FetcherPorts extends Omit<KafkaClientOptions, 'clientId'> {
  link(broker: BrokerAddress): FetchLink
  readonly leadersOf: LeadersOf
  listOffsets: KafkaClient['listOffsets']
}

/** What one partition may bring at once, and what of it may wait before no more of it is asked for. */
const MOST_PARTITION_BYTES = 4_194_304
const LEAST_PARTITION_BYTES = 4_096
/** How long a broker may wait for something to send while a partition is left out because its reader is behind: it must come back soon. */
const SHORT_WAIT_MS = 50

/** A partition as a request asked for it: an answer is for nothing else. */
interface Asked {
  readonly partition: FedPartition
  readonly offset: number
}

/**
 * Fetches all partitions of one worker: one request under way per broker, the next one sent as soon as an answer has come and
 * before any of it is decoded. A partition whose reader is behind is left out, so that what waits is bounded. A broker that is
 * away is tried again for ever, a batch that came damaged is fetched once more; what cannot heal reaches the reader as a coded error.
 */
export class Fetcher {
  readonly #ports: FetcherPorts
  readonly #search: LeaderSearch
  readonly #partitions = new Map<string, FedPartition>()
  readonly #links = new Map<string, FetchLink>()
  readonly #room = new Signal()
  #isClosed = false

  constructor(ports: FetcherPorts) {
    this.#ports = ports
    this.#search = new LeaderSearch({
      clock: ports.clock,
      random: ports.random,
      logger: ports.logger,
      leadersOf: ports.leadersOf,
      lost: () => [...this.#partitions.values()].filter(({ leader, isEnded }) => leader === undefined && !isEnded),
      found: (partition, topic) => this.#follow(partition, topic),
    })
  }

  feed(start: FetchStart): PartitionFeed {
    const key = keyOf(start.topicId, start.partition)
    const feed = new ChunkFeed({
      onRoom: () => this.#room.notify(),
      onClose: () => {
        partition.isEnded = true
        if (this.#partitions.get(key) === partition) this.#partitions.delete(key)
      },
      onDamage: (error, last) => this.#fetchAgain(partition, error, last),
    })
    const partition = newFedPartition(start, feed)
    this.#partitions.set(key, partition)
    this.#search.start()
    return feed
  }

  /** Whoever waits for more gets an error. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#search.stop()
    this.#failAll(new MillraceError('MR_KAFKA_UNREACHABLE', 'Kafka: the client was closed'))
    this.#room.notify()
    const links = [...this.#links.values()]
    this.#links.clear()
    for (const link of links) await link.close()
  }

  #follow(partition: FedPartition, topic: TopicLeaders): void {
    const { start } = partition
    if (topic.id !== start.topicId) {
      endPartition(partition, topicReplaced(start, topic.id))
      return
    }
    const leader = topic.leaders[start.partition]
    if (leader === undefined || this.#isClosed) return
    partition.leader = leader
    const name = nameOf(leader.broker)
    if (this.#links.has(name)) {
      this.#room.notify()
      return
    }
    const link = this.#ports.link(leader.broker)
    this.#links.set(name, link)
    this.#fetchFrom(link).catch((error: unknown) => this.#failAll(error))
  }

  /** Fetches from one broker as long as the link to it holds. */
  async #fetchFrom(link: FetchLink): Promise<void> {
    const name = nameOf(link.broker)
    for (let turn = 0; !this.#isClosed && this.#links.get(name) === link; turn++) {
      const led = this.#ledBy(name)
      const wanted = led.filter((partition) => this.#hasRoom(partition))
      if (wanted.length === 0) {
        await this.#room.wait()
        continue
      }
      // A broker promises progress for the first partition only: each comes first in its turn.
      const first = turn % wanted.length
      const asked = [...wanted.slice(first), ...wanted.slice(0, first)].map((partition) => ({
        partition,
        offset: partition.offset,
      }))
      try {
        const fetched = await link.fetch(this.#request(asked, led.length > wanted.length))
        if (this.#isClosed) return
        this.#handOut(fetched, asked)
      } catch (error) {
        await this.#lose(link, error)
        return
      }
    }
  }

  /** The partitions of a broken link have no leader at once: nobody else may fetch them for it. */
  async #lose(link: FetchLink, error: unknown): Promise<void> {
    if (this.#isClosed) return
    const name = nameOf(link.broker)
    this.#links.delete(name)
    const coded = toMillraceError(error, 'MR_KAFKA_PROTOCOL')
    for (const partition of this.#ledBy(name)) {
      if (coded.code === 'MR_KAFKA_UNREACHABLE') forget(partition)
      else endPartition(partition, coded)
    }
    this.#search.warn(coded)
    this.#search.start()
    await link.close()
  }

  #request(asked: readonly Asked[], isOneLeftOut: boolean): FetchRequest {
    const { maxWaitMs, maxWaitingBytes, isolation } = this.#ports
    const maxBytes = this.#partitionBytes()
    const topics = [...Map.groupBy(asked, ({ partition }) => partition.start.topicId)].map(([topicId, ofTopic]) => ({
      topicId,
      partitions: ofTopic.map(({ partition: { start, leader, lastFetchedEpoch }, offset }) => ({
        partition: start.partition,
        offset,
        currentLeaderEpoch: leader?.epoch ?? NO_EPOCH,
        lastFetchedEpoch,
        maxBytes,
      })),
    }))
    return {
      maxWaitMs: isOneLeftOut ? Math.min(SHORT_WAIT_MS, maxWaitMs) : maxWaitMs,
      maxBytes: Math.min(maxWaitingBytes, maxBytes * asked.length),
      isCommittedOnly: isolation === 'read_committed',
      topics,
    }
  }

  #handOut(response: readonly FetchedPartition[], asked: readonly Asked[]): void {
    const byKey = new Map(asked.map((one) => [keyOf(one.partition.start.topicId, one.partition.start.partition), one]))
    for (const fetched of response) {
      const one = byKey.get(keyOf(fetched.topicId, fetched.partition))
      // Closed meanwhile, or fetched by another link.
      if (one === undefined || one.partition.isEnded || one.partition.offset !== one.offset) continue
      if (fetched.errorCode === 0) this.#take(one.partition, fetched)
      else this.#refused(one.partition, fetched.errorCode)
    }
  }

  #take(partition: FedPartition, { batches, aborted, divergesAt }: FetchedPartition): void {
    const { start, feed, offset } = partition
    partition.troubles = 0
    if (divergesAt !== undefined) {
      endPartition(partition, logTruncated(start, offset, divergesAt))
      return
    }
    if (batches === undefined) return
    const filter = this.#ports.isolation === 'read_committed' ? new TransactionFilter(aborted) : undefined
    let end: ReturnType<typeof batches.end>
    try {
      end = batches.end()
    } catch {
      // Nothing more is fetched until the reader comes to the damaged batch.
      partition.isEnded = true
    }
    feed.push(batches.open({ place: start, offset, filter }))
    if (end === undefined) return
    partition.offset = end.offset
    partition.lastFetchedEpoch = end.leaderEpoch
  }

  /** False where that batch was damaged before: then it is not the network that does it. */
  #fetchAgain(partition: FedPartition, error: unknown, last: RecordBatchView | undefined): boolean {
    const { offset, leaderEpoch } = partition.start
    const from = last?.nextOffset ?? offset
    if (partition.damagedAt === from) return false
    partition.damagedAt = from
    partition.offset = from
    partition.lastFetchedEpoch = last?.partitionLeaderEpoch ?? leaderEpoch
    partition.isEnded = false
    this.#ports.logger.warn('a record batch came damaged; it is fetched once more', { reason: String(error) })
    forget(partition)
    this.#search.start()
    return true
  }

  #refused(partition: FedPartition, errorCode: number): void {
    const { start, offset } = partition
    switch (errorCode) {
      case PROTOCOL.offsetOutOfRange:
        partition.isEnded = true
        this.#explainLoss(partition, offset).catch((error: unknown) => endPartition(partition, error))
        return
      case PROTOCOL.topicForbidden:
        endPartition(partition, forbidden(attempts.readPartition(start), this.#ports.connection))
        return
      case PROTOCOL.corruptMessage:
        endPartition(partition, damagedAtBroker(start, offset))
        return
      default:
        // Led by another broker by now, or about to be.
        forget(partition)
        this.#search.start()
    }
  }

  async #explainLoss(partition: FedPartition, offset: number): Promise<void> {
    const { start: place } = partition
    const [start] = await this.#ports.listOffsets([place], 'earliest')
    const [end] = await this.#ports.listOffsets([place], 'latest')
    endPartition(partition, offsetGone(place, offset, { start: start!, end: end! }))
  }

  #failAll(error: unknown): void {
    for (const partition of this.#partitions.values()) endPartition(partition, error)
  }

  #ledBy(name: string): readonly FedPartition[] {
    return [...this.#partitions.values()].filter(
      ({ leader, isEnded }) => leader !== undefined && !isEnded && nameOf(leader.broker) === name,
    )
  }

  #hasRoom({ feed }: FedPartition): boolean {
    return feed.waitingBytes < this.#partitionBytes()
  }

  #partitionBytes(): number {
    const share = Math.floor(this.#ports.maxWaitingBytes / (2 * Math.max(1, this.#partitions.size)))
    return Math.max(LEAST_PARTITION_BYTES, Math.min(MOST_PARTITION_BYTES, share))
  }
}

/** Its leader is to be looked for again, after a pause. */
function forget(partition: FedPartition): void {
  partition.leader = undefined
  partition.troubles++
}

function keyOf(topicId: string, partition: number): string {
  return `${topicId}/${partition}`
}
