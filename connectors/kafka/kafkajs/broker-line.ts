import { Kafka } from 'kafkajs'
import { attempts } from '../client/attempts.ts'
import { type BrokerAddress, nameOf } from '../client/broker-address.ts'
import type { BrokerLine, RawRequest } from '../client/broker-line.ts'
import { NO_TAGS } from '../client/encoding.ts'
import type { KafkaClientOptions } from '../client/kafka-client.ts'
import { REQUEST_MS } from '../client/timeouts.ts'
import { Authentication } from './authentication.ts'
import { connected, createCluster, type RawCall } from './internals.ts'
import { kafkaConfig } from './kafka-config.ts'
import { rawCall } from './raw-calls.ts'
import { translatingKafkajs } from './translate-error.ts'

/** Connects to one broker and sends what is encoded already. */
export function connectLine(broker: BrokerAddress, of: KafkaClientOptions): Promise<BrokerLine> {
  const connection = { ...of.connection, brokers: [nameOf(broker)] }
  const authentication = connection.sasl === undefined ? undefined : new Authentication(connection.sasl)
  const tried = translatingKafkajs(connection, authentication)
  return tried(attempts.connectTo(broker), async () => {
    const cluster = await connected(createCluster(new Kafka(kafkaConfig({ ...of, connection }, authentication)), 0))
    const seed = cluster.brokerPool.seedBroker!
    return {
      ask: (request) => tried(attempts.ask(broker), () => seed.connectionPool.send(callOf(request))),
      close: () => tried(attempts.close, () => cluster.disconnect()),
    }
  })
}

/** The package writes and reads fixed headers; the tagged fields of flexible ones stand between header and body. */
function callOf({ apiKey, apiVersion, isFlexible, body }: RawRequest): RawCall<Uint8Array> {
  const api = { apiKey, apiVersion, apiName: `api ${apiKey}` }
  return rawCall(api, Buffer.concat(isFlexible ? [NO_TAGS, body] : [body]), {
    requestTimeout: REQUEST_MS,
    decode: (bytes): Uint8Array => Uint8Array.from(isFlexible ? bytes.subarray(1) : bytes),
  })
}
