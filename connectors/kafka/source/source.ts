import { MillraceError } from '../../../core/model/errors.ts'
import { type Position, placeOfSplit, type Split, splitId } from '../../../core/model/position.ts'
import type { ConnectorPorts } from '../../../core/ports/connector-ports.ts'
import type { Source, SourceSpec, SplitReader } from '../../../core/ports/source.ts'
import { offsetGone, topicReplaced } from '../client/fetch-failures.ts'
import { type KafkaClient, NO_EPOCH, type OffsetSpec, type TopicDescription } from '../client/kafka-client.ts'
import { openClient } from '../client/open-client.ts'
import { Patience } from '../client/patience.ts'
import { diagnoseSource } from '../diagnosis/diagnose-source.ts'
import { deadLettersOf } from '../sink/sink.ts'
import { metadataOf, otherOwner } from './group-owner.ts'
import { matchingTopics } from './matching-topics.ts'
import {
  type KafkaSourceOptions,
  namesOf,
  planOptions,
  type ResolvedKafkaSource,
  resolveKafkaSource,
} from './source-options.ts'
import { KafkaSplitReader } from './split-reader.ts'

/**
 * Reads topics of Apache Kafka, one split per partition, values decoded as JSON against the contract. Replayable: positions are
 * topic id, offset and leader epoch, kept in the checkpoint; offsets in the group only tell lag tools how far it is. Never
 * skips, never resets: an offset that is gone is `MR_POSITION_LOST`, a topic that was created anew `MR_SOURCE_REPLACED`.
 *
 * @example
 * const events = from('raw', kafka({ brokers: 'localhost:9092', topics: ['events.raw.v1'], contract: event }))
 */
export function kafka<T>(options: KafkaSourceOptions<T>): SourceSpec<T> {
  const resolved = resolveKafkaSource(options)
  const { connection, client, deadLetters } = resolved
  return {
    role: 'source',
    connector: 'kafka',
    contract: resolved.contract,
    outOfOrdernessMs: resolved.outOfOrdernessMs,
    options: planOptions(resolved),
    deadLetters: deadLettersOf({ connection, client, topic: deadLetters, create: true }),
    open: (ports) => new KafkaSource(ports, resolved),
    diagnose: (context) => diagnoseSource(context, resolved),
  }
}

class KafkaSource implements Source {
  readonly #ports: ConnectorPorts
  readonly #options: ResolvedKafkaSource<unknown>
  readonly #patience: Patience
  #client: Promise<KafkaClient> | undefined
  #topics: ReadonlyMap<string, TopicDescription> | undefined
  #groupChecked: Promise<void> | undefined
  #advice: ReadonlyMap<string, Position> | undefined
  #advising: Promise<void> | undefined

  constructor(ports: ConnectorPorts, options: ResolvedKafkaSource<unknown>) {
    this.#ports = ports
    this.#options = options
    this.#patience = new Patience(ports)
  }

  async splits(): Promise<readonly Split[]> {
    this.#groupChecked ??= this.#checkGroup()
    await this.#groupChecked
    const topics = await this.#describe()
    return topics.flatMap(({ name, partitions }) =>
      Array.from({ length: partitions }, (_, partition) => ({ id: splitId(name, partition), topic: name, partition })),
    )
  }

