import type { ErrorCode } from '../../../core/model/error-codes.ts'
import { splitId } from '../../../core/model/position.ts'
import { recordCountOf, sequenceAfter, stampTransactional } from '../../../formats/record-batch/stamp-producer.ts'
import { BatchSender } from './batch-sender.ts'
import { checkTaken } from './check-taken.ts'
import type { KafkaConnection } from './connection-options.ts'
import type { KafkaClientOptions, KafkaTransaction, TopicPartition } from './kafka-client.ts'
import { Patience } from './patience.ts'
import type { ProduceCalls } from './produce-calls.ts'

/** Who writes: a transactional id with what the coordinator gave it. */
export interface Producer {
  readonly id: string
  readonly producerId: bigint
  readonly producerEpoch: number
}

/** The calls of the protocol that a transaction is made of. All throw coded errors, `MR_KAFKA_UNREACHABLE` where trying again may help. */
export interface TransactionCalls extends ProduceCalls {
  /** InitProducerId. */
  begin(id: string): Promise<Producer>
  /** AddPartitionsToTxn. */
  join(producer: Producer, place: TopicPartition): Promise<void>
  /** EndTxn, with a commit. */
  commit(producer: Producer): Promise<void>
}

/**
 * Begins a transaction under this id: the broker ends what an earlier producer left open, and takes nothing from that one any
 * more. What it had committed is visible when this resolves.
 */
export async function beginTransaction(
  calls: TransactionCalls,
  id: string,
  { clock, random, connection }: TransactionPorts,
): Promise<KafkaTransaction> {
  // Quietly: that the transaction before is still being ended is the order of things.
  const patience = new Patience({ clock, random }, { healing: HEALING })
  const producer = await patience.with(() => calls.begin(id))
  return new FencedTransaction({ calls, producer, patience, connection })
}

type TransactionPorts = Pick<KafkaClientOptions, 'clock' | 'random' | 'connection'>

/** News of a topic that was just made travel from broker to broker. */
const HEALING: readonly ErrorCode[] = ['MR_KAFKA_UNREACHABLE', 'MR_KAFKA_TOPIC_UNKNOWN']

/** Every step may be done again: producer id, epoch and sequence tell the broker that it is the same one. */
class FencedTransaction implements KafkaTransaction {
  readonly #calls: TransactionCalls
  readonly #producer: Producer
  readonly #patience: Patience
  readonly #connection: KafkaConnection
  readonly #sender: BatchSender
  readonly #sequences = new Map<string, number>()

  constructor(of: {
    readonly calls: TransactionCalls
    readonly producer: Producer
    readonly patience: Patience
    readonly connection: KafkaConnection
  }) {
    this.#calls = of.calls
    this.#producer = of.producer
    this.#patience = of.patience
    this.#connection = of.connection
    this.#sender = new BatchSender(of.calls, of.producer.id)
  }

  async append(place: TopicPartition, batch: Uint8Array): Promise<void> {
    const { producerId, producerEpoch } = this.#producer
    const name = splitId(place.topic, place.partition)
    if (!this.#sequences.has(name)) await this.#patience.with(() => this.#calls.join(this.#producer, place))
    const baseSequence = this.#sequences.get(name) ?? 0
    stampTransactional(batch, { producerId, producerEpoch, baseSequence })
    this.#sequences.set(name, sequenceAfter(baseSequence, recordCountOf(batch)))
    const placed = { ...place, batch }
    await this.#patience.with(async () => checkTaken(await this.#sender.send(placed), placed, this.#connection))
  }

  async commit(): Promise<void> {
    if (this.#sequences.size > 0) await this.#patience.with(() => this.#calls.commit(this.#producer))
  }
}
