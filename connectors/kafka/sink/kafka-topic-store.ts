import { MillraceError } from '../../../core/model/errors.ts'
import type { RecordBatchView } from '../../../formats/record-batch/decode.ts'
import {
  type AbortedTransaction,
  isAbortMarker,
  TransactionFilter,
} from '../../../formats/record-batch/transaction-filter.ts'
import type { BatchAppender, StoredTopic, TopicStore } from '../../outbox/topic-store.ts'
import { offsetGone } from '../client/fetch-failures.ts'
import { type KafkaClient, type KafkaTransaction, NO_EPOCH } from '../client/kafka-client.ts'
import type { Patience } from '../client/patience.ts'

/** A part of a partition; `to` is exclusive. */
interface Range {
  readonly topic: StoredTopic
  readonly partition: number
  readonly from: number
  readonly to: number
}

/**
 * Kafka as the sinks see it. An appender is a transaction: opening it fences the one before under the same id and settles what
 * that left open, so that a read after it sees all that will ever come of it. It reads to the high watermark and decides by the
 * markers there what is committed: the last stable offset may be held back by transactions of others.
 */
export class KafkaTopicStore implements TopicStore {
  readonly #client: () => Promise<KafkaClient>
  readonly #patience: Patience
  readonly #transactionalId: string
  readonly #mayCreate: boolean
  #opened: Promise<KafkaClient> | undefined
  /** Nothing that an earlier transaction of ours sent is undecided. */
  #isSettled = false

  /** `client` makes one that sees uncommitted records. */
  constructor(of: {
    readonly client: () => Promise<KafkaClient>
    readonly patience: Patience
    readonly transactionalId: string
    readonly mayCreate: boolean
  }) {
    this.#client = of.client
    this.#patience = of.patience
    this.#transactionalId = of.transactionalId
    this.#mayCreate = of.mayCreate
  }

  async findTopic(name: string): Promise<StoredTopic | undefined> {
    try {
      return await this.#ask(async (client) => (await client.describeTopics([name]))[0])
    } catch (error) {
      if (isUnknown(error)) return undefined
      throw error
    }
  }

  /** Gives the topic that is there, however many partitions it has. Throws `MR_KAFKA_TOPIC_UNKNOWN` where none may be made. */
  async createTopic(name: string, partitions: number): Promise<StoredTopic> {
    const found = await this.findTopic(name)
    if (found !== undefined) return found
    if (!this.#mayCreate) throw unknownTopic(name)
    await this.#ask((client) => client.createTopic(name, partitions))
    return this.#ask(async (client) => {
      const [described] = await client.describeTopics([name]).catch((error: unknown) => {
        // News of a topic travel from broker to broker.
        throw isUnknown(error)
          ? new MillraceError('MR_KAFKA_UNREACHABLE', `Kafka: topic "${name}" is being made`)
          : error
      })
      return described!
    })
  }

  async endOffset(topic: StoredTopic, partition: number): Promise<number> {
    const [end] = await this.#ask((client) => client.listOffsets([{ topic: topic.name, partition }], 'latest'))
    return end!
  }

  async *batchesFrom(topic: StoredTopic, partition: number, offset: number): AsyncGenerator<RecordBatchView, void> {
    let range = await this.#rangeFrom(topic, partition, offset)
    let uncommitted = await this.#uncommitted(range)
    if (uncommitted.isOneOpen && !this.#isSettled) {
      await this.#settle()
      // The markers stand after what was there before.
      range = await this.#rangeFrom(topic, partition, offset)
      uncommitted = await this.#uncommitted(range)
    }
    const filter = new TransactionFilter(uncommitted.transactions)
    for await (const view of this.#read(range)) yield filter.visible(view)
  }

  async openAppender(name: string): Promise<BatchAppender> {
    const topic = await this.findTopic(name)
    if (topic === undefined) throw unknownTopic(name)
    const transaction = await this.#settle()
    return {
      topic,
      appendBatch: (partition, batch) => transaction.append({ topic: name, partition }, batch),
      sync: async () => {
        await transaction.commit()
        // Decided, but its markers may still be on their way.
        this.#isSettled = false
      },
      close: async () => {
        // What was not committed is aborted when the next one is opened.
      },
    }
  }

  async close(): Promise<void> {
    await (await this.#opened)?.close()
  }

  async #rangeFrom(topic: StoredTopic, partition: number, from: number): Promise<Range> {
    return { topic, partition, from, to: await this.endOffset(topic, partition) }
  }

  /** Begins a transaction of ours: the one before is aborted if it was open, and visible if it was committed. */
  async #settle(): Promise<KafkaTransaction> {
    const transaction = await this.#ask((client) => client.transaction(this.#transactionalId))
    this.#isSettled = true
    return transaction
  }

  /** Transactions in the range that were aborted or have not ended. */
  async #uncommitted(
    range: Range,
  ): Promise<{ readonly transactions: readonly AbortedTransaction[]; readonly isOneOpen: boolean }> {
    const open = new Map<bigint, AbortedTransaction>()
    const aborted: AbortedTransaction[] = []
    for await (const view of this.#read(range)) {
      const { producerId } = view
      const begun = open.get(producerId)
      if (view.isControl) {
        if (begun !== undefined && isAbortMarker(view)) aborted.push(begun)
        open.delete(producerId)
      } else if (view.isTransactional && begun === undefined) {
        open.set(producerId, { producerId, firstOffset: view.baseOffset })
      }
    }
    return { transactions: [...aborted, ...open.values()], isOneOpen: open.size > 0 }
  }

  /** Every batch of the range, with markers. */
  async *#read({ topic, partition, from, to }: Range): AsyncGenerator<RecordBatchView, void> {
    if (from > to) throw offsetGone({ topic: topic.name, partition }, from, { start: 0, end: to })
    if (from === to) return
    const client = await this.#connected()
    const feed = client.feed({ topic: topic.name, topicId: topic.id, partition, offset: from, leaderEpoch: NO_EPOCH })
    try {
      for (let next = from; next < to; ) {
        const view = feed.take()
        if (view === undefined) {
          await this.#patience.until(feed.arrival(), `read ${topic.name}-${partition} back`)
          continue
        }
        next = view.nextOffset
        yield view
      }
    } finally {
      feed.close()
    }
  }

  async #ask<T>(what: (client: KafkaClient) => Promise<T>): Promise<T> {
    const client = await this.#connected()
    return this.#patience.with(() => what(client))
  }

  #connected(): Promise<KafkaClient> {
    this.#opened ??= this.#client()
    return this.#opened
  }
}

function isUnknown(error: unknown): boolean {
  return error instanceof MillraceError && error.code === 'MR_KAFKA_TOPIC_UNKNOWN'
}

function unknownTopic(name: string): MillraceError {
  const message = `Kafka: topic "${name}" does not exist; create it first, or let the sink do it by its options`
  return new MillraceError('MR_KAFKA_TOPIC_UNKNOWN', message, { details: { topic: name } })
}
