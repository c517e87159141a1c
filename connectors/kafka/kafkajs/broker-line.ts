import { Kafka, type KafkaConfig } from 'kafkajs'
import { attempts } from '../client/attempts.ts'
import { type BrokerAddress, nameOf } from '../client/broker-address.ts'
import type { BrokerLine, RawRequest } from '../client/broker-line.ts'
import { NO_TAGS } from '../client/encoding.ts'
import type { Tried } from '../client/failures.ts'
import { REQUEST_MS } from '../client/timeouts.ts'
import { connected, createCluster, type RawCall } from './internals.ts'
import { rawCall } from './raw-calls.ts'

/** Connects to one broker and sends what is encoded already. */
export function connectLine(
  broker: BrokerAddress,
  { config, tried }: { readonly config: KafkaConfig; readonly tried: Tried },
): Promise<BrokerLine> {
  return tried(attempts.connectTo(broker), async () => {
    const cluster = await connected(createCluster(new Kafka({ ...config, brokers: [nameOf(broker)] }), 0))
    return {
      ask: (request) =>
        tried(attempts.ask(broker), () => cluster.brokerPool.seedBroker!.connectionPool.send(callOf(request))),
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
