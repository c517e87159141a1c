import type { KafkaClient, KafkaClientFactory } from '../../../connectors/kafka/index.ts'
import { MillraceError } from '../../../core/model/errors.ts'
import { decodeRecordBatch } from '../../../formats/record-batch/decode.ts'

const NEVER = (): Promise<never> => Promise.reject(new Error('a sink at least once does not ask for this'))

/** A batch that was sent and has no answer yet. */
export interface SentBatch {
  readonly partition: number
  readonly values: readonly string[]
  readonly sizeBytes: number
  acknowledge(): void
  refuse(error: Error): void
}

/** One topic behind the port of a client for Kafka, whose brokers answer when they are told to. */
export class HeldKafka {
  id = 'id-1'
  partitions: number
  /** Sent and not answered, in the order of their coming. */
  readonly sent: SentBatch[] = []
  /** Clients that are not closed. */
  open = 0
  /** Descriptions of the topic wait for it. */
  described: Promise<void> = Promise.resolve()

  constructor(partitions: number) {
    this.partitions = partitions
  }

  get factory(): KafkaClientFactory {
    return async () => this.#client()
  }

  /** Answers everything, also what is sent meanwhile. */
  async acknowledgeAll(): Promise<void> {
    for (let turn = 0; turn < 50; turn++) {
      for (const batch of this.sent.splice(0)) batch.acknowledge()
      await Promise.resolve()
    }
  }

  #client(): KafkaClient {
    this.open++
    const closing = new Set<(error: Error) => void>()
    return {
      capabilities: { readCommitted: true, topicIdentity: true },
      listTopics: NEVER,
      describeTopics: async (names) => {
        await this.described
        return names.map((name) => ({ name, id: this.id, partitions: this.partitions }))
      },
      createTopic: NEVER,
      listOffsets: NEVER,
      feed: () => {
        throw new Error('a sink at least once reads nothing')
      },
      groupOffsets: NEVER,
      commitOffsets: NEVER,
      transaction: NEVER,
      producer: {
        append: ({ partition }, batch) => {
          const { promise, resolve, reject } = Promise.withResolvers<void>()
          closing.add(reject)
          const answered = { acknowledge: resolve, refuse: reject }
          this.sent.push({ partition, values: valuesOf(batch), sizeBytes: batch.length, ...answered })
          return promise
        },
      },
      close: async () => {
        this.open--
        for (const reject of closing) reject(new MillraceError('MR_KAFKA_UNREACHABLE', 'Kafka: the client is closed'))
      },
    }
  }
}

function valuesOf(batch: Uint8Array): readonly string[] {
  const view = decodeRecordBatch(batch, 0, { maxInflatedBytes: 134_217_728 })
  return Array.from({ length: view.count }, (_, i) => {
    const start = view.valueStarts[i]!
    return Buffer.from(view.buffer.subarray(start, start + view.valueLengths[i]!)).toString()
  })
}
