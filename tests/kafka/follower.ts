import assert from 'node:assert/strict'
import {
  type KafkaClient,
  type KafkaClientChoice,
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

  constructor(ports: ConnectorPorts, of: { readonly brokers: string; readonly client: KafkaClientChoice }) {
    this.client = kafkaClient(ports, of)
  }

  async start(topic: string, partition = 0): Promise<void> {
    const client = await this.client
    const [description] = await client.describeTopics([topic])
    const feed = client.feed({ topic, topicId: description!.id, partition, offset: 0, leaderEpoch: -1 })
    this.#running = this.#run(feed)
    this.#running.catch(() => undefined)
  }

  /** Resolves when so many values were read. */
  async reached(count: number, withinMs = 60_000): Promise<void> {
    const until = performance.now() + withinMs
    while (this.values.length < count) {
      assert.ok(performance.now() < until, `read ${this.values.length} of ${count} values`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await (await this.client).close()
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
