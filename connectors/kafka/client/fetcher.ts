// hot path
import { toMillraceError } from '../../../core/model/errors.ts'
import type { Logger } from '../../../core/ports/logger.ts'
import { TransactionFilter } from '../../../formats/record-batch/transaction-filter.ts'
import type { Backoff } from './backoff.ts'
import { ChunkFeed } from './chunk-feed.ts'
import { damagedAtBroker, logTruncated, offsetGone, readForbidden, topicReplaced } from './fetch-failures.ts'
import type { BrokerAddress, FetchedPartition, FetchLink, FetchRequest } from './fetch-link.ts'
import type { FetchStart, Isolation, PartitionFeed, TopicPartition } from './kafka-client.ts'
import { PROTOCOL } from './protocol-errors.ts'
import { Signal } from './signal.ts'

/** Who leads the partitions of a topic now; `undefined` where nobody does. */
export interface TopicLeaders {
  readonly id: string
  readonly leaders: readonly (PartitionLeader | undefined)[]
}

export interface PartitionLeader {
  readonly broker: BrokerAddress
  readonly epoch: number
}

/** What the fetcher needs of the client around it. */
export interface FetcherPorts {
  readonly isolation: Isolation
  readonly maxWaitingBytes: number
  readonly maxWaitMs: number
  readonly backoff: Backoff
  readonly logger: Logger
  link(broker: BrokerAddress): FetchLink
  leadersOf(topics: readonly string[]): Promise<ReadonlyMap<string, TopicLeaders>>
  /** First offset there is and the end, for messages. */
  bounds(place: TopicPartition): Promise<{ readonly start: number; readonly end: number }>
}

/** What one partition may bring at once, and what of it may wait before no more of it is asked for. */
const MOST_PARTITION_BYTES = 4_194_304
const LEAST_PARTITION_BYTES = 4_096
/** How long a broker may wait for something to send while a partition is left out because its reader is behind: it must come back soon. */
const SHORT_WAIT_MS = 50
/** So long a topic may be unknown before it is taken as deleted: news travels from broker to broker. */
const UNKNOWN_TOPIC_MS = 10_000
const SAY_AGAIN_MS = 30_000

interface FedPartition {
  readonly start: FetchStart
  readonly feed: ChunkFeed
  /** What to ask for next. */
  offset: number
  lastFetchedEpoch: number
  leader: PartitionLeader | undefined
  isEnded: boolean
}

/**
 * Fetches all partitions of one worker: one request under way per broker, the next one sent as soon as an answer has come and
 * before any of it is decoded. A partition whose reader is behind is left out, so that what waits is bounded. A broker that is
 * away is tried again for ever; what cannot heal reaches the reader as a coded error.
 */
export class Fetcher {
  readonly #ports: FetcherPorts
  readonly #partitions = new Map<string, FedPartition>()
  readonly #links = new Map<string, FetchLink>()
  readonly #room = new Signal()
  #turn = 0
  #isSeeking = false
  #isClosed = false
  #saidAt = Number.NEGATIVE_INFINITY

  constructor(ports: FetcherPorts) {
    this.#ports = ports
  }

