import type { DeadLetterSinkSpec } from '../../../core/ports/sink.ts'
import { deadLetterTopicOf, OutboxDeadLetterWriter } from '../../outbox/dead-letter-writer.ts'
import { OutboxCommitter } from '../../outbox/outbox-committer.ts'
import { diagnoseTarget } from '../diagnose.ts'
import { findTopic } from '../partitioned-log/topic.ts'
import { LogTopicStore } from './log-topic-store.ts'
import { type DeadLetterTopicOptions, resolveDeadLetterTopic } from './sink-options.ts'

const EPOCH_MS = 1_000

/**
 * Appends refused records to a topic of the embedded log, exactly once, with original key, value and headers and with
 * the error in headers as Kafka Streams names them. The topic is made on demand, with one partition.
 *
 * @example
 * from('raw', source, { deadLetters: deadLetterTopic({ topic: 'raw.refused' }) })
 */
export function deadLetterTopic(options: DeadLetterTopicOptions = {}): DeadLetterSinkSpec {
  const resolved = resolveDeadLetterTopic(options)
  const { topic, directory } = resolved
  return {
    role: 'sink',
    takes: 'dead-letters',
    connector: 'log',
    options: { topic: topic ?? null, directory },
    epochMs: EPOCH_MS,
    writer: (context) => {
      const partitionsOf = async (name: string): Promise<number> =>
        (await findTopic(context.files, directory, name))?.partitions ?? 1
      return new OutboxDeadLetterWriter(context, { topic, codec: 'none', timestampOf: Math.floor, partitionsOf })
    },
    committer: (context) => {
      const store = new LogTopicStore(context, directory)
      return new OutboxCommitter({ context, store, codec: 'none', topic: undefined })
    },
    diagnose: async (context, topics) => {
      const names = topic === undefined ? topics.map(deadLetterTopicOf) : [topic]
      const places = names.map((name) => ({ directory, topic: name, partitions: undefined }))
      return (await Promise.all(places.map((place) => diagnoseTarget(context, place)))).flat()
    },
  }
}
