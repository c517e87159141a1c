import { attempts } from '../client/attempts.ts'
import type { BrokerAddress } from '../client/broker-address.ts'
import type { Tried } from '../client/failures.ts'
import type { TopicPartition } from '../client/kafka-client.ts'
import { answersTo, type ProduceAnswer, type ProduceRequest } from '../client/produce-calls.ts'
import type { ProducerCalls, ProducerIdentity } from '../client/producer.ts'
import { TRANSACTION_MS } from '../client/timeouts.ts'
import type { LeadersOf } from '../client/topic-leaders.ts'
import type { Producer, TransactionCalls } from '../client/transaction.ts'
import { type Cluster, type ClusterBroker, coordinatorOf, type TransactionIdentity } from './internals.ts'
import { produceCall } from './raw-calls.ts'

export interface KafkajsProducerPorts {
  readonly tried: Tried
  readonly leadersOf: LeadersOf
  cluster(): Promise<Cluster>
  /** One that leads a partition. */
  brokerAt(address: BrokerAddress): Promise<ClusterBroker>
}

/** The calls of producers over connections of kafkajs. */
export class KafkajsProducerCalls implements TransactionCalls, ProducerCalls {
  readonly leadersOf: LeadersOf
  readonly #ports: KafkajsProducerPorts

  constructor(ports: KafkajsProducerPorts) {
    this.leadersOf = ports.leadersOf
    this.#ports = ports
  }

  identify(leader: BrokerAddress, place: TopicPartition): Promise<ProducerIdentity> {
    return this.#ports.tried(attempts.beginToWrite(place), async () => {
      const broker = await this.#ports.brokerAt(leader)
      const of = { transactionalId: null, transactionTimeout: TRANSACTION_MS }
      const { producerId, producerEpoch } = await broker.initProducerId(of)
      return { producerId: BigInt(producerId), producerEpoch }
    })
  }

  begin(id: string): Promise<Producer> {
    return this.#ports.tried(attempts.beginTransaction(id), async () => {
      const coordinator = await this.#coordinatorOf(id)
      const of = { transactionalId: id, transactionTimeout: TRANSACTION_MS }
      const { producerId, producerEpoch } = await coordinator.initProducerId(of)
      return { id, producerId: BigInt(producerId), producerEpoch }
    })
  }

  join(producer: Producer, place: TopicPartition): Promise<void> {
    const { topic, partition } = place
    return this.#ports.tried(attempts.joinTransaction(producer.id, place), async () => {
      const coordinator = await this.#coordinatorOf(producer.id)
      await coordinator.addPartitionsToTxn({ ...identityOf(producer), topics: [{ topic, partitions: [partition] }] })
    })
  }

  produce(address: BrokerAddress, request: ProduceRequest): Promise<readonly ProduceAnswer[]> {
    const { batches } = request
    return this.#ports.tried(attempts.write(batches), async () => {
      const broker = await this.#ports.brokerAt(address)
      return answersTo(batches, await broker.connectionPool.send(produceCall(request)))
    })
  }

  commit(producer: Producer): Promise<void> {
    return this.#ports.tried(attempts.commitTransaction(producer.id), async () => {
      const coordinator = await this.#coordinatorOf(producer.id)
      await coordinator.endTxn({ ...identityOf(producer), transactionResult: true })
    })
  }

  async #coordinatorOf(id: string): Promise<ClusterBroker> {
    return coordinatorOf(await this.#ports.cluster(), id, 'transaction')
  }
}

function identityOf({ id, producerId, producerEpoch }: Producer): TransactionIdentity {
  return { transactionalId: id, producerId: String(producerId), producerEpoch }
}
