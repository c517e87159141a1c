import { MillraceError } from '../../../core/model/errors.ts'
import { splitId } from '../../../core/model/position.ts'
import type { BrokerAddress } from './broker-address.ts'
import type { TopicPartition } from './kafka-client.ts'
import type { LeadersOf } from './topic-leaders.ts'

/** A record batch v2 on its way to a partition. */
export interface PlacedBatch extends TopicPartition {
  readonly batch: Uint8Array
}

/** What goes to one broker at once. */
export interface ProduceRequest {
  /** `null` outside of a transaction. */
  readonly transactionalId: string | null
  /** Of partitions that differ. */
  readonly batches: readonly PlacedBatch[]
}

/** What a broker said of a batch. */
export interface ProduceAnswer {
  /** Code of the protocol; 0 is none. */
  readonly errorCode: number
  readonly message: string
}

/** An answer as it stands in a response. */
export interface PlacedAnswer extends ProduceAnswer, TopicPartition {}

/** The calls of the protocol that carry batches. They throw coded errors, `MR_KAFKA_UNREACHABLE` where trying again may help. */
export interface ProduceCalls {
  readonly leadersOf: LeadersOf
  /** Produce; the answers are in the order of the batches. */
  produce(broker: BrokerAddress, request: ProduceRequest): Promise<readonly ProduceAnswer[]>
}

/** What a response says of each batch. Throws `MR_KAFKA_PROTOCOL` where it leaves one out. */
export function answersTo(batches: readonly PlacedBatch[], answers: readonly PlacedAnswer[]): readonly ProduceAnswer[] {
  const byPlace = new Map(answers.map((answer) => [splitId(answer.topic, answer.partition), answer]))
  return batches.map(({ topic, partition }) => {
    const name = splitId(topic, partition)
    const answer = byPlace.get(name)
    if (answer !== undefined) return answer
    throw new MillraceError('MR_KAFKA_PROTOCOL', `Kafka: write ${name}: the broker's answer says nothing of it`)
  })
}
