import type { ConnectorPorts } from '../../../core/ports/connector-ports.ts'
import { type KafkaConnection, type KafkaConnectionOptions, resolveConnection } from './connection-options.ts'
import type { Isolation, KafkaClient, KafkaClientFactory, KafkaClientOptions } from './kafka-client.ts'

/** A client by its word, or a function that makes one. */
export type KafkaClientChoice = 'platformatic' | 'kafkajs' | KafkaClientFactory

/** The words. */
export const CLIENTS = ['platformatic', 'kafkajs'] as const

export interface ClientSettings {
  readonly client: KafkaClientChoice
  readonly connection: KafkaConnection
  readonly isolation: Isolation
  readonly maxWaitingBytes: number
  readonly maxWaitMs: number
}

/** Makes the client that the options choose; it connects when it is first used. The pipeline's name is its client id. */
export function openClient(ports: ConnectorPorts, settings: ClientSettings): Promise<KafkaClient> {
  const { clock, random, logger, pipeline } = ports
  const { client, connection, isolation, maxWaitingBytes, maxWaitMs } = settings
  const make = typeof client === 'function' ? client : FACTORIES[client]
  return make({ connection, clientId: pipeline, isolation, maxWaitingBytes, maxWaitMs, clock, random, logger })
}

/** What a client of its own needs to know; the rest has the defaults of the source. */
export interface ClientOptions extends KafkaConnectionOptions {
  /** Default `read_committed`. */
  readonly isolation?: Isolation
  /** Default `platformatic`. */
  readonly client?: KafkaClientChoice
}

export const DEFAULT_WAITING_BYTES = 33_554_432
export const DEFAULT_WAIT_MS = 500

/**
 * A client for tools, outside of a pipeline. Throws `MR_OPTION_INVALID`.
 *
 * @example
 * const client = await kafkaClient(ports, { brokers: 'localhost:9092' })
 * const [orders] = await client.describeTopics(['orders'])
 */
export function kafkaClient(ports: ConnectorPorts, options: ClientOptions = {}): Promise<KafkaClient> {
  const { client = 'platformatic', isolation = 'read_committed' } = options
  const connection = resolveConnection('kafkaClient', options)
  return openClient(ports, {
    client,
    connection,
    isolation,
    maxWaitingBytes: DEFAULT_WAITING_BYTES,
    maxWaitMs: DEFAULT_WAIT_MS,
  })
}

const FACTORIES = { platformatic, kafkajs }

/** Loaded when a pipeline first needs it. */
async function platformatic(options: KafkaClientOptions): Promise<KafkaClient> {
  const { withLazyValidators } = await import('../platformatic/lazy-validators.ts')
  const { connectPlatformatic } = await withLazyValidators(() => import('../platformatic/client.ts'))
  return connectPlatformatic(options)
}

/** The same. */
async function kafkajs(options: KafkaClientOptions): Promise<KafkaClient> {
  const { connectKafkajs } = await import('../kafkajs/client.ts')
  return connectKafkajs(options)
}
