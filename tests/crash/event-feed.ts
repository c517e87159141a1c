import { setTimeout as sleep } from 'node:timers/promises'
import {
  type EventOptions,
  type GeneratedRecord,
  generateEvents,
} from '../../examples/events-curated/generate-events.ts'
import type { EncodableRecord } from '../../formats/record-batch/encode.ts'

const RECORDS_PER_APPEND = 48
const PAUSE_MS = 15

/** A topic that a feed appends to. */
export interface FeedTarget {
  append(partition: number, records: readonly EncodableRecord[]): Promise<void>
  /** Makes what was appended durable and visible. */
  sync(): Promise<void>
  close(): Promise<void>
}

/**
 * Appends seeded events to a topic as long as it is told to. Records are a function of seed and number, so the number of
 * synced records is the whole journal.
 */
export class EventFeed {
  readonly #target: FeedTarget
  readonly #options: EventOptions
  #synced = 0
  #isStopped = false
  #failure: unknown
  #running: Promise<void> = Promise.resolve()

  private constructor(target: FeedTarget, options: EventOptions) {
    this.#target = target
    this.#options = options
  }

  /** Begins to append; the feed owns the target. */
  static start(target: FeedTarget, options: EventOptions): EventFeed {
    const feed = new EventFeed(target, options)
    feed.#running = feed.#run()
    feed.#running.catch((error: unknown) => {
      feed.#failure = error
    })
    return feed
  }

  /** Appends records [from, to) and closes the target. */
  static async append(
    target: FeedTarget,
    range: { readonly from: number; readonly to: number },
    options: EventOptions,
  ): Promise<void> {
    const feed = new EventFeed(target, options)
    feed.#synced = range.from
    await feed.#append(range.to)
    await feed.#target.close()
  }

  /** Records that are in the topic for good. Throws what ended the feed, if something did. */
  get synced(): number {
    if (this.#failure !== undefined) throw this.#failure
    return this.#synced
  }

  /** Ends the feed and answers everything that it appended. */
  async stop(): Promise<readonly GeneratedRecord[]> {
    this.#isStopped = true
    await this.#running
    await this.#target.close()
    return generateEvents({ from: 0, to: this.#synced }, this.#options)
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      await this.#append(this.#synced + RECORDS_PER_APPEND)
      await sleep(PAUSE_MS)
    }
  }

  async #append(to: number): Promise<void> {
    const records = generateEvents({ from: this.#synced, to }, this.#options)
    for (const [split, part] of Map.groupBy(records, (record) => record.split)) {
      const encodable = part.map(({ timestampMs, recordKey, value }) => ({
        timestamp: timestampMs,
        key: recordKey,
        value,
        headers: [],
      }))
      await this.#target.append(split, encodable)
    }
    await this.#target.sync()
    this.#synced = to
  }
}
