import { type BrokerAddress, nameOf } from '../../../connectors/kafka/client/broker-address.ts'
import { MillraceError } from '../../../core/model/errors.ts'
import { type FaultOptions, Faults, NO_FAULTS } from '../faults.ts'
import type { Incarnation } from '../incarnation.ts'
import type { SeededRandom } from '../seeded-random.ts'
import type { Simulation } from '../simulation-scheduler.ts'
import type { CallMoment } from './kafka-plan.ts'
import { SimulatedCluster } from './simulated-cluster.ts'

/** So late is what a dead client sent, ms: its successor may have begun, or not. */
const LATE_MS = [0, 20, 300, 3_000]

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
  /** Called when a request was sent, and when it was performed, before its client hears of it. */
  onCall: ((call: { readonly what: string; readonly moment: CallMoment }, owner: Incarnation) => void) | undefined
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
      const perform = (): Promise<void> =>
        this.#perform(connection, call).then(
          (value) => answer(() => resolve(value)),
          (error: unknown) => answer(() => reject(error)),
        )
      const arrive = (): Promise<void> =>
        owner.isAlive ? perform() : this.#arriveFromTheDead(connection).then(perform)
      this.#self.post(name, arrive, call.what)
      this.onCall?.({ what: call.what, moment: 'sent' }, owner)
    })
  }

  /** Waits like a broker that has nothing to send yet. */
  async waitForChange(ms: number): Promise<void> {
    const waiting = new AbortController()
    // It rejects only when it is aborted below, after a change.
    const late = this.#self.after(ms, waiting.signal).catch(() => undefined)
    await Promise.race([this.cluster.change, late])
    waiting.abort()
  }

  /** What a dead client sent gets lost, with all that it sent after it, or arrives now or much later. Never resolves for what is lost. */
  #arriveFromTheDead(connection: Connection): Promise<void> {
    connection.isBroken ||= this.#random.chance(0.5)
    return connection.isBroken ? new Promise(() => undefined) : this.#self.after(this.#random.pick(LATE_MS))
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
      this.onCall?.({ what, moment: 'done' }, owner)
      return performed
    })
    if (this.cluster.isUp(broker)) return value
    throw unreachable(`${at} went down`)
  }

  /** Nobody hears what came of it: a refusal neither. */
  async #performLate(perform: () => unknown): Promise<void> {
    try {
      await perform()
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error
    }
  }
}
