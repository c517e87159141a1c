import type { SeededRandom } from '../seeded-random.ts'
import type { Simulation } from '../simulation-scheduler.ts'
import type { SimulatedCluster } from './simulated-cluster.ts'

/** So long brokers are away, ms: always shorter than the patience of who asks them for something. */
const AWAY_MS = [20, 500, 5_000, 20_000]
/** Time between outages, so that whoever waits comes to know that one is over, ms. */
const REST_MS = 15_000

/** Takes brokers away now and then, one or all of them, for a while. */
export class KafkaOutages {
  readonly #simulation: Simulation
  readonly #cluster: SimulatedCluster
  readonly #random: SeededRandom
  readonly #every: number
  #nextIn: number
  #notBefore = 0

  constructor(simulation: Simulation, cluster: SimulatedCluster, every: number) {
    this.#simulation = simulation
    this.#cluster = cluster
    this.#random = simulation.random.fork('kafka outages')
    this.#every = every
    this.#nextIn = every
  }

  /** Called once per step of the process under test. */
  step(): void {
    if (this.#every === 0 || --this.#nextIn > 0 || this.#simulation.monotonic < this.#notBefore) return
    this.#nextIn = 1 + this.#random.below(2 * this.#every)
    const ms = this.#random.pick(AWAY_MS)
    this.#notBefore = this.#simulation.monotonic + ms + REST_MS
    const brokers = this.#random.chance(0.5) ? this.#cluster.brokers : [this.#random.pick(this.#cluster.brokers)]
    this.#simulation.trace.add(`kafka outage of ${brokers.length} for ${ms} ms`)
    for (const broker of brokers) this.#cluster.stop(broker)
    this.#simulation.after(ms).then(
      () => this.end(),
      () => undefined,
    )
  }

  /** All brokers are there again. */
  end(): void {
    for (const broker of this.#cluster.brokers) this.#cluster.start(broker)
  }
}
