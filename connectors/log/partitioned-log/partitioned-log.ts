import { isTopicName } from '../../../core/model/topic-name.ts'
import { type BatchCursor, openCursor, readBounds } from './batch-cursor.ts'
import type { PartitionPlace } from './layout.ts'
import { offsetForTimestamp } from './offset-for-timestamp.ts'
import { createTopic, findTopic, type LogPorts, readTopic, type Topic } from './topic.ts'
import { type AppenderOptions, openAppender, type TopicAppender } from './topic-appender.ts'

/** Offsets that can be read: `start` is the first one there, `end` the one that the next record will get. */
export interface Bounds {
  readonly start: number
  readonly end: number
}

/**
 * An append-only partitioned log in a directory. Any number of processes read it without a lock and never see anything
 * that is not on disk; one at a time appends to a topic.
 *
 * @example
 * const log = new PartitionedLog(ports, '.millrace/log')
 * await log.createTopic('orders', 4)
 * const appender = await log.openAppender('orders')
 * await appender.append(0, [{ timestamp: 0, key: null, value, headers: [] }])
 * await appender.sync()
 * await appender.close()
 */
export class PartitionedLog {
  readonly directory: string
  readonly ports: LogPorts

  constructor(ports: LogPorts, directory: string) {
    this.ports = ports
    this.directory = directory
  }

  /** Creates a topic, or returns the one with as many partitions. Throws `MR_LOG_TOPIC_EXISTS`, `MR_OPTION_INVALID`. */
  createTopic(name: string, partitions: number): Promise<Topic> {
    return createTopic(this.ports, { directory: this.directory, name }, { partitions })
  }

  /** All topics, by name. */
  async listTopics(): Promise<readonly Topic[]> {
    const topics: Topic[] = []
    for (const name of await this.ports.files.list(this.directory)) {
      const topic = isTopicName(name) ? await this.findTopic(name) : undefined
      if (topic !== undefined) topics.push(topic)
    }
    return topics
  }

  /** Throws `MR_LOG_TOPIC_UNKNOWN`. */
  topic(name: string): Promise<Topic> {
    return readTopic(this.ports.files, this.directory, name)
  }

  /** `undefined` where there is none. */
  findTopic(name: string): Promise<Topic | undefined> {
    return findTopic(this.ports.files, this.directory, name)
  }

  /** Waits up to 10 s for the topic's lock. Throws `MR_LOG_LOCKED`, `MR_LOG_TOPIC_UNKNOWN`, `MR_LOG_CORRUPT`. */
  openAppender(topic: string, options: AppenderOptions = {}): Promise<TopicAppender> {
    return openAppender(this.ports, { directory: this.directory, topic }, options)
  }

  async bounds(topic: Topic, partition: number): Promise<Bounds> {
    const { start, end } = await readBounds(this.ports.files, this.#place(topic, partition), topic.id)
    return { start, end: end.next }
  }

  /** A cursor before the batch that holds `offset`. Throws `MR_POSITION_LOST`, `MR_SOURCE_REPLACED`, `MR_LOG_CORRUPT`. */
  readFrom(topic: Topic, partition: number, offset: number): Promise<BatchCursor> {
    return openCursor(this.ports.files, this.#place(topic, partition), { topicId: topic.id, offset })
  }

  /** First offset with this timestamp (epoch ms) or a later one; the end where there is none. */
  async offsetForTimestamp(topic: Topic, partition: number, timestamp: number): Promise<number> {
    const { start } = await this.bounds(topic, partition)
    return offsetForTimestamp(await this.readFrom(topic, partition, start), timestamp)
  }

  #place(topic: Topic, partition: number): PartitionPlace {
    return { directory: this.directory, topic: topic.name, partition }
  }
}
