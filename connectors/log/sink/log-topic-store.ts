import type { RecordBatchView } from '../../../formats/record-batch/decode.ts'
import type { StoredTopic, TopicStore } from '../../outbox/topic-store.ts'
import { batchesOf } from '../partitioned-log/batch-cursor.ts'
import { PartitionedLog } from '../partitioned-log/partitioned-log.ts'
import type { LogPorts, Topic } from '../partitioned-log/topic.ts'
import type { TopicAppender } from '../partitioned-log/topic-appender.ts'

/** The embedded log as the sinks see it. The lock of a topic ends the work of the appender before. */
export class LogTopicStore implements TopicStore {
  readonly #log: PartitionedLog

  constructor(ports: LogPorts, directory: string) {
    this.#log = new PartitionedLog(ports, directory)
  }

  findTopic(name: string): Promise<Topic | undefined> {
    return this.#log.findTopic(name)
  }

  createTopic(name: string, partitions: number): Promise<Topic> {
    return this.#log.createTopic(name, partitions)
  }

  async endOffset(topic: StoredTopic, partition: number): Promise<number> {
    return (await this.#log.bounds(topic, partition)).end
  }

  async *batchesFrom(topic: StoredTopic, partition: number, offset: number): AsyncGenerator<RecordBatchView, void> {
    yield* batchesOf(await this.#log.readFrom(topic, partition, offset))
  }

  openAppender(topic: string): Promise<TopicAppender> {
    return this.#log.openAppender(topic)
  }

  async close(): Promise<void> {
    // Nothing is held open between calls.
  }
}
