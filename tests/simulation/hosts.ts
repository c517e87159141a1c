import type { Faults } from './faults.ts'
import type { LifePlan, Scenario } from './scenario.ts'
import { SimulatedBytes } from './simulated-bytes.ts'
import type { HostPlace } from './simulated-host.ts'
import type { Simulation } from './simulation-scheduler.ts'

/** The hosts on which the job may run, each with local state of its own. */
export class Hosts {
  readonly #simulation: Simulation
  readonly #scenario: Scenario
  readonly #places: HostPlace[] = []
  #place: HostPlace

  constructor(simulation: Simulation, scenario: Scenario) {
    this.#simulation = simulation
    this.#scenario = scenario
    this.#place = this.#newPlace()
  }

  /** Where the job runs now. */
  get place(): HostPlace {
    return this.#place
  }

  get faults(): readonly Faults[] {
    return this.#places.map(({ state }) => state.faults)
  }

  /** Goes on where the local state is lost, or is an old one. */
  move(host: LifePlan['host']): void {
    if (host === 'new') this.#place = this.#newPlace()
    if (host === 'earlier') this.#place = this.#places[0]!
  }

  /** Goes on at a place where the job was before. */
  returnTo(place: HostPlace): void {
    this.#place = place
  }

  #newPlace(): HostPlace {
    const name = String.fromCharCode('a'.charCodeAt(0) + this.#places.length)
    const state = new SimulatedBytes(this.#simulation, { name: `state ${name}`, faults: this.#scenario.faults })
    const place = { name, state, outbox: `/state/${name}/outbox` }
    this.#places.push(place)
    return place
  }
}
