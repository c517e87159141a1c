import { unknownField } from '../../../core/model/batch.ts'
import { fieldIndex } from '../../../core/model/field-type.ts'
import type { RecordSinkSpec } from '../../../core/ports/sink.ts'
import { OutboxCommitter } from '../../outbox/outbox-committer.ts'
import { OutboxRecordWriter } from '../../outbox/record-writer.ts'
import { diagnoseTarget } from '../diagnose.ts'
import { findTopic } from '../partitioned-log/topic.ts'
import { LogTopicStore } from './log-topic-store.ts'
import { type LogTopicOptions, resolveLogTopic } from './sink-options.ts'

const EPOCH_MS = 1_000

/**
 * Appends records to a topic of the embedded log as JSON, exactly once: nothing of an epoch is in the log before the
 * epoch is prepared, and a redo skips what it finds.
 *
 * @example
 * events.to('curated', logTopic({ topic: 'events.curated', partitions: 4, key: 'user_id', codec: 'zstd' }))
 */
export function logTopic<T>(options: LogTopicOptions): RecordSinkSpec<T> {
  const resolved = resolveLogTopic(options)
  const { topic, directory, partitions, codec, key } = resolved
  return {
    role: 'sink',
    takes: 'records',
    connector: 'log',
    options: { topic, directory, partitions: partitions ?? null, codec, key: key ?? null },
    epochMs: EPOCH_MS,
    check: (schema) => {
      if (key !== undefined && fieldIndex(schema, key) < 0) throw unknownField(key, schema)
    },
    writer: (context, schema) => {
      const partitionsOf = async (): Promise<number> =>
        (await findTopic(context.files, directory, topic))?.partitions ?? partitions ?? 1
      return new OutboxRecordWriter(context, schema, { topic, codec, key, timestampOf: Math.floor, partitionsOf })
    },
    committer: (context) => {
      const store = new LogTopicStore(context, directory)
      return new OutboxCommitter({ context, store, codec, topic: { name: topic, partitions } })
    },
    diagnose: (context) => diagnoseTarget(context, { directory, topic, partitions }),
  }
}
