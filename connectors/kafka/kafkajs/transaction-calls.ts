import type { TopicPartition } from '../client/kafka-client.ts'
import { TRANSACTION_MS } from '../client/timeouts.ts'
import type { ProduceAnswer, Producer, TransactionCalls } from '../client/transaction.ts'
import type { Cluster, ClusterBroker, TransactionIdentity } from './internals.ts'
import { produceCall } from './raw-calls.ts'
import { tried } from './translate-error.ts'

/** Type of a coordinator in FindCoordinator. */
const OF_TRANSACTIONS = 1

export interface KafkajsTransactionPorts {
  cluster(): Promise<Cluster>
  /** Id of the node that leads a partition now. */
  leaderOf(place: TopicPartition): Promise<number>
}

/** The calls of transactions over connections of kafkajs. */
export class KafkajsTransactionCalls implements TransactionCalls {
  readonly #ports: KafkajsTransactionPorts

  constructor(ports: KafkajsTransactionPorts) {
    this.#ports = ports
  }

  begin(id: string): Promise<Producer> {
    return tried(`begin transaction "${id}"`, async () => {
      const coordinator = await this.#coordinatorOf(id)
      const of = { transactionalId: id, transactionTimeout: TRANSACTION_MS }
      const { producerId, producerEpoch } = await coordinator.initProducerId(of)
      return { id, producerId: BigInt(producerId), producerEpoch }
    })
  }

  join(producer: Producer, { topic, partition }: TopicPartition): Promise<void> {
    return tried(`begin to write ${topic}-${partition}`, async () => {
      const coordinator = await this.#coordinatorOf(producer.id)
      await coordinator.addPartitionsToTxn({ ...identityOf(producer), topics: [{ topic, partitions: [partition] }] })
    })
  }

  produce({ id }: Producer, place: TopicPartition, batch: Uint8Array): Promise<ProduceAnswer> {
    return tried(`write ${place.topic}-${place.partition}`, async () => {
      const nodeId = await this.#ports.leaderOf(place)
      const broker = await (await this.#ports.cluster()).findBroker({ nodeId })
      return broker.connectionPool.send(produceCall({ transactionalId: id, ...place, batch }))
    })
  }

  commit(producer: Producer): Promise<void> {
    return tried(`commit transaction "${producer.id}"`, async () => {
      const coordinator = await this.#coordinatorOf(producer.id)
      await coordinator.endTxn({ ...identityOf(producer), transactionResult: true })
    })
  }

  async #coordinatorOf(id: string): Promise<ClusterBroker> {
    const cluster = await this.#ports.cluster()
    return cluster.findGroupCoordinator({ groupId: id, coordinatorType: OF_TRANSACTIONS })
  }
}

function identityOf({ id, producerId, producerEpoch }: Producer): TransactionIdentity {
  return { transactionalId: id, producerId: String(producerId), producerEpoch }
}