  async startPosition(split: Split, isLate = false): Promise<Position> {
    const start = isLate ? 'earliest' : this.#options.start
    if (typeof start !== 'object') return this.#position(split, start)
    if ('timestamp' in start) return this.positionAt(split, start.timestamp)
    const { id: incarnation } = await this.#topic(split.topic)
    return { offset: await this.#checked(split, start.offset), incarnation }
  }

  endPosition(split: Split): Promise<Position> {
    return this.#position(split, 'latest')
  }

  positionAt(split: Split, timestampMs: number): Promise<Position> {
    return this.#position(split, timestampMs)
  }

  async reader(split: Split, position: Position, splitIndex: number): Promise<SplitReader> {
    const topic = await this.#topic(split.topic)
    if (topic.id !== position.incarnation)
      throw topicReplaced({ topic: topic.name, topicId: position.incarnation }, topic.id)
    await this.#refusePassed(split, position.offset)
    const client = await this.#open()
    const { topic: name, partition } = split
    const { offset, leaderEpoch = NO_EPOCH } = position
    const feed = client.feed({ topic: name, partition, topicId: topic.id, offset, leaderEpoch })
    const { contract, maxValueBytes } = this.#options
    return new KafkaSplitReader(feed, position, {
      split,
      splitIndex,
      contract,
      maxValueBytes,
      sha256: this.#ports.sha256,
    })
  }

  /** Sends in the background: no epoch waits for advice. What comes while one is under way replaces what came before. */
  async advise(positions: ReadonlyMap<string, Position>): Promise<void> {
    this.#advice = positions
    this.#advising ??= this.#sendAdvice().finally(() => {
      this.#advising = undefined
    })
  }

  /** The last advice is sent first. */
  async close(): Promise<void> {
    await this.#advising
    await (await this.#client)?.close()
  }

  async #sendAdvice(): Promise<void> {
    const { pipeline, logger } = this.#ports
    const group = this.#group
    for (let positions = this.#advice; positions !== undefined; positions = this.#advice) {
      this.#advice = undefined
      const offsets = [...positions].map(([id, { offset }]) => ({
        ...placeOfSplit(id),
        offset,
        metadata: metadataOf(pipeline),
      }))
      try {
        await (await this.#open()).commitOffsets(group, offsets)
      } catch (error) {
        logger.warn('the group did not take its advisory offsets', { group, message: String(error) })
      }
    }
  }

  /** Refuses a group that another pipeline keeps its advice in. */
  async #checkGroup(): Promise<void> {
    const { pipeline } = this.#ports
    const client = await this.#open()
    const group = this.#group
    const offsets = await this.#patience.with(() => client.groupOffsets(group))
    const other = otherOwner(offsets, pipeline)
    if (other === undefined) return
    const message = `Kafka: group "${group}" has the offsets of pipeline "${other}"; give "${pipeline}" another group`
    throw new MillraceError('MR_KAFKA_GROUP_SHARED', message, { details: { group } })
  }

  get #group(): string {
    return this.#options.group ?? this.#ports.pipeline
  }

  /** The offset, if the partition has it. */
  async #checked(split: Split, offset: number): Promise<number> {
    const start = await this.#offset(split, 'earliest')
    const end = await this.#offset(split, 'latest')
    if (offset >= start && offset <= end) return offset
    throw offsetGone(split, offset, { start, end })
  }

  /** Only what retention has passed: an offset may lie beyond the last stable one, and beyond the end the broker refuses it. */
  async #refusePassed(split: Split, offset: number): Promise<void> {
    const start = await this.#offset(split, 'earliest')
    if (offset < start) throw offsetGone(split, offset, { start, end: await this.#offset(split, 'latest') })
  }

  async #position(split: Split, at: OffsetSpec): Promise<Position> {
    const { id: incarnation } = await this.#topic(split.topic)
    return { offset: await this.#offset(split, at), incarnation }
  }

  async #offset(split: Split, at: OffsetSpec): Promise<number> {
    const client = await this.#open()
    const [offset] = await this.#patience.with(() => client.listOffsets([split], at))
    return offset!
  }

  async #topic(name: string): Promise<TopicDescription> {
    if (this.#topics?.has(name) !== true) await this.#describe()
    const topic = this.#topics?.get(name)
    if (topic !== undefined) return topic
    throw new MillraceError('MR_KAFKA_TOPIC_UNKNOWN', `Kafka: topic "${name}" does not exist`)
  }

  async #describe(): Promise<readonly TopicDescription[]> {
    const client = await this.#open()
    const { topics } = this.#options
    return this.#patience.with(async () => {
      const names = topics instanceof RegExp ? matchingTopics(await client.listTopics(), topics) : topics
      const described = await client.describeTopics(names)
      this.#topics = new Map(described.map((topic) => [topic.name, topic]))
      return described
    })
  }

  #open(): Promise<KafkaClient> {
    this.#client ??= this.#connect()
    return this.#client
  }

  async #connect(): Promise<KafkaClient> {
    const { isolation, topics } = this.#options
    const made = await openClient(this.#ports, this.#options)
    if (isolation === 'read_committed' && !made.capabilities.readCommitted) {
      await made.close()
      const message = `kafka ${namesOf(topics)}: this client delivers records of aborted transactions; choose the client "platformatic" or isolation "read_uncommitted"`
      throw new MillraceError('MR_KAFKA_UNSUPPORTED', message)
    }
    return made
  }
}
