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
import { PROTOCOL } from '../client/protocol-errors.ts'
import { produceApi } from './produce-api.ts'
import { translateError } from './translate-error.ts'

/** A transaction that stays open for so long is aborted by the broker. */
const TRANSACTION_MS = 60_000
const PRODUCE_MS = 8_000
/** So long brokers may be away, or busy with the transaction before, while one step is tried again. */
const PATIENCE_MS = 30_000

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
  const { producerId, producerEpoch } = await patiently(ports, `begin transaction "${id}"`, async () =>
    initProducerIdV4.api.async(await coordinatorOf(ports.admin, id), id, TRANSACTION_MS, -1n, -1),
  )
  return new RawTransaction(ports, { id, producerId, producerEpoch })
}

interface Producer {
  readonly id: string
  readonly producerId: bigint
  readonly producerEpoch: number
}

/** Every step may be done again: producer id, epoch and sequence tell the broker that it is the same one. */
class RawTransaction implements KafkaTransaction {
  readonly #ports: TransactionPorts
  readonly #producer: Producer
  readonly #sequences = new Map<string, number>()
  readonly #leaders = new Map<string, Broker>()

  constructor(ports: TransactionPorts, producer: Producer) {
    this.#ports = ports
    this.#producer = producer
  }

  async append(place: TopicPartition, batch: Uint8Array): Promise<void> {
    const { producerId, producerEpoch } = this.#producer
    const name = splitId(place.topic, place.partition)
    if (!this.#sequences.has(name)) await this.#add(place)
    const baseSequence = this.#sequences.get(name) ?? 0
    stampTransactional(batch, { producerId, producerEpoch, baseSequence })
    this.#sequences.set(name, baseSequence + recordCountOf(batch))
    await patiently(this.#ports, `write ${name}`, () => this.#produce(place, batch))
  }

  async commit(): Promise<void> {
    const { id, producerId, producerEpoch } = this.#producer
    if (this.#sequences.size === 0) return
    await patiently(this.#ports, `commit transaction "${id}"`, async () =>
      endTxnV3.api.async(await coordinatorOf(this.#ports.admin, id), id, producerId, producerEpoch, true),
    )
  }

  async #produce(place: TopicPartition, batch: Uint8Array): Promise<void> {
    const { topic, partition } = place
    const name = splitId(topic, partition)
    const leader = this.#leaders.get(name) ?? (await this.#ports.leaderOf(place))
    // Kept only while it answers.
    this.#leaders.delete(name)
    const connection = await this.#ports.admin.connections.get(leader)
    const request = { transactionalId: this.#producer.id, timeoutMs: PRODUCE_MS, topic, partition, batch }
    const answer = await produceApi.async(connection, request)
    if (answer.errorCode !== 0 && answer.errorCode !== PROTOCOL.duplicateSequence) throw refused(name, answer)
    this.#leaders.set(name, leader)
  }

  async #add({ topic, partition }: TopicPartition): Promise<void> {
    const { id: transactionalId, producerId, producerEpoch } = this.#producer
    const topics = [{ name: topic, partitions: [partition] }]
    const transaction = { transactionalId, producerId, producerEpoch, verifyOnly: false, topics }
    await patiently(this.#ports, `begin to write ${splitId(topic, partition)}`, async () =>
      addPartitionsToTxnV3.api.async(await coordinatorOf(this.#ports.admin, transactionalId), [transaction]),
    )
  }
}

/** Tries a step again while brokers are away, leadership moves, or the transaction before is still being ended. */
async function patiently<T>({ backoff }: TransactionPorts, what: string, step: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      const result = await step()
      backoff.succeeded()
      return result
    } catch (error) {
      const isSettling =
        error instanceof Error && findErrorBy(error, 'apiCode', PROTOCOL.concurrentTransactions) !== null
      const coded = translateError(error, what)
      const mayHeal = isSettling || coded.code === 'MR_KAFKA_UNREACHABLE'
      if (!mayHeal || backoff.failingForMs > PATIENCE_MS) throw coded
      await backoff.failed()
    }
  }
}

async function coordinatorOf(admin: Admin, id: string): Promise<Connection> {
  const found = await admin.findCoordinator({ keyType: FindCoordinatorKeyTypes.TRANSACTION, keys: [id] })
  const coordinator = found.find(({ key }) => key === id)
  if (coordinator === undefined) {
    throw new MillraceError('MR_KAFKA_UNREACHABLE', `Kafka: transaction "${id}" has no coordinator yet`)
  }
  return admin.connections.get({ host: coordinator.host, port: coordinator.port })
}

function refused(name: string, answer: { readonly errorCode: number; readonly message: string }): MillraceError {
  const { errorCode, message } = answer
  if (errorCode === PROTOCOL.topicForbidden) {
    return new MillraceError('MR_KAFKA_FORBIDDEN', `Kafka: write ${name}: the user may not; grant WRITE on the topic`)
  }
  if (errorCode === PROTOCOL.invalidProducerEpoch || errorCode === PROTOCOL.producerFenced) {
    return new MillraceError(
      'MR_KAFKA_FENCED',
      `Kafka: write ${name}: a newer process runs this pipeline; this one stops`,
    )
  }
  const text = `Kafka: write ${name}: the broker answered with error ${errorCode} ${message}`
  return new MillraceError(TRANSIENT.includes(errorCode) ? 'MR_KAFKA_UNREACHABLE' : 'MR_KAFKA_PROTOCOL', text)
}

/** Leadership moves, replicas are missing, the broker is late: a new attempt may find it in order. */
const TRANSIENT: readonly number[] = [3, 5, 6, 7, 8, 9, 13, 19, 20, 56, 74, 75, 100]
