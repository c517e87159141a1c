import { setTimeout as sleep } from 'node:timers/promises'
import { PartitionedLog } from '../../connectors/log/index.ts'
import type { TopicAppender } from '../../connectors/log/partitioned-log/topic-appender.ts'
import {
  type EventOptions,
  type GeneratedRecord,
  generateEvents,
} from '../../examples/events-curated/generate-events.ts'
import { systemPorts } from '../../platform/system/system-ports.ts'
import { TOPIC } from './round-place.ts'

const RECORDS_PER_APPEND = 48
const PAUSE_MS = 15

/**
 * Appends seeded events to the log as long as it is told to. Records are a function of seed and number, so the number of
 * synced records is the whole journal.
 */
export class EventFeed {
  readonly #appender: TopicAppender
  readonly #options: EventOptions
  #synced = 0
  #isStopped = false
  #running: Promise<void> = Promise.resolve()

  private constructor(appender: TopicAppender, options: EventOptions) {
    this.#appender = appender
    this.#options = options
  }

  static async open(logDirectory: string, options: EventOptions): Promise<EventFeed> {
    const log = new PartitionedLog(systemPorts(), logDirectory)
    await log.createTopic(TOPIC, options.splits)
    const feed = new EventFeed(await log.openAppender(TOPIC), options)
    feed.#running = feed.#run()
    // Judged by stop().
    feed.#running.catch(() => undefined)
    return feed
  }

  /** Appends records [from, to) and closes the log. */
  static async append(
    logDirectory: string,
    range: { readonly from: number; readonly to: number },
    options: EventOptions,
  ): Promise<void> {
    const log = new PartitionedLog(systemPorts(), logDirectory)
    await log.createTopic(TOPIC, options.splits)
    const feed = new EventFeed(await log.openAppender(TOPIC), options)
    feed.#synced = range.from
    await feed.#append(range.to)
    await feed.#appender.close()
  }

  /** Records that are in the log for good. */
  get synced(): number {
    return this.#synced
  }

  /** Ends the feed and answers everything that it appended. */
  async stop(): Promise<readonly GeneratedRecord[]> {
    this.#isStopped = true
    await this.#running
    await this.#appender.close()
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
      await this.#appender.append(split, encodable)
    }
    await this.#appender.sync()
    this.#synced = to
  }
}
