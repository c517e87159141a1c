import type { ErrorCode } from '../../../core/model/error-codes.ts'
import { MillraceError } from '../../../core/model/errors.ts'
import { splitId } from '../../../core/model/position.ts'
import { recordCountOf, stampTransactional } from '../../../formats/record-batch/stamp-producer.ts'
import { attempts } from './attempts.ts'
import type { KafkaConnection } from './connection-options.ts'
import { FENCED, forbidden } from './failures.ts'
import type { KafkaClientOptions, KafkaTransaction, TopicPartition } from './kafka-client.ts'
import { Patience } from './patience.ts'
import { PROTOCOL } from './protocol-errors.ts'

/** Who writes: a transactional id with what the coordinator gave it. */
export interface Producer {
  readonly id: string
  readonly producerId: bigint
  readonly producerEpoch: number
}

/** What a broker said of a batch. */
export interface ProduceAnswer {
  /** Code of the protocol; 0 is none. */
  readonly errorCode: number
  readonly message: string
}

/** The calls of the protocol that a transaction is made of. All throw coded errors, `MR_KAFKA_UNREACHABLE` where trying again may help. */
export interface TransactionCalls {
  /** InitProducerId. */
  begin(id: string): Promise<Producer>
  /** AddPartitionsToTxn. */
  join(producer: Producer, place: TopicPartition): Promise<void>
  /** Produce, to the partition's leader as it is known now. */
  produce(producer: Producer, place: TopicPartition, batch: Uint8Array): Promise<ProduceAnswer>
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
  const patience = new Patience({ clock, random }, HEALING)
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
  }

  async append(place: TopicPartition, batch: Uint8Array): Promise<void> {
    const { producerId, producerEpoch } = this.#producer
    const name = splitId(place.topic, place.partition)
    if (!this.#sequences.has(name)) await this.#patience.with(() => this.#calls.join(this.#producer, place))
    const baseSequence = this.#sequences.get(name) ?? 0
    stampTransactional(batch, { producerId, producerEpoch, baseSequence })
    this.#sequences.set(name, baseSequence + recordCountOf(batch))
    await this.#patience.with(async () =>
      this.#checkTaken(place, batch.length, await this.#calls.produce(this.#producer, place, batch)),
    )
  }

  async commit(): Promise<void> {
    if (this.#sequences.size > 0) await this.#patience.with(() => this.#calls.commit(this.#producer))
  }

  #checkTaken(place: TopicPartition, sizeBytes: number, { errorCode, message }: ProduceAnswer): void {
    if (errorCode === 0 || errorCode === PROTOCOL.duplicateSequence) return
    const attempt = attempts.writePartition(place)
    if (errorCode === PROTOCOL.messageTooLarge || errorCode === PROTOCOL.recordListTooLarge) {
      throw new MillraceError(
        'MR_KAFKA_RECORD_TOO_LARGE',
        `Kafka: ${attempt.what}: the topic does not take a batch of ${sizeBytes} bytes; raise its max.message.bytes, then start again`,
      )
    }
    if (errorCode === PROTOCOL.topicForbidden) throw forbidden(attempt, this.#connection)
    if (errorCode === PROTOCOL.invalidProducerEpoch || errorCode === PROTOCOL.producerFenced) {
      throw new MillraceError('MR_KAFKA_FENCED', `Kafka: ${attempt.what}: ${FENCED}`)
    }
    const text = `Kafka: ${attempt.what}: the broker answered with error ${errorCode} ${message}`
    throw new MillraceError(TRANSIENT.includes(errorCode) ? 'MR_KAFKA_UNREACHABLE' : 'MR_KAFKA_PROTOCOL', text)
  }
}

/** Leadership moves, replicas are missing, the broker is late: a new attempt may find it in order. */
const TRANSIENT: readonly number[] = [
  PROTOCOL.unknownTopicOrPartition,
  PROTOCOL.leaderNotAvailable,
  PROTOCOL.notLeaderOrFollower,
  PROTOCOL.requestTimedOut,
  PROTOCOL.brokerNotAvailable,
  PROTOCOL.replicaNotAvailable,
  PROTOCOL.networkException,
  PROTOCOL.notEnoughReplicas,
  PROTOCOL.notEnoughReplicasAfterAppend,
  PROTOCOL.storageError,
  PROTOCOL.fencedLeaderEpoch,
  PROTOCOL.unknownLeaderEpoch,
  PROTOCOL.unknownTopicId,
]
