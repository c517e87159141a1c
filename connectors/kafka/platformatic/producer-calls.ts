import { MillraceError } from '../../../core/model/errors.ts'
import { attempts } from '../client/attempts.ts'
import type { BrokerAddress } from '../client/broker-address.ts'
import type { Tried } from '../client/failures.ts'
import type { TopicPartition } from '../client/kafka-client.ts'
import { answersTo, type ProduceAnswer, type ProduceRequest } from '../client/produce-calls.ts'
import type { ProducerCalls, ProducerIdentity } from '../client/producer.ts'
import { PRODUCE_MS, TRANSACTION_MS } from '../client/timeouts.ts'
import type { LeadersOf } from '../client/topic-leaders.ts'
import type { Producer, TransactionCalls } from '../client/transaction.ts'
import {
  type Admin,
  addPartitionsToTxnV3,
  type Connection,
  endTxnV3,
  FindCoordinatorKeyTypes,
  initProducerIdV4,
} from './package.ts'
import { produceApi } from './produce-api.ts'

export interface ProducerPorts {
  readonly admin: Admin
  readonly tried: Tried
  readonly leadersOf: LeadersOf
}

/** The calls of producers over the package's connections. */
export class PlatformaticProducerCalls implements TransactionCalls, ProducerCalls {
  readonly leadersOf: LeadersOf
  readonly #ports: ProducerPorts

  constructor(ports: ProducerPorts) {
    this.leadersOf = ports.leadersOf
    this.#ports = ports
  }

  identify(leader: BrokerAddress, place: TopicPartition): Promise<ProducerIdentity> {
    return this.#ports.tried(attempts.beginToWrite(place), async () => {
      const connection = await this.#ports.admin.connections.get(leader)
      const { producerId, producerEpoch } = await initProducerIdV4.api.async(connection, null, TRANSACTION_MS, -1n, -1)
      return { producerId, producerEpoch }
    })
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

  produce(broker: BrokerAddress, request: ProduceRequest): Promise<readonly ProduceAnswer[]> {
    const { batches } = request
    return this.#ports.tried(attempts.write(batches), async () => {
      const connection = await this.#ports.admin.connections.get(broker)
      return answersTo(batches, await produceApi.async(connection, { ...request, timeoutMs: PRODUCE_MS }))
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
