import { attempts } from '../client/attempts.ts'
import type { Tried } from '../client/failures.ts'
import type { TopicPartition } from '../client/kafka-client.ts'
import { TRANSACTION_MS } from '../client/timeouts.ts'
import type { ProduceAnswer, Producer, TransactionCalls } from '../client/transaction.ts'
import { type Cluster, type ClusterBroker, coordinatorOf, type TransactionIdentity } from './internals.ts'
import { produceCall } from './raw-calls.ts'

export interface KafkajsTransactionPorts {
  readonly tried: Tried
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

  produce({ id }: Producer, place: TopicPartition, batch: Uint8Array): Promise<ProduceAnswer> {
    return this.#ports.tried(attempts.writePartition(place), async () => {
      const nodeId = await this.#ports.leaderOf(place)
      const broker = await (await this.#ports.cluster()).findBroker({ nodeId })
      return broker.connectionPool.send(produceCall({ transactionalId: id, ...place, batch }))
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
