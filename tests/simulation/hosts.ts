import type { Faults } from './faults.ts'
import type { LifePlan, Scenario } from './scenario.ts'
import type { SeededRandom } from './seeded-random.ts'
import { SimulatedBytes } from './simulated-bytes.ts'
import type { HostPlace } from './simulated-host.ts'
import type { Simulation } from './simulation-scheduler.ts'

const DAMAGE_CHANCE = 0.01

/** So little that files become full, and values are moved together. */
const VALUE_FILE_BYTES = 400

/** The hosts on which the job may run, each with local state of its own. */
export class Hosts {
  readonly #simulation: Simulation
  readonly #scenario: Scenario
  readonly #places: HostPlace[] = []
  readonly #random: SeededRandom
  #damages: number
  #place: HostPlace

  constructor(simulation: Simulation, scenario: Scenario) {
    this.#simulation = simulation
    this.#scenario = scenario
    this.#random = simulation.random.fork('damage of spilled state')
    this.#damages = scenario.memory?.damages ?? 0
    this.#place = this.#newPlace()
  }

  /** Where the job runs now. */
  get place(): HostPlace {
    return this.#place
  }

  get faults(): readonly Faults[] {
    return this.#places.flatMap(({ state, spill }) => [state.faults, ...(spill === undefined ? [] : [spill.faults])])
  }

  /** Goes on where the local state is lost, or is an old one. */
  move(host: LifePlan['host']): void {
    if (host === 'new') this.#place = this.#newPlace()
    if (host === 'earlier') this.#place = this.#places[0]!
  }

  /** Times that state outside memory was read back, on all hosts. */
  get readBack(): number {
    return this.#places.reduce((sum, { spill }) => sum + (spill?.reads ?? 0), 0)
  }

  /** Called once per step: now and then a page of spilled state is damaged, which a restart of the tasks heals. */
  step(): void {
    const { spill } = this.#place
    if (spill === undefined || this.#damages === 0 || !this.#random.chance(DAMAGE_CHANCE)) return
    const { keys } = spill
    if (keys.length === 0) return
    this.#damages--
    const key = this.#random.pick(keys)
    if (this.#random.chance(0.3)) spill.drop(key)
    else spill.flip(key, this.#random.below(8 * (spill.get(key)?.length ?? 0)))
  }

  /** Goes on at a place where the job was before. */
  returnTo(place: HostPlace): void {
    this.#place = place
  }

  #newPlace(): HostPlace {
    const name = String.fromCharCode('a'.charCodeAt(0) + this.#places.length)
    const state = new SimulatedBytes(this.#simulation, { name: `state ${name}`, faults: this.#scenario.faults })
    const spill =
      this.#scenario.memory === undefined
        ? {}
        : { spill: new SimulatedBytes(this.#simulation, { name: `spill ${name}`, faults: this.#scenario.faults }) }
    const values = {
      directory: `/state/${name}/values`,
      largeBytes: this.#scenario.largeBytes,
      fileBytes: VALUE_FILE_BYTES,
    }
    const place = { name, state, values, outbox: `/state/${name}/outbox`, ...spill }
    this.#places.push(place)
    return place
  }
}
