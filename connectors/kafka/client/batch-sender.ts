import { type BrokerAddress, nameOf } from './broker-address.ts'
import type { TopicPartition } from './kafka-client.ts'
import { PartitionLeaders } from './partition-leaders.ts'
import type { PlacedBatch, ProduceAnswer, ProduceCalls } from './produce-calls.ts'

interface Waiting {
  readonly placed: PlacedBatch
  resolve(answer: ProduceAnswer): void
  reject(error: unknown): void
}

type Produce = (batches: readonly PlacedBatch[]) => Promise<readonly ProduceAnswer[]>

/**
 * Sends batches to the leaders of their partitions, one request at a time per broker: what comes while one is under way goes
 * together in the next. Of one partition there is one batch under way at most, by the care of the caller.
 */
export class BatchSender {
  readonly #calls: ProduceCalls
  readonly #transactionalId: string | null
  readonly #leaders: PartitionLeaders
  readonly #lanes = new Map<string, BrokerLane>()

  constructor(calls: ProduceCalls, transactionalId: string | null) {
    this.#calls = calls
    this.#transactionalId = transactionalId
    this.#leaders = new PartitionLeaders(calls.leadersOf)
  }

  /** Rejects where it is not known whether the batch was taken. */
  async send(placed: PlacedBatch): Promise<ProduceAnswer> {
    const answer = await this.atLeader(placed, (leader) => this.#lane(leader).send(placed))
    if (answer.errorCode !== 0) this.#leaders.forget(placed)
    return answer
  }

  /** Asks the leader of a partition for something. After a failure the leader is looked up anew. */
  async atLeader<T>(place: TopicPartition, ask: (leader: BrokerAddress) => Promise<T>): Promise<T> {
    const leader = await this.#leaders.get(place)
    try {
      return await ask(leader)
    } catch (error) {
      this.#leaders.forget(place)
      throw error
    }
  }

  #lane(broker: BrokerAddress): BrokerLane {
    const name = nameOf(broker)
    const known = this.#lanes.get(name)
    if (known !== undefined) return known
    const lane = new BrokerLane((batches) =>
      this.#calls.produce(broker, { transactionalId: this.#transactionalId, batches }),
    )
    this.#lanes.set(name, lane)
    return lane
  }
}

/** The requests to one broker, one after the other. */
class BrokerLane {
  readonly #produce: Produce
  #waiting: Waiting[] = []
  #isBusy = false

  constructor(produce: Produce) {
    this.#produce = produce
  }

  send(placed: PlacedBatch): Promise<ProduceAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<ProduceAnswer>()
    this.#waiting.push({ placed, resolve, reject })
    if (!this.#isBusy) {
      this.#isBusy = true
      // What is sent in the same turn goes along.
      queueMicrotask(() => this.#sendWaiting())
    }
    return promise
  }

  #sendWaiting(): void {
    const sent = this.#waiting
    this.#waiting = []
    this.#isBusy = sent.length > 0
    if (!this.#isBusy) return
    this.#produce(sent.map(({ placed }) => placed))
      .then(
        (answers) => {
          for (const [i, { resolve }] of sent.entries()) resolve(answers[i]!)
        },
        (error: unknown) => {
          for (const { reject } of sent) reject(error)
        },
      )
      .finally(() => this.#sendWaiting())
  }
}
