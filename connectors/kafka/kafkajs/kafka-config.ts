import { type ISocketFactory, type KafkaConfig, logLevel } from 'kafkajs'
import type { KafkaConnection } from '../client/connection-options.ts'
import { TLS_WANTED } from '../client/failures.ts'
import type { KafkaClientOptions } from '../client/kafka-client.ts'
import { CONNECT_MS, REQUEST_MS } from '../client/timeouts.ts'
import type { Authentication } from './authentication.ts'
import { defaultSockets } from './internals.ts'

/** So long before its session ends a connection says again who it is; brokers take that one second after the last time. */
const REAUTHENTICATE_MS = 1_000

/** The options in the words of kafkajs, which tries nothing again and says nothing by itself. */
export function kafkaConfig(
  { connection, clientId, maxWaitMs }: KafkaClientOptions,
  authentication: Authentication | undefined,
): KafkaConfig {
  const { brokers, tls } = connection
  return {
    clientId,
    brokers: [...brokers],
    connectionTimeout: CONNECT_MS,
    requestTimeout: REQUEST_MS + maxWaitMs,
    reauthenticationThreshold: REAUTHENTICATE_MS,
    retry: { retries: 0 },
    logLevel: logLevel.NOTHING,
    ...(tls === undefined ? { socketFactory: plainSockets() } : { ssl: tlsOptions(tls) }),
    ...(authentication === undefined ? {} : { sasl: authentication.mechanism }),
  }
}

/** First bytes of a TLS record: its type, then the version 3. */
const TLS_RECORD = { types: [0x14, 0x15, 0x16, 0x17], version: 0x03 }

/** Notices a broker that answers in TLS: kafkajs would take that for the length of a huge answer. */
function plainSockets(): ISocketFactory {
  const make = defaultSockets()
  return (of) => {
    const socket = make(of)
    socket.once('data', ([type = 0, version]: Buffer) => {
      if (TLS_RECORD.types.includes(type) && version === TLS_RECORD.version) {
        socket.destroy(new Error(TLS_WANTED.reason))
      }
    })
    return socket
  }
}

function tlsOptions({
  serverName: servername,
  ...certificates
}: NonNullable<KafkaConnection['tls']>): NonNullable<KafkaConfig['ssl']> {
  const asBuffers = Object.entries(certificates).map(([key, value]) => [
    key,
    value instanceof Uint8Array ? Buffer.from(value) : value,
  ])
  return { ...Object.fromEntries(asBuffers), ...(servername === undefined ? {} : { servername }) }
}
