import { MillraceError } from '../../../core/model/errors.ts'
import { refuseUnknownKeys, suggestion } from '../../../core/model/nearest.ts'
import { CODECS, type Codec } from '../../../formats/record-batch/compression.ts'
import { checkTopicName, resolveClient } from '../client/check-options.ts'
import {
  CONNECTION_KEYS,
  type KafkaConnection,
  type KafkaConnectionOptions,
  resolveConnection,
} from '../client/connection-options.ts'
import type { KafkaClientChoice } from '../client/open-client.ts'

/** Guarantee of a sink into a topic. */
export type KafkaDelivery = 'exactly-once' | 'at-least-once'

const DELIVERIES: readonly KafkaDelivery[] = ['exactly-once', 'at-least-once']

export interface KafkaTopicOptions extends KafkaConnectionOptions {
  readonly topic: string
  /** Create the topic with so many partitions where it is absent. Default: it must exist. */
  readonly createPartitions?: number
  /** Default `lz4`. */
  readonly codec?: Codec
  /** Field whose value becomes the record's key and chooses its partition. Default: no key, by origin split. */
  readonly key?: string
  /**
   * What readers of committed records see. Default `exactly-once`: each record once, as one transaction per epoch. With
   * `at-least-once` records are sent as they come, so that they are there within milliseconds and not with the next epoch; after a
   * crash those since the last checkpoint come again, and none is ever missing. Both keep the order of a key, whose records go to
   * one partition; what comes again comes in that order, too.
   */
  readonly delivery?: KafkaDelivery
  /** Library that talks to the brokers. Default `platformatic`. */
  readonly client?: KafkaClientChoice
}

export interface KafkaDeadLetterOptions extends KafkaConnectionOptions {
  /** Default: `<topic of the record>.dlq`. */
  readonly topic?: string
  /** Create topics with one partition when they are first needed. Default true. */
  readonly create?: boolean
  /** Library that talks to the brokers. Default `platformatic`. */
  readonly client?: KafkaClientChoice
}

export interface ResolvedKafkaTopic {
  readonly topic: string
  readonly connection: KafkaConnection
  readonly createPartitions: number | undefined
  readonly codec: Codec
  readonly key: string | undefined
  readonly delivery: KafkaDelivery
  readonly client: KafkaClientChoice
}

export interface ResolvedKafkaDeadLetters {
  readonly topic: string | undefined
  readonly connection: KafkaConnection
  readonly create: boolean
  readonly client: KafkaClientChoice
}

const TOPIC_KEYS = ['topic', 'createPartitions', 'codec', 'key', 'delivery', 'client', ...CONNECTION_KEYS]

/** Throws `MR_OPTION_UNKNOWN`, `MR_OPTION_INVALID`. */
export function resolveKafkaTopic(options: KafkaTopicOptions): ResolvedKafkaTopic {
  refuseUnknownKeys('kafkaTopic', options, TOPIC_KEYS)
  const { topic, createPartitions, codec = 'lz4', key, delivery = 'exactly-once' } = options
  checkTopicName('kafkaTopic', topic)
  const where = `kafkaTopic "${topic}"`
  if (createPartitions !== undefined && !(Number.isInteger(createPartitions) && createPartitions > 0)) {
    throw new MillraceError(
      'MR_OPTION_INVALID',
      `${where}: createPartitions is a whole number from 1, not ${createPartitions}`,
    )
  }
  if (!CODECS.includes(codec)) {
    throw new MillraceError('MR_OPTION_INVALID', `${where}: codec "${codec}"${suggestion(codec, CODECS)}`)
  }
  if (!DELIVERIES.includes(delivery)) {
    const message = `${where}: delivery "${delivery}"${suggestion(delivery, DELIVERIES)}`
    throw new MillraceError('MR_OPTION_INVALID', message)
  }
  const connection = resolveConnection(where, options)
  return Object.freeze({
    topic,
    connection,
    createPartitions,
    codec,
    key,
    delivery,
    client: resolveClient(where, options.client),
  })
}

/** Throws `MR_OPTION_UNKNOWN`, `MR_OPTION_INVALID`. */
export function resolveKafkaDeadLetters(options: KafkaDeadLetterOptions): ResolvedKafkaDeadLetters {
  refuseUnknownKeys('kafkaDeadLetters', options, ['topic', 'create', 'client', ...CONNECTION_KEYS])
  const { topic, create = true } = options
  if (topic !== undefined) checkTopicName('kafkaDeadLetters', topic)
  const connection = resolveConnection('kafkaDeadLetters', options)
  return Object.freeze({ topic, connection, create, client: resolveClient('kafkaDeadLetters', options.client) })
}
