import { attempts } from '../client/attempts.ts'
import { type BrokerAddress, nameOf } from '../client/broker-address.ts'
import type { BrokerLine, RawRequest } from '../client/broker-line.ts'
import type { KafkaClientOptions } from '../client/kafka-client.ts'
import { REQUEST_MS } from '../client/timeouts.ts'
import { connectionOptions } from './connection-options.ts'
import { Connection, createAPI, Writer } from './package.ts'
import { Translator } from './translator.ts'

/** Connects to one broker and sends what is encoded already. */
export function connectLine(broker: BrokerAddress, of: KafkaClientOptions): Promise<BrokerLine> {
  const alone = { ...of.connection, brokers: [nameOf(broker)] }
  const translator = new Translator(alone)
  const { tried } = translator
  return tried(attempts.connectTo(broker), async () => {
    const connection = new Connection(of.clientId, connectionOptions(alone, REQUEST_MS))
    translator.watch(connection)
    await connection.connect(broker.host, broker.port)
    return {
      ask: (request) => tried(attempts.ask(broker), () => apiOf(request).async(connection, request.body)),
      close: () => tried(attempts.close, async () => connection.close()),
    }
  })
}

function apiOf({ apiKey, apiVersion, isFlexible }: RawRequest) {
  return createAPI<[Uint8Array], Uint8Array>(
    apiKey,
    apiVersion,
    (body: Uint8Array) => Writer.create().append(Buffer.from(body)),
    // A copy: the package uses its memory again.
    (...args) => Uint8Array.from(args[3].buffer.slice()),
    isFlexible,
    isFlexible,
  )
}
