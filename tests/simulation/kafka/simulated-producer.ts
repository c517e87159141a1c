import type { TopicPartition } from '../../../connectors/kafka/client/kafka-client.ts'
import type { Producer } from '../../../connectors/kafka/client/transaction.ts'
import { splitId } from '../../../core/model/position.ts'
import { type EncodableRecord, encodeRecordBatch } from '../../../formats/record-batch/encode.ts'
import type { TransactionEnd } from './partition-log.ts'
import type { SimulatedCluster } from './simulated-cluster.ts'

/** A producer of somebody else, for one transaction at a time. It stands beside the brokers: nothing of it is ever lost. */
export class SimulatedProducer {
  readonly #cluster: SimulatedCluster
  readonly #producer: Producer
  readonly #sequences = new Map<string, number>()
  #isOpen = false

  /** The id is used by nobody else. */
  constructor(cluster: SimulatedCluster, id: string) {
    this.#cluster = cluster
    this.#producer = cluster.coordinator.begin(id)
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Whether markers of its transaction are still to be written. */
  get isEnding(): boolean {
    return this.#cluster.coordinator.isEnding(this.#producer.id)
  }

  /** Appends one batch to the transaction, which begins with its first one. Gives the offset of the first record. */
  send(place: TopicPartition, records: readonly EncodableRecord[]): number {
    const { producerId, producerEpoch } = this.#producer
    const name = splitId(place.topic, place.partition)
    const baseSequence = this.#sequences.get(name) ?? 0
    this.#sequences.set(name, baseSequence + records.length)
    this.#isOpen = true
    this.#cluster.coordinator.join(this.#producer, place)
    const log = this.#cluster.log(place)
    const { end } = log
    const stamp = { producerId, producerEpoch, baseSequence, isTransactional: true }
    this.#cluster.append(place, encodeRecordBatch({ baseOffset: 0, codec: 'lz4', records, ...stamp }))
    return end
  }

  /** Its markers are written later, and before that nothing more can be sent. */
  finish(end: TransactionEnd): void {
    this.#isOpen = false
    this.#sequences.clear()
    this.#cluster.coordinator.end(this.#producer, end)
  }
}
