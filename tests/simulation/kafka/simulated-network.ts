import type { BrokerAddress } from '../../../connectors/kafka/client/fetch-link.ts'
import { nameOf } from '../../../connectors/kafka/client/fetch-link.ts'
import { MillraceError } from '../../../core/model/errors.ts'
import { type FaultOptions, Faults, NO_FAULTS } from '../faults.ts'
import type { Incarnation } from '../incarnation.ts'
import type { SeededRandom } from '../seeded-random.ts'
import type { Simulation } from '../simulation-scheduler.ts'
import { SimulatedCluster } from './simulated-cluster.ts'

/** One connection of a client: requests arrive in their order, if they arrive. */
export interface Connection {
  readonly owner: Incarnation
  readonly name: string
  /** `undefined`: any broker that is up. */
  readonly broker: BrokerAddress | undefined
  /** Its owner is dead and a request got lost: none that was sent later arrives. */
  isBroken: boolean
}

/** What a request wants of the cluster. */
export interface Call<T> {
  /** Name of the protocol's call, with what it is about. */
  readonly what: string
  /** It changes nothing, so that no answer of it can matter. */
  readonly isLook?: boolean
  readonly perform: () => T | Promise<T>
}

/**
 * What lies between clients and the simulated cluster. A request travels, is performed, and its answer travels back; each may be
 * late. When a client dies, what it sent may still arrive, long after its successor began. Faults: a request is refused, arrives
 * although its client was told that it failed, or is performed and its answer lost.
 */
export class SimulatedNetwork {
  readonly cluster: SimulatedCluster
  readonly faults: Faults
  /** Called after a request was performed, before its client hears of it. */
  onCall: ((what: string, owner: Incarnation) => void) | undefined
  readonly #self: Incarnation
  readonly #random: SeededRandom
  #connections = 0

  constructor(simulation: Simulation, faults: FaultOptions = NO_FAULTS) {
    this.#self = simulation.incarnation('kafka')
    this.#random = simulation.random.fork('kafka network')
    this.faults = new Faults(simulation.random.fork('kafka faults'), faults)
    this.cluster = new SimulatedCluster(this.#self, simulation.random.fork('kafka cluster'))
  }

  connect(owner: Incarnation, broker?: BrokerAddress): Connection {
    this.#connections++
    return { owner, name: `kafka ${this.#connections}`, broker, isBroken: false }
  }

  /** Rejects with `MR_KAFKA_UNREACHABLE` where no broker answers. */
  call<T>(connection: Connection, call: Call<T>): Promise<T> {
    const { owner, name } = connection
    return new Promise<T>((resolve, reject) => {
      if (!owner.isAlive) return
      const answer = (settle: () => void): void => owner.post(name, settle, call.what)
      const arrive = (): void => {
        if (this.#isLost(connection)) return
        this.#perform(connection, call).then(
          (value) => answer(() => resolve(value)),
          (error: unknown) => answer(() => reject(error)),
        )
      }
      this.#self.post(name, arrive, call.what)
    })
  }

  /** Waits like a broker that has nothing to send yet. */
  async waitForChange(ms: number): Promise<void> {
    const waiting = new AbortController()
    const late = this.#self.after(ms, waiting.signal).catch(() => undefined)
    await Promise.race([this.cluster.change, late])
    waiting.abort()
  }

  #isLost(connection: Connection): boolean {
    if (connection.owner.isAlive) return false
    connection.isBroken ||= this.#random.chance(0.5)
    return connection.isBroken
  }

  async #perform<T>({ owner, broker, name }: Connection, { what, isLook, perform }: Call<T>): Promise<T> {
    const unreachable = (why: string): MillraceError =>
      new MillraceError('MR_KAFKA_UNREACHABLE', `Kafka: ${what}: ${why}`)
    const at = broker === undefined ? 'any broker' : nameOf(broker)
    if (!this.cluster.isUp(broker)) throw unreachable(`${at} is down`)
    const target = {
      effect: isLook === true ? 'look' : 'change',
      fail: () => unreachable('the connection broke'),
      torn: () => this.#self.post(`${name} late`, () => this.#performLate(perform), what),
    } as const
    const value = await this.faults.perform(target, () => {
      const performed = perform()
      this.onCall?.(what, owner)
      return performed
    })
    if (this.cluster.isUp(broker)) return value
    throw unreachable(`${at} went down`)
  }

  /** Nobody hears what came of it. */
  #performLate(perform: () => unknown): void {
    try {
      Promise.resolve(perform()).catch(() => undefined)
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error
    }
  }
}
