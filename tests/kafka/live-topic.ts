import type { KafkaClient, PartitionFeed } from '../../connectors/kafka/index.ts'
import { type SeenRecord, seenRecordsOf } from './seen-record.ts'

/** A topic as one client gives it while it grows. */
export class LiveTopic {
  readonly #feeds: readonly PartitionFeed[]
  readonly #seen: SeenRecord[][]

  private constructor(feeds: readonly PartitionFeed[]) {
    this.#feeds = feeds
    this.#seen = feeds.map(() => [])
  }

  static async open(client: KafkaClient, topic: string): Promise<LiveTopic> {
    const [description] = await client.describeTopics([topic])
    const { id: topicId, partitions } = description!
    const feeds = Array.from({ length: partitions }, (_, partition) =>
      client.feed({ topic, partition, topicId, offset: 0, leaderEpoch: -1 }),
    )
    return new LiveTopic(feeds)
  }

  /** Everything that was there so far, partition by partition; waits until it is so much. */
  async reached(count: number): Promise<readonly SeenRecord[]> {
    while (this.records().length < count) await Promise.race(this.#feeds.map((feed) => feed.arrival()))
    return this.records()
  }

  /** Everything that was there so far, partition by partition. */
  records(): readonly SeenRecord[] {
    for (const [partition, feed] of this.#feeds.entries()) {
      for (let view = feed.take(); view !== undefined; view = feed.take())
        this.#seen[partition]!.push(...seenRecordsOf(view, { partition, start: 0 }))
    }
    return this.#seen.flat()
  }
}
