import type { Position } from '../../../core/model/position.ts'
import type { Polled, SplitReader } from '../../../core/ports/source.ts'
import { type CollectorOptions, RecordCollector } from '../../../formats/records/record-collector.ts'
import type { PartitionFeed } from '../client/kafka-client.ts'

/** Reads one partition: takes what its feed has, at most 4,096 records or 1 MiB of values at once. */
export class KafkaSplitReader implements SplitReader {
  readonly #feed: PartitionFeed
  readonly #records: RecordCollector
  readonly #incarnation: string
  #leaderEpoch: number | undefined

  constructor(feed: PartitionFeed, position: Position, options: Omit<CollectorOptions, 'offset'>) {
    this.#feed = feed
    this.#incarnation = position.incarnation
    this.#leaderEpoch = position.leaderEpoch
    this.#records = new RecordCollector({ ...options, offset: position.offset })
  }

  async poll(limit: number | undefined): Promise<Polled> {
    const records = this.#records
    records.begin(limit)
    let caughtUp = false
    while (records.hasRoom && !caughtUp) {
      if (records.hasView) records.decode()
      else caughtUp = !this.#nextBatch()
    }
    return { ...records.finish(), next: this.#position(), caughtUp }
  }

  arrival(): Promise<void> {
    return this.#feed.arrival()
  }

  async close(): Promise<void> {
    this.#feed.close()
  }

  #nextBatch(): boolean {
    const view = this.#feed.take()
    if (view === undefined) return false
    this.#leaderEpoch = view.partitionLeaderEpoch
    this.#records.take(view)
    return true
  }

  #position(): Position {
    const position = { offset: this.#records.next, incarnation: this.#incarnation }
    return this.#leaderEpoch === undefined ? position : { ...position, leaderEpoch: this.#leaderEpoch }
  }
}
