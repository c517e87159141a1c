import { type MillraceError, toMillraceError } from '../../../core/model/errors.ts'
import type { Clock } from '../../../core/ports/clock.ts'
import type { Logger } from '../../../core/ports/logger.ts'
import type { Random } from '../../../core/ports/random.ts'
import { endPartition, type FedPartition } from './fed-partition.ts'
import { pauseMs } from './pause-ms.ts'
import { seldom } from './seldom.ts'
import type { LeadersOf, TopicLeaders } from './topic-leaders.ts'

/** So long a topic may be unknown before it is taken as deleted: news travels from broker to broker. */
const UNKNOWN_TOPIC_MS = 10_000

export interface LeaderSearchPorts {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly leadersOf: LeadersOf
  /** Partitions without a leader. */
  lost(): readonly FedPartition[]
  /** Takes what was found of the topic of a lost partition. */
  found(partition: FedPartition, topic: TopicLeaders): void
}

/**
 * Looks for leaders as long as a partition has none, for ever, with pauses that grow with the troubles of the partitions. A topic that
 * is unknown for ten seconds ends its partitions; it does not hold those of other topics up.
 */
export class LeaderSearch {
  readonly #ports: LeaderSearchPorts
  readonly #unknownSince = new Map<string, number>()
  readonly #logger: Pick<Logger, 'warn'>
  #isRunning = false
  #isStopped = false

  constructor(ports: LeaderSearchPorts) {
    this.#ports = ports
    this.#logger = seldom(ports.logger, ports.clock)
  }

  /** Starts to look, unless that is under way. */
  start(): void {
    if (this.#isRunning || this.#isStopped) return
    this.#isRunning = true
    this.#run()
      .catch((error: unknown) => {
        for (const partition of this.#ports.lost()) endPartition(partition, error)
      })
      .finally(() => {
        this.#isRunning = false
        if (this.#ports.lost().length > 0) this.start()
      })
  }

  stop(): void {
    this.#isStopped = true
  }

  /** Says that brokers are away, not more often than twice a minute. */
  warn(error: unknown): void {
    if (this.#isStopped) return
    const reason = error instanceof Error ? error.message : String(error)
    this.#logger.warn('a broker cannot be reached; it is tried again until it answers', { reason })
  }

  async #run(): Promise<void> {
    // Partitions are often added one after the other: ask once for all of them.
    await Promise.resolve()
    for (let lost = this.#ports.lost(); lost.length > 0 && !this.#isStopped; lost = this.#ports.lost()) {
      const troubles = Math.max(...lost.map((partition) => partition.troubles))
      if (troubles > 0) await this.#ports.clock.after(pauseMs(troubles - 1, this.#ports.random))
      if (this.#isStopped) return
      const topics = [...new Set(lost.map(({ start }) => start.topic))]
      for (const partition of lost) partition.troubles++
      if (!(await this.#ask(lost, topics))) for (const topic of topics) await this.#ask(lost, [topic])
    }
  }

  /** False where a topic among several is unknown: each is to be asked for alone. */
  async #ask(lost: readonly FedPartition[], topics: readonly string[]): Promise<boolean> {
    try {
      const found = await this.#ports.leadersOf(topics)
      for (const partition of lost) this.#take(partition, found.get(partition.start.topic))
      return true
    } catch (error) {
      const coded = toMillraceError(error, 'MR_KAFKA_PROTOCOL')
      if (coded.code === 'MR_KAFKA_TOPIC_UNKNOWN' && topics.length > 1) return false
      this.#bear(coded, lost, topics)
      return true
    }
  }

  #take(partition: FedPartition, topic: TopicLeaders | undefined): void {
    if (topic === undefined || partition.leader !== undefined || partition.isEnded) return
    this.#unknownSince.delete(partition.start.topic)
    this.#ports.found(partition, topic)
  }

  /** What waiting may mend is said; anything else ends the partitions. */
  #bear(error: MillraceError, lost: readonly FedPartition[], topics: readonly string[]): void {
    if (error.code === 'MR_KAFKA_UNREACHABLE' || this.#mayBeNews(error, topics)) {
      this.warn(error)
      return
    }
    for (const partition of lost) if (topics.includes(partition.start.topic)) endPartition(partition, error)
  }

  #mayBeNews(error: MillraceError, [topic]: readonly string[]): boolean {
    if (error.code !== 'MR_KAFKA_TOPIC_UNKNOWN' || topic === undefined) return false
    const now = this.#ports.clock.monotonic()
    const since = this.#unknownSince.get(topic) ?? now
    this.#unknownSince.set(topic, since)
    return now - since < UNKNOWN_TOPIC_MS
  }
}
