import {
  type Admin,
  addPartitionsToTxnV3,
  type Broker,
  type Connection,
  endTxnV3,
  FindCoordinatorKeyTypes,
  initProducerIdV4,
} from '@platformatic/kafka'
import { MillraceError } from '../../../core/model/errors.ts'
import { attempts } from '../client/attempts.ts'
import type { Tried } from '../client/failures.ts'
import type { TopicPartition } from '../client/kafka-client.ts'
import { PRODUCE_MS, TRANSACTION_MS } from '../client/timeouts.ts'
import type { ProduceAnswer, Producer, TransactionCalls } from '../client/transaction.ts'
import { produceApi } from './produce-api.ts'

export interface TransactionPorts {
  readonly admin: Admin
  readonly tried: Tried
  leaderOf(place: TopicPartition): Promise<Broker>
}

/** The calls of transactions over the package's connections. */
export class PlatformaticTransactionCalls implements TransactionCalls {
  readonly #ports: TransactionPorts
  readonly #leaders = new Map<string, Broker>()

  constructor(ports: TransactionPorts) {
    this.#ports = ports
  }

  begin(id: string): Promise<Producer> {
    return this.#ports.tried(attempts.beginTransaction(id), async () => {
      const coordinator = await this.#coordinatorOf(id)
      const { producerId, producerEpoch } = await initProducerIdV4.api.async(coordinator, id, TRANSACTION_MS, -1n, -1)
      return { id, producerId, producerEpoch }
    })
  }

  join({ id, producerId, producerEpoch }: Producer, place: TopicPartition): Promise<void> {
    const { topic, partition } = place
    const topics = [{ name: topic, partitions: [partition] }]
    const transaction = { transactionalId: id, producerId, producerEpoch, verifyOnly: false, topics }
    return this.#ports.tried(attempts.joinTransaction(id, place), async () => {
      await addPartitionsToTxnV3.api.async(await this.#coordinatorOf(id), [transaction])
    })
  }

  produce({ id }: Producer, place: TopicPartition, batch: Uint8Array): Promise<ProduceAnswer> {
    const { topic, partition } = place
    const name = `${topic}-${partition}`
    return this.#ports.tried(attempts.writePartition(place), async () => {
      const leader = this.#leaders.get(name) ?? (await this.#ports.leaderOf(place))
      // Kept only while it answers.
      this.#leaders.delete(name)
      const connection = await this.#ports.admin.connections.get(leader)
      const request = { transactionalId: id, timeoutMs: PRODUCE_MS, topic, partition, batch }
      const answer = await produceApi.async(connection, request)
      if (answer.errorCode === 0) this.#leaders.set(name, leader)
      return answer
    })
  }

  commit({ id, producerId, producerEpoch }: Producer): Promise<void> {
    return this.#ports.tried(attempts.commitTransaction(id), async () => {
      await endTxnV3.api.async(await this.#coordinatorOf(id), id, producerId, producerEpoch, true)
    })
  }

  async #coordinatorOf(id: string): Promise<Connection> {
    const { admin } = this.#ports
    const found = await admin.findCoordinator({ keyType: FindCoordinatorKeyTypes.TRANSACTION, keys: [id] })
    const coordinator = found.find(({ key }) => key === id)
    if (coordinator === undefined) {
      throw new MillraceError('MR_KAFKA_UNREACHABLE', `Kafka: transaction "${id}" has no coordinator yet`)
    }
    return admin.connections.get({ host: coordinator.host, port: coordinator.port })
  }
}
