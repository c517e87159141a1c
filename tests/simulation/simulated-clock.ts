import type { Clock } from '../../core/ports/clock.ts'
import type { Incarnation } from './incarnation.ts'
import type { Simulation } from './simulation-scheduler.ts'

/** The clock of one incarnation: simulated time, with a wall clock that may be wrong. */
export class SimulatedClock implements Clock {
  /** How far its wall clock is from the simulated one, ms. May be changed while running: a jump. */
  skewMs: number
  readonly #simulation: Simulation
  readonly #owner: Incarnation
  readonly #bornAt: number

  constructor(simulation: Simulation, owner: Incarnation, skewMs = 0) {
    this.#simulation = simulation
    this.#owner = owner
    this.skewMs = skewMs
    this.#bornAt = simulation.monotonic
  }

  now(): number {
    return this.#simulation.now + this.skewMs
  }

  monotonic(): number {
    return this.#simulation.monotonic - this.#bornAt
  }

  after(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#owner.after(ms, signal)
  }
}
