import { unknownField } from '../../../core/model/batch.ts'
import { fieldIndex, type Schema } from '../../../core/model/field-type.ts'
import type { ConnectorPorts } from '../../../core/ports/connector-ports.ts'
import type { DeadLetterSinkSpec, RecordSinkSpec, RecordWriter, WriterContext } from '../../../core/ports/sink.ts'
import { deadLetterTopicOf, OutboxDeadLetterWriter } from '../../outbox/dead-letter-writer.ts'
import { OutboxCommitter } from '../../outbox/outbox-committer.ts'
import { OutboxRecordWriter } from '../../outbox/record-writer.ts'
import type { KafkaConnection } from '../client/connection-options.ts'
import { type ClientSettings, type KafkaClientChoice, openClient } from '../client/open-client.ts'
import { Patience } from '../client/patience.ts'
import { diagnoseSink } from '../diagnosis/diagnose-sink.ts'
import { AtLeastOnceWriter } from './at-least-once-writer.ts'
import { KafkaTopicStore } from './kafka-topic-store.ts'
import {
  type KafkaDeadLetterOptions,
  type KafkaTopicOptions,
  type ResolvedKafkaDeadLetters,
  type ResolvedKafkaTopic,
  resolveKafkaDeadLetters,
  resolveKafkaTopic,
} from './sink-options.ts'

const EPOCH_MS = 1_000
/** Brokers take batches of 1,048,588 bytes unless they are told otherwise; the headers of an error need some of them. */
const MOST_LETTER_BYTES = 1_000_000
/** Letters are much alike. */
const LETTER_CODEC = 'lz4'
const READ_BACK_BYTES = 8_388_608
const READ_BACK_MS = 10

/**
 * Writes records to a topic of Kafka as JSON, exactly once for readers of committed records: one transaction per epoch, sent
 * when the epoch is prepared; a redo reads back and skips what it finds. With `delivery: 'at-least-once'` each record is sent as
 * it comes, and a checkpoint waits until all replicas in sync have it: it is read within milliseconds, and again after a crash.
 *
 * @example
 * events.to('curated', kafkaTopic({ brokers: 'localhost:9092', topic: 'events.curated', key: 'user_id' }))
 */
export function kafkaTopic<T>(options: KafkaTopicOptions): RecordSinkSpec<T> {
  const resolved = resolveKafkaTopic(options)
  const { topic, createPartitions, codec, key, delivery } = resolved
  return {
    role: 'sink',
    takes: 'records',
    connector: 'kafka',
    options: { topic, createPartitions: createPartitions ?? null, codec, key: key ?? null, delivery },
    epochMs: EPOCH_MS,
    check: (schema) => {
      if (key !== undefined && fieldIndex(schema, key) < 0) throw unknownField(key, schema)
    },
    writer: (context, schema) =>
      delivery === 'exactly-once'
        ? outboxWriter(context, schema, resolved)
        : atLeastOnceWriter(context, schema, resolved),
    committer: (context) => {
      const store = topicStore(context, resolved, createPartitions !== undefined)
      return new OutboxCommitter({ context, store, codec, topic: { name: topic, partitions: createPartitions } })
    },
    diagnose: (context) => {
      const transactionalId = delivery === 'exactly-once' ? transactionalIdOf(context) : undefined
      return diagnoseSink(context, settingsOf(resolved), { topics: [topic], transactionalId, createPartitions })
    },
  }
}

/**
 * Writes refused records to topics of Kafka, exactly once for readers of committed records, with original key, value and headers
 * and with the error in headers as Kafka Streams names them (KIP-1034). Of one above 1,000,000 bytes the first 64 KiB of the value
 * are kept, with size and SHA-256 of the whole.
 *
 * @example
 * from('raw', source, { deadLetters: kafkaDeadLetters({ brokers: 'localhost:9092', topic: 'raw.refused' }) })
 */
export function kafkaDeadLetters(options: KafkaDeadLetterOptions = {}): DeadLetterSinkSpec {
  return deadLettersOf(resolveKafkaDeadLetters(options))
}

