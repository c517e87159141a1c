import type { DeadLetterSinkSpec } from '../../../core/ports/sink.ts'
import { LogCommitter } from '../outbox/log-committer.ts'
import { LogDeadLetterWriter } from './dead-letter-writer.ts'
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
    writer: (context) => new LogDeadLetterWriter(context, resolved),
    committer: (context) => new LogCommitter({ context, directory, codec: 'none', topic: undefined }),
  }
}
