import type { BrokerAddress } from './broker-address.ts'
import type { TopicPartition } from './kafka-client.ts'
import { type LeadersOf, leaderIn, type TopicLeaders } from './topic-leaders.ts'

/** Who leads partitions, kept until it turns out to be wrong. Whoever asks of one topic at the same time shares an answer. */
export class PartitionLeaders {
  readonly #leadersOf: LeadersOf
  readonly #known = new Map<string, (BrokerAddress | undefined)[]>()
  readonly #asking = new Map<string, Promise<TopicLeaders | undefined>>()

  constructor(leadersOf: LeadersOf) {
    this.#leadersOf = leadersOf
  }

  /** Throws `MR_KAFKA_UNREACHABLE` where nobody leads it. */
  async get(place: TopicPartition): Promise<BrokerAddress> {
    const known = this.#known.get(place.topic)?.[place.partition]
    return known ?? leaderIn(await this.#ask(place.topic), place)
  }

  /** Its leader is another one now, or none. */
  forget({ topic, partition }: TopicPartition): void {
    const known = this.#known.get(topic)
    if (known !== undefined) known[partition] = undefined
  }

  #ask(topic: string): Promise<TopicLeaders | undefined> {
    const asking = this.#asking.get(topic)
    if (asking !== undefined) return asking
    const asked = this.#leadersOf([topic])
      .then((found) => this.#take(topic, found.get(topic)))
      .finally(() => this.#asking.delete(topic))
    this.#asking.set(topic, asked)
    return asked
  }

  #take(topic: string, found: TopicLeaders | undefined): TopicLeaders | undefined {
    if (found !== undefined)
      this.#known.set(
        topic,
        found.leaders.map((leader) => leader?.broker),
      )
    return found
  }
}
