import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type KafkaClient,
  type KafkaClientChoice,
  type KafkaConnectionOptions,
  kafkaClient,
  type PartitionFeed,
} from '../../connectors/kafka/index.ts'
import type { ConnectorPorts } from '../../core/ports/connector-ports.ts'

/** Reads values from the beginning on, with offsets, while the world breaks. */
export class Follower {
  readonly values: number[] = []
  readonly client: Promise<KafkaClient>
  #isStopped = false
  /** Offset after the last value. */
  #next = 0
  #running: Promise<void> | undefined
  #failure: unknown

  constructor(ports: ConnectorPorts, of: KafkaConnectionOptions & { readonly client: KafkaClientChoice }) {
    this.client = kafkaClient(ports, of)
  }

  async start(topic: string, partition = 0): Promise<void> {
    const client = await this.client
    const [description] = await client.describeTopics([topic])
    const feed = client.feed({ topic, topicId: description!.id, partition, offset: 0, leaderEpoch: -1 })
    this.#running = this.#run(feed).catch((error: unknown) => {
      // Whoever waits for more is told so when it is stopped.
      if (!this.#isStopped) this.#failure = error
    })
  }

  /** Resolves when so many values were read; rejects with what ended the reading. */
  async reached(count: number, withinMs = 60_000): Promise<void> {
    const until = performance.now() + withinMs
    while (this.values.length < count) {
      this.#check()
      assert.ok(performance.now() < until, `read ${this.values.length} of ${count} values`)
      await sleep(20)
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await (await this.client).close()
    await this.#running
    this.#check()
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  async #run(feed: PartitionFeed): Promise<void> {
    while (!this.#isStopped) {
      const view = feed.take()
      if (view === undefined) {
        await feed.arrival()
        continue
      }
      for (let i = 0; i < view.count; i++) {
        if (view.isControl || view.offsets[i]! < this.#next) continue
        this.#next = view.offsets[i]! + 1
        const start = view.valueStarts[i]!
        this.values.push(Number(Buffer.from(view.buffer.subarray(start, start + view.valueLengths[i]!)).toString()))
      }
    }
  }
}
