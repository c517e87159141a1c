import { Admin, ConnectionPool } from '@platformatic/kafka'
import { openClient } from '../../connectors/kafka/client/open-client.ts'
import { PROTOCOL } from '../../connectors/kafka/client/protocol-errors.ts'
import { PRODUCE_MS } from '../../connectors/kafka/client/timeouts.ts'
import type { Isolation, KafkaClient, TopicPartition } from '../../connectors/kafka/index.ts'
import { produceApi } from '../../connectors/kafka/platformatic/produce-api.ts'
import type { ConnectorPorts } from '../../core/ports/connector-ports.ts'
import type { Codec } from '../../formats/record-batch/compression.ts'
import { type EncodableRecord, encodeRecordBatch } from '../../formats/record-batch/encode.ts'
import { systemPorts } from '../../platform/system/system-ports.ts'
import { eventually } from './eventually.ts'

/** Brokers that the run was given; the runner starts one. */
export const BROKERS = process.env.KAFKA_BROKERS ?? '127.0.0.1:9092'

/** The broker took nothing, and does when its news have come. */
const NEWS_ON_THE_WAY: readonly number[] = [PROTOCOL.unknownTopicOrPartition, PROTOCOL.notLeaderOrFollower]
/** What is appended cannot be told from what was: an answer may take its time on a busy machine. */
const REQUEST_MS = 180_000

let topics = 0

/** A name that no other test has. */
export function topicName(hint: string): string {
  topics++
  return `${hint}.${process.pid}.${Date.now().toString(36)}.${topics}`
}

/** What one test file opened at the broker, to be closed at its end. */
export class KafkaFixture {
  readonly admin: Admin
  readonly brokers: readonly string[]
  readonly #pool = new ConnectionPool('tests', { requestTimeout: REQUEST_MS })
  readonly #closing: (() => Promise<void>)[] = []

  constructor(brokers: string = BROKERS) {
    this.brokers = brokers.split(',')
    this.admin = new Admin({ clientId: 'tests', bootstrapBrokers: [...this.brokers], retries: 5 })
  }

  /** Closes this at the end. */
  owns<T extends { close(): Promise<void> }>(thing: T): T {
    this.#closing.push(() => thing.close())
    return thing
  }

  async close(): Promise<void> {
    for (const close of this.#closing) await close()
    await this.#pool.close()
    await this.admin.close()
  }

  ports(pipeline = 'tests'): ConnectorPorts {
    return systemPorts({ pipeline, logger: silent })
  }

  async client(
    isolation: Isolation,
    maxWaitingBytes = 33_554_432,
    client: 'platformatic' | 'kafkajs' = 'platformatic',
  ): Promise<KafkaClient> {
    const connection = { brokers: this.brokers, tls: undefined, sasl: undefined }
    const settings = { client, connection, isolation, maxWaitingBytes, maxWaitMs: 100 } as const
    return this.owns(await openClient(this.ports(), settings))
  }

  /** Resolves when groups can be asked for. */
  async groupsAreReady(): Promise<void> {
    const client = await this.client('read_committed')
    await eventually('the cluster has no coordinator of groups', { looks: 300, everyMs: 100 }, () =>
      client.groupOffsets('none'),
    )
  }

  async createTopic(name: string, partitions = 1): Promise<void> {
    await this.admin.createTopics({ topics: [name], partitions, replicas: 1 })
    await eventually(`topic ${name} did not appear`, { looks: 100, everyMs: 50 }, async () => {
      const { topics: described } = await this.admin.metadata({ topics: [name], forceUpdate: true })
      return described.get(name)?.partitionsCount === partitions ? true : undefined
    })
  }

  /** Appends records as one batch, without a transaction. */
  async append(to: TopicPartition, records: readonly EncodableRecord[], codec: Codec = 'none'): Promise<void> {
    if (records.length > 0) await this.appendBatch(to, encodeRecordBatch({ baseOffset: 0, records, codec }))
  }

  /** Appends a batch as it is. What throws is not tried again: nothing would tell the broker that it is the same batch. */
  async appendBatch(to: TopicPartition, batch: Uint8Array): Promise<void> {
    for (let attempt = 0; attempt < 100; attempt++) {
      const { topics: described, brokers } = await this.admin.metadata({ topics: [to.topic], forceUpdate: attempt > 0 })
      const partition = described.get(to.topic)?.partitions[to.partition]
      const broker = partition === undefined ? undefined : brokers.get(partition.leader)
      const request = { transactionalId: null, timeoutMs: PRODUCE_MS, batches: [{ ...to, batch }] }
      const answers = broker === undefined ? [] : await produceApi.async(await this.#pool.get(broker), request)
      const { errorCode, message } = answers[0] ?? { errorCode: PROTOCOL.notLeaderOrFollower, message: '' }
      if (errorCode === 0) return
      if (!NEWS_ON_THE_WAY.includes(errorCode))
        throw new Error(`produce to ${to.topic} failed with error ${errorCode} ${message}`)
      // A new leader needs a moment until it knows that it is one, and of the topic.
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    throw new Error(`${to.topic}-${to.partition} has no leader`)
  }
}

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }
