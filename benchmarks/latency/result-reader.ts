// hot path
import type { KafkaClient, PartitionFeed } from 'millrace/connectors/kafka'
import { LatencyHistogram } from './latency-figures.ts'
import type { Results } from './results.ts'
import type { Schedule } from './schedule.ts'

export interface ReaderOptions {
  readonly client: KafkaClient
  readonly topic: string
  readonly results: Results
  readonly schedule: Schedule
  /** Most measured results that there can be. */
  readonly capacity: number
  /** Called with the first result. */
  readonly onFirst: () => void
}

/** A measured result: the record that it waited for and when the broker took it, ms after the event time of record 0. */
export interface BrokerTimes {
  readonly numbers: Int32Array
  readonly appendedMs: Int32Array
}

/** Reads the results as they come and counts how long after its due time each was read. */
export class ResultReader {
  readonly latency = new LatencyHistogram()
  readonly #options: ReaderOptions
  readonly #numbers: Int32Array
  readonly #appendedMs: Int32Array
  #feeds: readonly PartitionFeed[] = []
  #measured = 0
  #hasBegun = false
  #isClosed = false

  constructor(options: ReaderOptions) {
    this.#options = options
    this.#numbers = new Int32Array(options.capacity)
    this.#appendedMs = new Int32Array(options.capacity)
  }

  /** Measured results so far. */
  get measured(): number {
    return this.#measured
  }

  get brokerTimes(): BrokerTimes {
    return {
      numbers: this.#numbers.subarray(0, this.#measured),
      appendedMs: this.#appendedMs.subarray(0, this.#measured),
    }
  }

  /** Reads until it is closed or a result is none. */
  async run(): Promise<void> {
    const { client, topic } = this.#options
    const [description] = await client.describeTopics([topic])
    const { id: topicId, partitions } = description!
    this.#feeds = Array.from({ length: partitions }, (_, partition) =>
      client.feed({ topic, topicId, partition, offset: 0, leaderEpoch: -1 }),
    )
    await Promise.all(this.#feeds.map((feed) => this.#read(feed)))
  }

  close(): void {
    this.#isClosed = true
    for (const feed of this.#feeds) feed.close()
  }

  async #read(feed: PartitionFeed): Promise<void> {
    while (!this.#isClosed) {
      const view = feed.take()
      if (view === undefined) await feed.arrival()
      else this.#take(view)
    }
  }

  #take(view: NonNullable<ReturnType<PartitionFeed['take']>>): void {
    const now = performance.now()
    const { results, schedule, onFirst } = this.#options
    for (let i = 0; i < view.count; i++) {
      const number = results.take(view.buffer, view.valueStarts[i]!, view.valueLengths[i]!)
      if (number < 0) continue
      this.latency.record(now - schedule.dueMs(number))
      this.#numbers[this.#measured] = number
      this.#appendedMs[this.#measured++] = view.timestamps[i]! - schedule.epochMs
    }
    if (this.#hasBegun || view.count === 0) return
    this.#hasBegun = true
    onFirst()
  }
}
