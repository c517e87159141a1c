import { appendForeignVersion } from './foreign-writer.ts'
import type { Scenario, ZombiePlan } from './scenario.ts'
import type { SimulatedDisk } from './simulated-files.ts'
import type { SimulatedProcess } from './simulated-host.ts'
import type { Simulation } from './simulation-scheduler.ts'

/** A zombie that races with its successor wakes up after so many steps at most. */
const RACE_STEPS = 40

/** What happens beside the process under test: another writer of the table, and a zombie that wakes up. */
export class OutsideWorld {
  readonly #simulation: Simulation
  readonly #disk: SimulatedDisk
  readonly #scenario: Scenario
  #zombie: SimulatedProcess | undefined
  /** Steps until the zombie wakes up; `undefined` while it may not. */
  #sleepsFor: number | undefined
  #foreignIn: number

  constructor(simulation: Simulation, disk: SimulatedDisk, scenario: Scenario) {
    this.#simulation = simulation
    this.#disk = disk
    this.#scenario = scenario
    this.#foreignIn = scenario.foreignEvery
  }

  get zombie(): SimulatedProcess | undefined {
    return this.#zombie
  }

  /** True while a replaced process works on as if nothing had happened. */
  get isZombieAwake(): boolean {
    return this.#zombie !== undefined && !this.#zombie.main.isPaused
  }

  get #plan(): ZombiePlan | undefined {
    return this.#scenario.zombie
  }

  /** This process sleeps while another one takes over; some zombies wake up during the take-over. */
  fallsAsleep(process: SimulatedProcess): void {
    this.#zombie = process
    if (this.#plan?.wakes === 'later' && this.#simulation.random.fork('zombie').chance(0.5)) this.mayWake()
  }

  mayWake(): void {
    if (this.#zombie?.main.isPaused === true) this.#sleepsFor ??= this.#plan?.sleeps
  }

  /** The successor is about to commit what the zombie may have been about to commit. */
  successorRedoes(): void {
    if (this.#plan?.wakes === 'at redo' && this.#zombie?.main.isPaused === true)
      this.#sleepsFor = this.#plan.sleeps % RACE_STEPS
  }

  wake(): void {
    this.#sleepsFor = undefined
    this.#zombie?.resume()
  }

  /** Called once per step of the process under test. */
  step(): void {
    if (this.#sleepsFor !== undefined && --this.#sleepsFor <= 0) this.wake()
    if (this.#scenario.foreignEvery === 0 || --this.#foreignIn > 0) return
    this.#foreignIn = this.#scenario.foreignEvery
    appendForeignVersion(this.#disk, this.#simulation.now)
  }
}
