import type { ConnectorPorts } from '../../../core/ports/connector-ports.ts'
import type { KafkaConnection } from './connection-options.ts'
import type { Isolation, KafkaClient, KafkaClientFactory, KafkaClientOptions } from './kafka-client.ts'

/** A client by its word, or a function that makes one. */
export type KafkaClientChoice = 'platformatic' | KafkaClientFactory

/** The words. */
export const CLIENTS = ['platformatic'] as const

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
  const make = typeof client === 'function' ? client : platformatic
  return make({ connection, clientId: pipeline, isolation, maxWaitingBytes, maxWaitMs, clock, random, logger })
}

/** Loaded when a pipeline first needs it. */
async function platformatic(options: KafkaClientOptions): Promise<KafkaClient> {
  const { connectPlatformatic } = await import('../platformatic/client.ts')
  return connectPlatformatic(options)
}
