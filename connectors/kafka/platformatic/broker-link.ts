import { MillraceError } from '../../../core/model/errors.ts'
import { freeMemory } from '../../../core/model/free-memory.ts'
import type { MemoryPool } from '../../../core/model/memory-pool.ts'
import { attempts } from '../client/attempts.ts'
import type { BrokerAddress } from '../client/broker-address.ts'
import { EncodedBatches } from '../client/encoded-chunk.ts'
import type { FetchedPartition, FetchLink, FetchRequest } from '../client/fetch-link.ts'
import type { FetchResponse } from './fetch-api.ts'
import { type API, Connection, type ConnectionOptions } from './package.ts'
import type { Translator } from './translator.ts'

export interface BrokerLinkPorts {
  readonly clientId: string
  readonly connection: ConnectionOptions
  /** Where the records of responses lie. */
  readonly memory: MemoryPool
  readonly translator: Translator
  fetchApi(): Promise<API<[FetchRequest], FetchResponse>>
}

/** A connection of the package's that carries fetches of ours. */
export class BrokerLink implements FetchLink {
  readonly broker: BrokerAddress
  readonly #ports: BrokerLinkPorts
  readonly #connection: Connection
  #connecting: Promise<void> | undefined

  constructor(broker: BrokerAddress, ports: BrokerLinkPorts) {
    this.broker = broker
    this.#ports = ports
    this.#connection = new Connection(ports.clientId, ports.connection)
    ports.translator.watch(this.#connection)
  }

  fetch(request: FetchRequest): Promise<readonly FetchedPartition[]> {
    const { host, port } = this.broker
    return this.#ports.translator.tried(attempts.fetch(this.broker), async () => {
      const api = await this.#ports.fetchApi()
      this.#connecting ??= Promise.resolve(this.#connection.connect(host, port))
      await this.#connecting
      // A broker that is about to hear who we are still is takes nothing else in between.
      if (this.#connection.status === 'reauthenticating') await this.#connection.ready()
      return this.#partitionsOf(await api.async(this.#connection, request))
    })
  }

  async close(): Promise<void> {
    await this.#connection.close()
  }

  #partitionsOf({ errorCode, partitions, garbage }: FetchResponse): readonly FetchedPartition[] {
    const { memory } = this.#ports
    for (const part of garbage) freeMemory(part)
    if (errorCode !== 0) {
      throw new MillraceError('MR_KAFKA_UNREACHABLE', `Kafka: fetch: the broker answered with error ${errorCode}`)
    }
    return partitions.map(({ records, ...partition }) => {
      const batches = records.length === 0 ? undefined : new EncodedBatches(records, () => memory.give(records.buffer))
      return { ...partition, batches }
    })
  }
}