/** The same with options that were checked. */
export function deadLettersOf(resolved: ResolvedKafkaDeadLetters): DeadLetterSinkSpec {
  const { topic, create } = resolved
  return {
    role: 'sink',
    takes: 'dead-letters',
    connector: 'kafka',
    options: { topic: topic ?? null, create },
    epochMs: EPOCH_MS,
    writer: (context) => {
      const partitionsOf = partitionCounts(context, resolved, 1)
      const limits = { mostBytes: MOST_LETTER_BYTES, timestampOf: acceptedTimes(context) }
      return new OutboxDeadLetterWriter(context, { topic, codec: LETTER_CODEC, ...limits, partitionsOf })
    },
    committer: (context) => {
      const store = topicStore(context, resolved, create)
      const one = topic === undefined ? undefined : { name: topic, partitions: undefined }
      return new OutboxCommitter({ context, store, codec: LETTER_CODEC, topic: one })
    },
    diagnose: (context, topics) => {
      const names = topic === undefined ? topics.map(deadLetterTopicOf) : [topic]
      const targets = { topics: names, transactionalId: transactionalIdOf(context) }
      return diagnoseSink(context, settingsOf(resolved), { ...targets, createPartitions: create ? 1 : undefined })
    },
  }
}

function outboxWriter(context: WriterContext, schema: Schema, resolved: ResolvedKafkaTopic): RecordWriter {
  const { topic, codec, key, createPartitions } = resolved
  const partitionsOf = partitionCounts(context, resolved, createPartitions ?? 1)
  const timestampOf = acceptedTimes(context)
  return new OutboxRecordWriter(context, schema, { topic, codec, key, timestampOf, partitionsOf })
}

/** Its epochs have nothing to commit; the committer of the outbox finds the topic, and ends what was staged before for exactly-once. */
function atLeastOnceWriter(context: WriterContext, schema: Schema, resolved: ResolvedKafkaTopic): RecordWriter {
  const { topic, codec, key } = resolved
  return new AtLeastOnceWriter({
    rows: { context, schema, key, timestampOf: acceptedTimes(context) },
    delivery: { topic, codec, ports: context, client: () => openClient(context, settingsOf(resolved)) },
  })
}

interface Reached {
  readonly connection: KafkaConnection
  readonly client: KafkaClientChoice
}

function topicStore(
  ports: ConnectorPorts & { readonly sink: string },
  reached: Reached,
  mayCreate: boolean,
): KafkaTopicStore {
  return new KafkaTopicStore({
    client: () => openClient(ports, settingsOf(reached)),
    patience: new Patience(ports),
    transactionalId: transactionalIdOf(ports),
    mayCreate,
  })
}

/** Brokers refuse times that lie an hour ahead or more, and clients those before 1970: such a record gets the time of now, or 0. */
function acceptedTimes({ clock }: ConnectorPorts): (time: number) => number {
  return (time) => Math.max(0, Math.min(Math.floor(time), clock.now()))
}

function settingsOf({ connection, client }: Reached): ClientSettings {
  const isolation = 'read_uncommitted'
  return { connection, client, isolation, maxWaitingBytes: READ_BACK_BYTES, maxWaitMs: READ_BACK_MS }
}

function transactionalIdOf(of: { readonly pipeline: string; readonly sink: string }): string {
  return `${of.pipeline}/${of.sink}`
}

/** Looks the number of partitions up once per topic, with a client that lives only so long; `absent` is for topics to be made. */
function partitionCounts(
  ports: ConnectorPorts & { readonly sink: string },
  reached: Reached,
  absent: number,
): (topic: string) => Promise<number> {
  const known = new Map<string, number>()
  return async (topic) => {
    const count = known.get(topic)
    if (count !== undefined) return count
    const store = topicStore(ports, reached, false)
    try {
      const found = (await store.findTopic(topic))?.partitions ?? absent
      known.set(topic, found)
      return found
    } finally {
      await store.close()
    }
  }
}
