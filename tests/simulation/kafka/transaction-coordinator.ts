import type { TopicPartition } from '../../../connectors/kafka/client/kafka-client.ts'
import type { ProducerIdentity } from '../../../connectors/kafka/client/producer.ts'
import type { Producer } from '../../../connectors/kafka/client/transaction.ts'
import { MillraceError } from '../../../core/model/errors.ts'
import { splitId } from '../../../core/model/position.ts'
import { ERRORS } from './broker-errors.ts'
import type { Marker, TransactionEnd } from './partition-log.ts'

interface Transaction {
  readonly producerId: bigint
  epoch: number
  state: 'empty' | 'open' | 'ending' | 'ended'
  end: TransactionEnd | undefined
  readonly places: Map<string, TopicPartition>
}

export interface CoordinatorPorts {
  /** Writes a marker, sooner or later. */
  writeMarker(place: TopicPartition, marker: Marker): Promise<void>
}

/**
 * Transactions by their ids, as a broker keeps them (TransactionCoordinator.java, without KIP-890's second part): a decision is made at
 * once, its markers are written later, and until then nobody begins anew under the id. None is too old.
 */
export class TransactionCoordinator {
  readonly #ports: CoordinatorPorts
  readonly #transactions = new Map<string, Transaction>()
  #producers = 0n

  constructor(ports: CoordinatorPorts) {
    this.#ports = ports
  }

  /** Whether any marker is still to be written. */
  get isBusy(): boolean {
    return [...this.#transactions.values()].some(({ state }) => state === 'ending')
  }

  /** Whether markers of the transaction are still to be written. */
  isEnding(id: string): boolean {
    return this.#transactions.get(id)?.state === 'ending'
  }

  /** InitProducerId of a producer without transactions. */
  identify(): ProducerIdentity {
    return { producerId: this.#producers++, producerEpoch: 0 }
  }

  /** InitProducerId. Throws `MR_KAFKA_UNREACHABLE` as long as the transaction before is being ended. */
  begin(id: string): Producer {
    const known = this.#transactions.get(id) ?? this.#newTransaction(id)
    if (known.state === 'open') {
      known.epoch++
      this.#finish(known, 'abort')
    }
    if (known.state === 'ending') throw concurrent(id)
    known.epoch++
    known.state = 'empty'
    known.places.clear()
    return { id, producerId: known.producerId, producerEpoch: known.epoch }
  }

  /** AddPartitionsToTxn. */
  join(producer: Producer, place: TopicPartition): void {
    const known = this.#checked(producer)
    if (known.state === 'ending') throw concurrent(producer.id)
    known.state = 'open'
    known.places.set(splitId(place.topic, place.partition), place)
  }

  /** Why the producer may not begin to write there; 0 where it may. */
  verify({ id, producerId, producerEpoch }: Producer, { topic, partition }: TopicPartition): number {
    const known = this.#transactions.get(id)
    if (known?.producerId !== producerId || known.epoch !== producerEpoch) return ERRORS.invalidProducerEpoch
    if (known.state === 'ending') return ERRORS.notEnoughReplicas
    const isJoined = known.state === 'open' && known.places.has(splitId(topic, partition))
    return isJoined ? 0 : ERRORS.invalidTransactionState
  }

  /** EndTxn; the same end may be asked for again. */
  end(producer: Producer, end: TransactionEnd): void {
    const known = this.#checked(producer)
    if (known.state === 'open') {
      this.#finish(known, end)
      return
    }
    if (known.end !== end || known.state === 'empty')
      throw new MillraceError('MR_KAFKA_PROTOCOL', `Kafka: transaction "${producer.id}" is ${known.state}`)
    if (known.state === 'ending') throw concurrent(producer.id)
  }

  #newTransaction(id: string): Transaction {
    const made: Transaction = {
      producerId: this.#producers++,
      epoch: -1,
      state: 'empty',
      end: undefined,
      places: new Map(),
    }
    this.#transactions.set(id, made)
    return made
  }

  #checked({ id, producerId, producerEpoch }: Producer): Transaction {
    const known = this.#transactions.get(id)
    if (known?.producerId === producerId && known.epoch === producerEpoch) return known
    throw new MillraceError('MR_KAFKA_FENCED', `Kafka: another producer uses the transactional id "${id}"`)
  }

  #finish(transaction: Transaction, end: TransactionEnd): void {
    const { producerId, epoch: producerEpoch, places } = transaction
    transaction.state = 'ending'
    transaction.end = end
    const markers = [...places.values()].map((place) =>
      this.#ports.writeMarker(place, { producerId, producerEpoch, end }),
    )
    Promise.all(markers).then(() => {
      transaction.state = 'ended'
    }, rethrow)
  }
}

function concurrent(id: string): MillraceError {
  return new MillraceError('MR_KAFKA_UNREACHABLE', `Kafka: the transaction before of "${id}" is still being ended`)
}

/** A fault of the simulated cluster itself. */
function rethrow(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}