  feed(start: FetchStart): PartitionFeed {
    const key = keyOf(start.topicId, start.partition)
    const feed = new ChunkFeed({ onRoom: () => this.#room.notify(), onClose: () => this.#partitions.delete(key) })
    const { offset, leaderEpoch: lastFetchedEpoch } = start
    this.#partitions.set(key, {
      start,
      feed,
      offset,
      lastFetchedEpoch,
      leader: undefined,
      isEnded: false,
    })
    this.#seek()
    return feed
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#room.notify()
    const links = [...this.#links.values()]
    this.#links.clear()
    for (const link of links) await link.close()
  }

  /** Starts to look for leaders of those partitions that have none, unless that is under way. */
  #seek(): void {
    if (this.#isSeeking || this.#isClosed) return
    this.#isSeeking = true
    this.#findLeaders()
      .catch((error: unknown) => this.#failAll(error))
      .finally(() => {
        this.#isSeeking = false
        if (this.#leaderless().length > 0) this.#seek()
      })
  }

  async #findLeaders(): Promise<void> {
    // Partitions are often added one after the other: ask once for all of them.
    await Promise.resolve()
    for (let lost = this.#leaderless(); lost.length > 0 && !this.#isClosed; lost = this.#leaderless()) {
      const topics = [...new Set(lost.map(({ start }) => start.topic))]
      try {
        const found = await this.#ports.leadersOf(topics)
        for (const partition of lost) this.#follow(partition, found.get(partition.start.topic))
        if (this.#leaderless().length > 0) await this.#ports.backoff.failed()
      } catch (error) {
        await this.#bear(error)
      }
    }
  }

  /** What waiting may mend is said and waited for; anything else is thrown. */
  async #bear(error: unknown): Promise<void> {
    const { backoff, logger } = this.#ports
    const coded = toMillraceError(error, 'MR_KAFKA_PROTOCOL')
    const mayBeNews = coded.code === 'MR_KAFKA_TOPIC_UNKNOWN' && backoff.failingForMs < UNKNOWN_TOPIC_MS
    if (coded.code !== 'MR_KAFKA_UNREACHABLE' && !mayBeNews) throw coded
    if (this.#isClosed) return
    if (backoff.failures === 0 || backoff.failingForMs - this.#saidAt > SAY_AGAIN_MS) {
      this.#saidAt = backoff.failingForMs
      logger.warn('a broker cannot be reached; it is tried again until it answers', { reason: coded.message })
    }
    await backoff.failed()
  }

  #follow(partition: FedPartition, topic: TopicLeaders | undefined): void {
    const { start } = partition
    if (topic === undefined) return
    if (topic.id !== start.topicId) {
      this.#end(partition, topicReplaced(start, topic.id))
      return
    }
    const leader = topic.leaders[start.partition]
    if (leader === undefined) return
    partition.leader = leader
    const name = nameOf(leader.broker)
    if (!this.#links.has(name)) {
      const link = this.#ports.link(leader.broker)
      this.#links.set(name, link)
      this.#fetchFrom(link).catch((error: unknown) => this.#failAll(error))
    } else {
      this.#room.notify()
    }
  }

  /** Fetches from one broker as long as it leads something. */
  async #fetchFrom(link: FetchLink): Promise<void> {
    const name = nameOf(link.broker)
    while (!this.#isClosed && this.#links.get(name) === link) {
      const led = [...this.#partitions.values()].filter(
        ({ leader }) => leader !== undefined && nameOf(leader.broker) === name,
      )
      const wanted = led.filter((partition) => this.#hasRoom(partition))
      if (wanted.length === 0) {
        await this.#room.wait()
        continue
      }
      try {
        const fetched = await link.fetch(this.#request(wanted, led.length > wanted.length))
        if (this.#isClosed) return
        this.#handOut(fetched)
      } catch (error) {
        await this.#lose(link, error)
        return
      }
    }
  }

  async #lose(link: FetchLink, error: unknown): Promise<void> {
    const name = nameOf(link.broker)
    if (this.#isClosed) return
    this.#links.delete(name)
    await link.close()
    await this.#bear(error)
    for (const partition of this.#partitions.values()) {
      if (partition.leader !== undefined && nameOf(partition.leader.broker) === name) partition.leader = undefined
    }
    this.#seek()
  }

  #request(wanted: readonly FedPartition[], isOneLeftOut: boolean): FetchRequest {
    const maxBytes = this.#partitionBytes()
    // A broker promises progress for the first partition only: each comes first in its turn.
    const first = this.#turn++ % wanted.length
    const turned = [...wanted.slice(first), ...wanted.slice(0, first)]
    const topics = [...Map.groupBy(turned, ({ start }) => start.topicId)].map(([topicId, partitions]) => ({
      topicId,
      partitions: partitions.map(({ start, offset, leader, lastFetchedEpoch }) => ({
        partition: start.partition,
        offset,
        currentLeaderEpoch: leader?.epoch ?? -1,
        lastFetchedEpoch,
        maxBytes,
      })),
    }))
    return {
      maxWaitMs: isOneLeftOut ? Math.min(SHORT_WAIT_MS, this.#ports.maxWaitMs) : this.#ports.maxWaitMs,
      maxBytes: Math.min(this.#ports.maxWaitingBytes, maxBytes * wanted.length),
      isCommittedOnly: this.#ports.isolation === 'read_committed',
      topics,
    }
  }

  #handOut(response: readonly FetchedPartition[]): void {
    let isHealthy = true
    for (const fetched of response) {
      const partition = this.#partitions.get(keyOf(fetched.topicId, fetched.partition))
      if (partition === undefined || partition.isEnded) continue
      if (fetched.errorCode === 0) this.#take(partition, fetched)
      else {
        isHealthy = false
        this.#refused(partition, fetched)
      }
    }
    if (isHealthy) {
      this.#ports.backoff.succeeded()
      this.#saidAt = Number.NEGATIVE_INFINITY
    }
  }

  #take(partition: FedPartition, { batches, aborted, divergesAt }: FetchedPartition): void {
    const { start, feed, offset } = partition
    if (divergesAt !== undefined) {
      this.#end(partition, logTruncated(start, offset, divergesAt))
      return
    }
    if (batches === undefined) return
    const filter = this.#ports.isolation === 'read_committed' ? new TransactionFilter(aborted) : undefined
    let end: ReturnType<typeof batches.end>
    try {
      end = batches.end()
    } catch {
      // The chunk says the same, with its place, when the reader comes to the damaged batch.
      partition.isEnded = true
    }
    feed.push(batches.open({ place: start, offset, filter }))
    if (end === undefined) return
    partition.offset = end.offset
    partition.lastFetchedEpoch = end.leaderEpoch
  }

  #refused(partition: FedPartition, { errorCode }: FetchedPartition): void {
    const { start, offset } = partition
    switch (errorCode) {
      case PROTOCOL.offsetOutOfRange:
        partition.isEnded = true
        this.#explainLoss(partition, offset).catch((error: unknown) => this.#end(partition, error))
        return
      case PROTOCOL.topicForbidden:
        this.#end(partition, readForbidden(start))
        return
      case PROTOCOL.corruptMessage:
        this.#end(partition, damagedAtBroker(start, offset))
        return
      default:
        // Led by another broker by now, or about to be.
        partition.leader = undefined
        this.#seek()
    }
  }

  async #explainLoss(partition: FedPartition, offset: number): Promise<void> {
    const { start } = partition
    this.#end(partition, offsetGone(start, offset, await this.#ports.bounds(start)))
  }

  #end(partition: FedPartition, error: unknown): void {
    partition.isEnded = true
    partition.feed.fail(error)
  }

  #failAll(error: unknown): void {
    for (const partition of this.#partitions.values()) this.#end(partition, error)
  }

  #leaderless(): readonly FedPartition[] {
    return [...this.#partitions.values()].filter(({ leader, isEnded }) => leader === undefined && !isEnded)
  }

  #hasRoom({ feed, isEnded }: FedPartition): boolean {
    return !isEnded && feed.waitingBytes < this.#partitionBytes()
  }

  #partitionBytes(): number {
    const share = Math.floor(this.#ports.maxWaitingBytes / (2 * Math.max(1, this.#partitions.size)))
    return Math.max(LEAST_PARTITION_BYTES, Math.min(MOST_PARTITION_BYTES, share))
  }
}

function keyOf(topicId: string, partition: number): string {
  return `${topicId}/${partition}`
}

function nameOf({ host, port }: BrokerAddress): string {
  return `${host}:${port}`
}
