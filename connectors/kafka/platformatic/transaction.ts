import {
  type Admin,
  addPartitionsToTxnV3,
  type Broker,
  type Connection,
  endTxnV3,
  FindCoordinatorKeyTypes,
  findErrorBy,
  initProducerIdV4,
} from '@platformatic/kafka'
import { MillraceError } from '../../../core/model/errors.ts'
import { splitId } from '../../../core/model/position.ts'
import { recordCountOf, stampTransactional } from '../../../formats/record-batch/stamp-producer.ts'
import type { Backoff } from '../client/backoff.ts'
import type { KafkaTransaction, TopicPartition } from '../client/kafka-client.ts'
import { produceApi } from './produce-api.ts'
import { PROTOCOL, translateError } from './translate-error.ts'

/** A transaction that stays open for so long is aborted by the broker. */
const TRANSACTION_MS = 60_000
const PRODUCE_MS = 8_000
/** The coordinator is still ending the transaction before: it answers so until the markers are written. */
const SETTLING_MS = 30_000
/** So long a leader may be away while a transaction writes: well below the life of the transaction. */
const PRODUCING_MS = 30_000

export interface TransactionPorts {
  readonly admin: Admin
  readonly backoff: Backoff
  leaderOf(place: TopicPartition): Promise<Broker>
}

/**
 * Begins a transaction under this id: the broker ends what an earlier producer left open, and takes nothing from that one any
 * more. What it had committed is visible when this resolves.
 */
export async function beginTransaction(ports: TransactionPorts, id: string): Promise<KafkaTransaction> {
  const { backoff } = ports
  for (;;) {
    try {
      const coordinator = await coordinatorOf(ports.admin, id)
      const { producerId, producerEpoch } = await initProducerIdV4.api.async(coordinator, id, TRANSACTION_MS, -1n, -1)
      return new RawTransaction(ports, { id, coordinator, producerId, producerEpoch })
    } catch (error) {
      const isSettling = findErrorBy(asError(error), 'apiCode', PROTOCOL.concurrentTransactions) !== null
      const isMoving = translateError(error, 'begin').code === 'MR_KAFKA_UNREACHABLE'
      if (!(isSettling || isMoving) || backoff.failingForMs > SETTLING_MS) throw error
      await backoff.failed()
    }
  }
}

class RawTransaction implements KafkaTransaction {
  readonly #ports: TransactionPorts
  readonly #of: TransactionState
  readonly #sequences = new Map<string, number>()
  readonly #leaders = new Map<string, Broker>()

  constructor(ports: TransactionPorts, state: TransactionState) {
    this.#ports = ports
    this.#of = state
  }

  async append(place: TopicPartition, batch: Uint8Array): Promise<void> {
    const { producerId, producerEpoch } = this.#of
    const name = splitId(place.topic, place.partition)
    if (!this.#sequences.has(name)) await this.#add(place)
    const baseSequence = this.#sequences.get(name) ?? 0
    stampTransactional(batch, { producerId, producerEpoch, baseSequence })
    this.#sequences.set(name, baseSequence + recordCountOf(batch))
    for (;;) {
      try {
        await this.#produce(place, batch)
        this.#ports.backoff.succeeded()
        return
      } catch (error) {
        const coded = translateError(error, `write ${name}`)
        if (coded.code !== 'MR_KAFKA_UNREACHABLE' || this.#ports.backoff.failingForMs > PRODUCING_MS) throw coded
        this.#leaders.delete(name)
        await this.#ports.backoff.failed()
      }
    }
  }

  async commit(): Promise<void> {
    const { id, coordinator, producerId, producerEpoch } = this.#of
    if (this.#sequences.size === 0) return
    await endTxnV3.api.async(coordinator, id, producerId, producerEpoch, true)
  }

  /** May be done again with the same batch: the broker knows by its sequence that it has it. */
  async #produce(place: TopicPartition, batch: Uint8Array): Promise<void> {
    const { topic, partition } = place
    const name = splitId(topic, partition)
    const leader = this.#leaders.get(name) ?? (await this.#ports.leaderOf(place))
    this.#leaders.set(name, leader)
    const connection = await this.#ports.admin.connections.get(leader)
    const request = { transactionalId: this.#of.id, timeoutMs: PRODUCE_MS, topic, partition, batch }
    const answer = await produceApi.async(connection, request)
    if (answer.errorCode !== 0 && answer.errorCode !== PROTOCOL.duplicateSequence) throw refused(name, answer)
  }

  async #add({ topic, partition }: TopicPartition): Promise<void> {
    const { id: transactionalId, coordinator, producerId, producerEpoch } = this.#of
    const topics = [{ name: topic, partitions: [partition] }]
    const transaction = { transactionalId, producerId, producerEpoch, verifyOnly: false, topics }
    await addPartitionsToTxnV3.api.async(coordinator, [transaction])
  }
}

interface TransactionState {
  readonly id: string
  readonly coordinator: Connection
  readonly producerId: bigint
  readonly producerEpoch: number
}

async function coordinatorOf(admin: Admin, id: string): Promise<Connection> {
  const found = await admin.findCoordinator({ keyType: FindCoordinatorKeyTypes.TRANSACTION, keys: [id] })
  const coordinator = found.find(({ key }) => key === id)
  if (coordinator === undefined) {
    throw new MillraceError('MR_KAFKA_UNREACHABLE', `Kafka: transaction "${id}" has no coordinator yet`)
  }
  return admin.connections.get({ host: coordinator.host, port: coordinator.port })
}

function refused(name: string, { errorCode, message }: { errorCode: number; message: string }): MillraceError {
  if (errorCode === PROTOCOL.topicForbidden) {
    return new MillraceError('MR_KAFKA_FORBIDDEN', `Kafka: write ${name}: the user may not; grant WRITE on the topic`)
  }
  const text = `Kafka: write ${name}: the broker answered with error ${errorCode} ${message}`
  return new MillraceError(TRANSIENT.includes(errorCode) ? 'MR_KAFKA_UNREACHABLE' : 'MR_KAFKA_PROTOCOL', text)
}

/** Leadership moves, replicas are missing, the broker is late: a new attempt may find it in order. */
const TRANSIENT: readonly number[] = [3, 5, 6, 7, 8, 9, 13, 19, 20, 56, 74, 75, 100]

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
