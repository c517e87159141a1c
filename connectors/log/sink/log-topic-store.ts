import type { RecordBatchView } from '../../../formats/record-batch/decode.ts'
import type { StoredTopic, TopicStore } from '../../outbox/topic-store.ts'
import { batchesOf } from '../partitioned-log/batch-cursor.ts'
import { partitionDirectory } from '../partitioned-log/layout.ts'
import { PartitionedLog } from '../partitioned-log/partitioned-log.ts'
import type { LogPorts, Topic } from '../partitioned-log/topic.ts'
import type { TopicAppender } from '../partitioned-log/topic-appender.ts'

/** The embedded log as the sinks see it. The lock of a topic ends the work of the appender before. */
export class LogTopicStore implements TopicStore {
  readonly #log: PartitionedLog
  readonly #files: LogPorts['files']
  readonly #directory: string

  constructor(ports: LogPorts, directory: string) {
    this.#log = new PartitionedLog(ports, directory)
    this.#files = ports.files
    this.#directory = directory
  }

  findTopic(name: string): Promise<Topic | undefined> {
    return this.#log.findTopic(name)
  }

  createTopic(name: string, partitions: number): Promise<Topic> {
    return this.#log.createTopic(name, partitions)
  }

  async endOffset(topic: StoredTopic, partition: number): Promise<number> {
    const { end } = await this.#log.bounds(topic, partition)
    await this.#settle(topic, partition)
    return end
  }

  async *batchesFrom(topic: StoredTopic, partition: number, offset: number): AsyncGenerator<RecordBatchView, void> {
    const range = await this.#log.readFrom(topic, partition, offset)
    await this.#settle(topic, partition)
    yield* batchesOf(range)
  }

  openAppender(topic: string): Promise<TopicAppender> {
    return this.#log.openAppender(topic)
  }

  async close(): Promise<void> {
    // Nothing is held open between calls.
  }

  /**
   * Makes an end that was read durable: who published it may have died, or failed, between renaming it into place and syncing that. Else a
   * sink would be told to have an epoch that a loss of power takes away later.
   */
  async #settle({ name }: StoredTopic, partition: number): Promise<void> {
    await this.#files.syncDirectory(partitionDirectory({ directory: this.#directory, topic: name, partition }))
  }
}
