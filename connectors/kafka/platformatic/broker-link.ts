import { type API, type Broker, Connection, type ConnectionOptions } from '@platformatic/kafka'
import type { FetchRequest, FetchResponse } from './fetch-api.ts'

/** The one connection of a worker for data of one broker: a fetch that waits there holds nothing else up. */
export class BrokerLink {
  readonly broker: Broker
  readonly #connection: Connection
  #connecting: Promise<void> | undefined

  constructor(broker: Broker, clientId: string, options: ConnectionOptions) {
    this.broker = broker
    this.#connection = new Connection(clientId, options)
    // Whoever waits for an answer gets the error; a second report of it would end the process.
    this.#connection.on('error', () => undefined)
  }

  /** Rejects with an error of the package; the link is of no use then. */
  async fetch(api: API<[FetchRequest], FetchResponse>, request: FetchRequest): Promise<FetchResponse> {
    this.#connecting ??= Promise.resolve(this.#connection.connect(this.broker.host, this.broker.port))
    await this.#connecting
    return api.async(this.#connection, request)
  }

  async close(): Promise<void> {
    await this.#connection.close()
  }
}
