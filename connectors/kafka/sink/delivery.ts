import { MillraceError } from '../../../core/model/errors.ts'
import type { Codec } from '../../../formats/record-batch/compression.ts'
import type { KafkaClient, TopicDescription } from '../client/kafka-client.ts'
import { Patience, type PatiencePorts } from '../client/patience.ts'
import { Signal } from '../client/signal.ts'
import { type OutgoingRow, PartitionLane } from './partition-lane.ts'

/** So many bytes may wait for acknowledgements. */
const BUSY_BYTES = 4_194_304

export interface DeliveryOptions {
  readonly topic: string
  readonly codec: Codec
  readonly ports: PatiencePorts
  client(): Promise<KafkaClient>
}

/**
 * What one task has under way to one topic, by a client of its own. It connects with the first row; rows that come before the
 * partitions are known wait for them.
 */
export class Delivery {
  readonly #options: DeliveryOptions
  readonly #patience: Patience
  readonly #closing = new AbortController()
  readonly #news = new Signal()
  #opening: Promise<void> | undefined
  #client: Promise<KafkaClient> | undefined
  #topic: TopicDescription | undefined
  #lanes: PartitionLane[] = []
  #early: OutgoingRow[] = []
  #waitingBytes = 0
  #hasSent = false
  #failure: { readonly error: unknown } | undefined

  constructor(options: DeliveryOptions) {
    this.#options = options
    // News of a topic that was just made travel from broker to broker.
    const healing = ['MR_KAFKA_UNREACHABLE', 'MR_KAFKA_TOPIC_UNKNOWN'] as const
    this.#patience = new Patience(options.ports, { healing, signal: this.#closing.signal })
  }

  /** More bytes wait than should, nothing is known of the topic yet, or `ready` has something to throw. */
  get isBusy(): boolean {
    return this.#failure !== undefined || this.#early.length > 0 || this.#waitingBytes > BUSY_BYTES
  }

  /** Copies the row. */
  add(row: OutgoingRow): void {
    this.#hasSent = true
    if (this.#topic === undefined) this.#wait(row)
    else this.#lanes[row.hash % this.#lanes.length]!.add(row)
  }

  /** Sends what was added to partitions from which no acknowledgement is to come; to the others it goes together, when that is there. */
  flush(): void {
    for (const lane of this.#lanes) lane.flush()
  }

  async ready(): Promise<void> {
    while (this.isBusy) {
      this.#check()
      await this.#news.wait()
    }
  }

  /** Resolves when all replicas in sync have everything that was added before. Then partitions that are new are used. */
  async settle(): Promise<void> {
    if (!this.#hasSent) return
    this.#hasSent = false
    // At once where that is possible: what comes after the call must not be waited for.
    if (this.#topic === undefined) await this.#opening
    this.#check()
    await Promise.all(this.#lanes.map((lane) => lane.settle()))
    this.#check()
    this.#useTopic(await this.#describe())
  }

  /** Gives up what is not acknowledged. */
  async close(): Promise<void> {
    this.#closing.abort()
    await (await this.#client)?.close()
  }

  #wait({ hash, timestamp, key, bytes, length }: OutgoingRow): void {
    const copied = bytes?.slice(0, length) ?? null
    this.#early.push({ hash, timestamp, key: key?.slice() ?? null, bytes: copied, length })
    this.#opening ??= this.#open().catch((error: unknown) => this.#fail(error))
  }

  async #open(): Promise<void> {
    this.#client = this.#options.client()
    this.#useTopic(await this.#describe())
    const early = this.#early
    this.#early = []
    for (const row of early) this.add(row)
    this.flush()
    this.#news.notify()
  }

  async #describe(): Promise<TopicDescription> {
    const client = await this.#client!
    const [found] = await this.#patience.with(() => client.describeTopics([this.#options.topic]))
    return found!
  }

  #useTopic(found: TopicDescription): void {
    if (this.#topic !== undefined && this.#topic.id !== found.id) throw replacedTopic(found)
    this.#topic = found
    while (this.#lanes.length < found.partitions) this.#lanes.push(this.#lane(this.#lanes.length))
  }

  #lane(partition: number): PartitionLane {
    return new PartitionLane({
      codec: this.#options.codec,
      append: async (batch) => (await this.#client!).producer.append({ topic: this.#options.topic, partition }, batch),
      onWaiting: (bytes) => {
        this.#waitingBytes += bytes
        if (bytes < 0) this.#news.notify()
      },
      onFailure: (error) => this.#fail(error),
    })
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
    this.#news.notify()
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }
}

/** What was acknowledged is gone with the topic that had it. */
function replacedTopic({ name, id }: TopicDescription): MillraceError {
  const message = `Kafka: topic "${name}" was created anew while records were written to it: it has id ${id} now`
  return new MillraceError('MR_SINK_REPLACED', message, { details: { topic: name, id } })
}
