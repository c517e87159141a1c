import { checkTopicName, resolveClient } from '../../connectors/kafka/client/check-options.ts'
import { type KafkaConnectionOptions, resolveConnection } from '../../connectors/kafka/client/connection-options.ts'
import { offsetGone } from '../../connectors/kafka/client/fetch-failures.ts'
import type { KafkaClient, OffsetSpec, TopicPartition } from '../../connectors/kafka/client/kafka-client.ts'
import {
  DEFAULT_WAIT_MS,
  DEFAULT_WAITING_BYTES,
  type KafkaClientChoice,
  openClient,
} from '../../connectors/kafka/client/open-client.ts'
import { Patience } from '../../connectors/kafka/client/patience.ts'
import type { MirrorOrigin } from '../../connectors/log/partitioned-log/mirror-origin.ts'
import type { Topic } from '../../connectors/log/partitioned-log/topic.ts'
import { MillraceError } from '../../core/model/errors.ts'
import type { ResolvedStart } from '../../core/model/source-start.ts'
import type { ConnectorPorts } from '../../core/ports/connector-ports.ts'

/** Where a copy begins; `last` counts offsets at the end of each partition. */
export type MirrorStart = ResolvedStart | { readonly last: number }

/** How to reach a topic of Kafka. */
export interface MirrorSourceOptions extends KafkaConnectionOptions {
  readonly topic: string
  readonly client?: KafkaClientChoice
}

/** The topic of Kafka that is copied, as its cluster described it at the start. */
export class MirrorSource {
  readonly topic: string
  readonly topicId: string
  readonly places: readonly TopicPartition[]
  readonly client: KafkaClient
  readonly #patience: Patience

  private constructor(
    client: KafkaClient,
    patience: Patience,
    described: { topic: string; id: string; count: number },
  ) {
    const { topic, id, count } = described
    this.client = client
    this.topic = topic
    this.topicId = id
    this.places = Array.from({ length: count }, (_, partition) => ({ topic, partition }))
    this.#patience = patience
  }

  /** Throws `MR_KAFKA_TOPIC_UNKNOWN`, after 30 s without an answer `MR_KAFKA_UNREACHABLE`. */
  static async open(ports: ConnectorPorts, options: MirrorSourceOptions): Promise<MirrorSource> {
    const { topic } = options
    const where = `kafka "${topic}"`
    checkTopicName(where, topic)
    const client = await openClient(ports, {
      client: resolveClient(where, options.client),
      connection: resolveConnection(where, options),
      isolation: 'read_committed',
      maxWaitingBytes: DEFAULT_WAITING_BYTES,
      maxWaitMs: DEFAULT_WAIT_MS,
    })
    try {
      const patience = new Patience(ports)
      const [described] = await patience.with(() => client.describeTopics([topic]))
      return new MirrorSource(client, patience, { topic, id: described!.id, count: described!.partitions })
    } catch (error) {
      await client.close()
      throw error
    }
  }

  /** How many partitions the topic has now; asked once. */
  async countPartitions(): Promise<number> {
    const [described] = await this.client.describeTopics([this.topic])
    return described!.partitions
  }

  /** An offset per partition. */
  offsets(at: OffsetSpec): Promise<readonly number[]> {
    return this.#patience.with(() => this.client.listOffsets(this.places, at))
  }

  /** What a new copy is to remember. Throws `MR_POSITION_LOST` for an offset that a partition does not have. */
  async originAt(start: MirrorStart): Promise<MirrorOrigin> {
    const starts = await this.#starts(start)
    const { topic, topicId } = this
    return this.client.capabilities.topicIdentity ? { topic, topicId, starts } : { topic, starts }
  }

  /** Throws `MR_POSITION_LOST` unless every partition holds its offset. */
  async checkOffsets(offsets: readonly number[]): Promise<void> {
    const [starts, ends] = [await this.offsets('earliest'), await this.offsets('latest')]
    for (const [partition, offset] of offsets.entries()) {
      const bounds = { start: starts[partition]!, end: ends[partition]! }
      if (offset < bounds.start || offset > bounds.end) throw offsetGone(this.places[partition]!, offset, bounds)
    }
  }

  /** Throws `MR_LOG_TOPIC_EXISTS` unless the copy is of this topic, with as many partitions. */
  checkCopy(copy: Topic, origin: MirrorOrigin): void {
    const { name } = copy
    const { topic, topicId, client } = this
    const isSameId = origin.topicId === undefined || !client.capabilities.topicIdentity || origin.topicId === topicId
    if (origin.topic !== topic) throw refusal(name, `is a copy of "${origin.topic}", not of "${topic}"`)
    if (!isSameId) {
      const why = `is a copy of "${topic}" with id ${origin.topicId}, this one has id ${topicId}: it was created anew, or is of another cluster`
      throw refusal(name, why)
    }
    checkCount(copy, this.places.length)
  }

  async close(): Promise<void> {
    await this.client.close()
  }

  async #starts(start: MirrorStart): Promise<readonly number[]> {
    if (start === 'earliest' || start === 'latest') return this.offsets(start)
    if ('timestamp' in start) return this.offsets(start.timestamp)
    if ('last' in start) {
      const [starts, ends] = [await this.offsets('earliest'), await this.offsets('latest')]
      return ends.map((end, partition) => Math.max(starts[partition]!, end - start.last))
    }
    const starts = this.places.map(() => start.offset)
    await this.checkOffsets(starts)
    return starts
  }
}

/** Throws `MR_LOG_TOPIC_EXISTS` where Kafka's topic has another number of partitions than the copy. */
export function checkCount({ name, partitions }: Topic, now: number): void {
  if (partitions === now) return
  const why = `has ${partitions} partitions, the topic of Kafka ${now} by now: partitions cannot be added to a topic of the log`
  throw refusal(name, why)
}

function refusal(name: string, why: string): MillraceError {
  const message = `topic "${name}" ${why}; give the copy another name with --as`
  return new MillraceError('MR_LOG_TOPIC_EXISTS', message, { details: { topic: name } })
}
