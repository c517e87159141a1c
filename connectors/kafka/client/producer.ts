import { splitId } from '../../../core/model/position.ts'
import { recordCountOf, sequenceAfter, stampIdempotent } from '../../../formats/record-batch/stamp-producer.ts'
import { BatchSender } from './batch-sender.ts'
import type { BrokerAddress } from './broker-address.ts'
import { checkTaken } from './check-taken.ts'
import type { KafkaConnection } from './connection-options.ts'
import type { KafkaClientOptions, KafkaProducer, TopicPartition } from './kafka-client.ts'
import { Patience } from './patience.ts'
import type { PlacedBatch, ProduceAnswer, ProduceCalls } from './produce-calls.ts'
import { PROTOCOL } from './protocol-errors.ts'
import { seldom } from './seldom.ts'

/** So long a topic may be unknown before it is taken as deleted: news travels from broker to broker. */
const UNKNOWN_TOPIC_MS = 10_000

/** Whom brokers take for the sender of batches. */
export interface ProducerIdentity {
  readonly producerId: bigint
  readonly producerEpoch: number
}

/** The calls of the protocol that a producer without transactions is made of. */
export interface ProducerCalls extends ProduceCalls {
  /** InitProducerId without a transactional id, which any broker answers: the leader of the partition that it is for. */
  identify(leader: BrokerAddress, place: TopicPartition): Promise<ProducerIdentity>
}

interface PartitionPorts {
  readonly connection: KafkaConnection
  readonly patience: Patience
  readonly sender: BatchSender
  identify(place: TopicPartition): Promise<ProducerIdentity>
}

/** Appends without transactions: sequences tell a broker which batches it has already. */
export class IdempotentProducer implements KafkaProducer {
  readonly #ports: PartitionPorts
  readonly #partitions = new Map<string, PartitionProducer>()
  readonly #closing = new AbortController()

  constructor(
    calls: ProducerCalls,
    { clock, random, logger, connection }: Pick<KafkaClientOptions, 'clock' | 'random' | 'logger' | 'connection'>,
  ) {
    const { signal } = this.#closing
    const news = new Patience(
      { clock, random },
      { healing: ['MR_KAFKA_TOPIC_UNKNOWN'], lastsMs: UNKNOWN_TOPIC_MS, signal },
    )
    const sender = new BatchSender(
      {
        leadersOf: (topics) => news.with(() => calls.leadersOf(topics)),
        produce: (broker, request) => calls.produce(broker, request),
      },
      null,
    )
    this.#ports = {
      connection,
      patience: new Patience(
        { clock, random, logger: seldom(logger, clock) },
        { lastsMs: Number.POSITIVE_INFINITY, signal },
      ),
      sender,
      identify: (place) => sender.atLeader(place, (leader) => calls.identify(leader, place)),
    }
  }

  append(place: TopicPartition, batch: Uint8Array): Promise<void> {
    const name = splitId(place.topic, place.partition)
    const partition = this.#partitions.get(name) ?? new PartitionProducer(place, this.#ports)
    this.#partitions.set(name, partition)
    return partition.append(batch)
  }

  /** What is not acknowledged is given up; whether it was taken is not known. */
  close(): void {
    this.#closing.abort()
  }
}

/** The batches of one partition, one after the other, under a producer id of its own: nothing that befalls another one concerns it. */
class PartitionProducer {
  readonly #place: TopicPartition
  readonly #ports: PartitionPorts
  #identity: ProducerIdentity | undefined
  #sequence = 0
  /** The batch before; where it fails, those behind it fail with it. */
  #before: Promise<void> = Promise.resolve()

  constructor({ topic, partition }: TopicPartition, ports: PartitionPorts) {
    this.#place = { topic, partition }
    this.#ports = ports
  }

  append(batch: Uint8Array): Promise<void> {
    const placed = { ...this.#place, batch }
    this.#before = this.#before.then(() => this.#append(placed))
    return this.#before
  }

  async #append(placed: PlacedBatch): Promise<void> {
    let answer = await this.#send(placed)
    if (isForgotten(answer)) {
      // It was not taken, and what was taken before is there: as somebody else the batch goes on behind it.
      this.#identity = undefined
      this.#sequence = 0
      answer = await this.#send(placed)
    }
    checkTaken(answer, placed, this.#ports.connection)
    this.#sequence = sequenceAfter(this.#sequence, recordCountOf(placed.batch))
  }

  /** Sends the batch under the same sequence until a broker says what became of it. */
  #send(placed: PlacedBatch): Promise<ProduceAnswer> {
    const { connection, patience, sender, identify } = this.#ports
    return patience.with(async () => {
      this.#identity ??= await identify(this.#place)
      stampIdempotent(placed.batch, { ...this.#identity, baseSequence: this.#sequence })
      const answer = await sender.send(placed)
      if (!isForgotten(answer)) checkTaken(answer, placed, connection)
      return answer
    })
  }
}

/** The partition knows nothing of the producer or something else: records expired, or a leader lacks what another one had. */
function isForgotten({ errorCode }: ProduceAnswer): boolean {
  return FORGOTTEN.includes(errorCode)
}

const FORGOTTEN: readonly number[] = [
  PROTOCOL.outOfOrderSequence,
  PROTOCOL.invalidProducerEpoch,
  PROTOCOL.unknownProducerId,
]
