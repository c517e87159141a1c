import type { RecoveryOutcome } from '../../core/checkpoint/decide-recovery.ts'
import type { EpochMarker } from '../../core/checkpoint/epoch-marker.ts'
import type { FailpointName } from '../../core/ports/failpoint.ts'
import { type GeneratedRecord, generateEvents } from '../../examples/events-curated/generate-events.ts'
import { checkEnd } from './check-end.ts'
import { LogHand } from './log-hand.ts'
import { expectationOf } from './oracle.ts'
import { SabotageRunner } from './sabotage.ts'
import { type CrashPlan, pipelineOf, RECORDS, type Scenario, scenarioOf, TOPIC, ZOMBIE_POINTS } from './scenario.ts'
import { SimulatedBytes } from './simulated-bytes.ts'
import { SimulatedDisk } from './simulated-files.ts'
import { type HostPlace, type HostWorld, SimulatedProcess } from './simulated-host.ts'
import { Simulation } from './simulation-scheduler.ts'
import { TableWatcher } from './table-watcher.ts'

/** What one seed found, and what it went through. */
export interface SeedResult {
  readonly seed: number
  readonly violations: readonly string[]
  readonly trace: string
  readonly steps: number
  readonly crashes: number
  readonly failpoints: Readonly<Record<string, number>>
  readonly outcomes: Readonly<Record<string, number>>
}

const MOST_STEPS = 200_000
/** A life whose failpoint does not come is killed after so many steps. */
const PATIENCE = 6_000
const MOST_LIVES = 40

/** Runs one seed from an empty world to the end of its data and judges what is left. */
export function simulateSeed(seed: number): Promise<SeedResult> {
  return new SeedRun(seed).run()
}

class SeedRun {
  readonly #seed: number
  readonly #simulation: Simulation
  readonly #scenario: Scenario
  readonly #disk: SimulatedDisk
  readonly #records: readonly GeneratedRecord[]
  readonly #world: HostWorld
  readonly #watcher: TableWatcher
  readonly #hand: LogHand
  readonly #violations: string[] = []
  readonly #failpoints: Record<string, number> = {}
  readonly #outcomes: Record<string, number> = {}
  #place: HostPlace
  #current: SimulatedProcess | undefined
  #zombie: SimulatedProcess | undefined
  #isDead = false
  #hits = 0
  #crash: CrashPlan | undefined
  #appended = 0
  #crashes = 0

  constructor(seed: number) {
    this.#seed = seed
    this.#simulation = new Simulation(seed)
    this.#scenario = scenarioOf(seed, this.#simulation.random.fork('scenario'))
    this.#disk = new SimulatedDisk(this.#simulation)
    this.#records = generateEvents({ from: 0, to: RECORDS }, this.#scenario.events)
    this.#place = this.#newPlace('a')
    this.#watcher = new TableWatcher(this.#disk.view)
    this.#hand = new LogHand(this.#simulation, this.#disk)
    this.#world = {
      simulation: this.#simulation,
      disk: this.#disk,
      pipeline: pipelineOf(this.#scenario),
      options: this.#scenario.options,
      checkpoints: this.#scenario.isShared ? '/checkpoints' : undefined,
      onFailpoint: (name, process) => this.#onFailpoint(name, process),
      onRecovery: (outcome) => this.#onRecovery(outcome),
    }
  }

  async run(): Promise<SeedResult> {
    await this.#hand.create(TOPIC, this.#scenario.partitions)
    for (const [life, crash] of this.#scenario.crashes.entries()) {
      await this.#append(Math.ceil((RECORDS * (life + 1)) / (this.#scenario.crashes.length + 1)))
      await this.#live(crash, life)
      if (this.#violations.length > 0) return this.#result()
    }
    await this.#append(RECORDS)
    await this.#finish()
    return this.#result()
  }

  /** One life, or more where injected faults end it early, until the planned crash. */
  async #live(crash: CrashPlan, life: number): Promise<void> {
    for (let round = 0; round < MOST_LIVES && this.#violations.length === 0; round++) {
      this.#begin(crash)
      const limit = crash.kind === 'steps' ? crash.steps : PATIENCE
      const outcome = await this.#simulation.run(() => this.#isDead || this.#current?.end !== undefined, limit)
      await this.#watch()
      const end = this.#current?.end
      if (end !== undefined && !this.#isDead) {
        this.#judgeEarlyEnd(end)
        this.#current?.kill('process')
        continue
      }
      await this.#interrupt(life, outcome)
      return
    }
  }

  async #interrupt(life: number, outcome: string): Promise<void> {
    this.#crashes++
    if (outcome === 'stuck' && !this.#isDead)
      this.#violations.push('I16: nothing is left to happen although there are records')
    if (life === this.#scenario.zombieAfter && !this.#isDead) {
      await this.#sleepAndMove()
      return
    }
    if (!this.#isDead) this.#current?.kill()
    this.#wakeZombie(life)
    await this.#watch()
    await this.#sabotage()
  }

  /** The process falls asleep and another host takes over; what wakes up later is a zombie. */
  async #sleepAndMove(): Promise<void> {
    let isAsleep = false
    const process = this.#current
    this.#crash = undefined
    this.#sleep = (name) => {
      if (isAsleep || !ZOMBIE_POINTS.includes(name)) return
      isAsleep = true
      process?.pause()
    }
    await this.#simulation.run(() => isAsleep || process?.end !== undefined, PATIENCE)
    this.#sleep = undefined
    if (!isAsleep) {
      process?.kill()
      return
    }
    this.#zombie = process
    this.#place = this.#newPlace('b')
  }

  #sleep: ((name: FailpointName) => void) | undefined

  #wakeZombie(life: number): void {
    if (life > this.#scenario.zombieAfter) this.#zombie?.resume()
  }

  /** Reads everything to its end without faults and stops. */
  async #finish(): Promise<void> {
    this.#disk.faults.heal()
    this.#zombie?.resume()
    this.#crash = undefined
    this.#isDead = false
    const world = { ...this.#world, options: { ...this.#world.options, isBounded: true } }
    const process = new SimulatedProcess(world, this.#place)
    this.#current = process
    const outcome = await this.#simulation.run(() => process.end !== undefined, MOST_STEPS)
    await this.#watch()
    const end = process.end
    if (end === undefined) this.#violations.push(`I16: the last life ended as ${outcome}, not by itself`)
    else if (end.kind === 'failed')
      this.#violations.push(`the last life failed: ${end.error.code} ${end.error.message}`)
    else await this.#checkZombie(end.last)
  }

  async #checkZombie(last: EpochMarker | undefined): Promise<void> {
    const zombie = this.#zombie
    if (zombie !== undefined) {
      await this.#simulation.run(() => zombie.end !== undefined, 2 * PATIENCE)
      if (zombie.end?.kind === 'drained') this.#violations.push('I8: a zombie ended as if it still owned the pipeline')
      zombie.kill('process')
      await this.#watch()
    }
    const found = await checkEnd({
      view: this.#disk.view,
      expectation: expectationOf(this.#records),
      last,
      state: this.#place.state,
      letters: await this.#hand.read(`${TOPIC}.dlq`),
      mirrored: this.#scenario.hasMirror ? await this.#hand.read('mirror') : undefined,
    })
    this.#violations.push(...found)
  }

  async #sabotage(): Promise<void> {
    const runner = new SabotageRunner({
      random: this.#simulation.random.fork(`sabotage ${this.#crashes}`),
      disk: this.#disk,
      place: this.#place,
      scenario: this.#scenario,
      start: (place, changes) => new SimulatedProcess({ ...this.#world, ...changes }, place),
      run: (until) => this.#simulation.run(until, PATIENCE),
      newState: (name) => new SimulatedBytes(this.#simulation, { name }),
    })
    this.#crash = undefined
    this.#isDead = false
    this.#violations.push(...(await runner.run()))
  }

  #begin(crash: CrashPlan): void {
    this.#crash = crash
    this.#isDead = false
    this.#hits = 0
    this.#current = new SimulatedProcess(this.#world, this.#place)
  }

  #judgeEarlyEnd(end: NonNullable<SimulatedProcess['end']>): void {
    if (end.kind === 'drained') this.#violations.push('the job ended although nobody asked it to')
    else if (!isEarned(end.error.code, this.#disk.faults.injected > 0)) {
      this.#violations.push(`the job failed without a reason: ${end.error.code} ${end.error.message}`)
    }
  }

  #onFailpoint(name: FailpointName, process: SimulatedProcess): void {
    this.#failpoints[name] = (this.#failpoints[name] ?? 0) + 1
    if (process !== this.#current) return
    this.#sleep?.(name)
    const crash = this.#crash
    if (this.#isDead || crash?.kind !== 'failpoint' || crash.name !== name) return
    this.#hits++
    if (this.#hits < crash.nth) return
    this.#isDead = true
    process.kill()
  }

  #onRecovery(outcome: RecoveryOutcome): void {
    this.#outcomes[outcome.kind] = (this.#outcomes[outcome.kind] ?? 0) + 1
  }

  async #watch(): Promise<void> {
    this.#violations.push(...(await this.#watcher.look()))
  }

  #newPlace(name: string): HostPlace {
    const state = new SimulatedBytes(this.#simulation, { name: `state ${name}`, faults: this.#scenario.faults })
    return { name, state, outbox: `/state/${name}/outbox` }
  }

  async #append(until: number): Promise<void> {
    const part = this.#records.slice(this.#appended, until)
    this.#appended = until
    await this.#hand.append(part, this.#scenario)
  }

  #result(): SeedResult {
    return {
      seed: this.#seed,
      violations: this.#violations,
      trace: this.#simulation.trace.hash,
      steps: this.#simulation.steps,
      crashes: this.#crashes,
      failpoints: this.#failpoints,
      outcomes: this.#outcomes,
    }
  }
}

/** Failures that injected I/O errors or a zombie may cause; anything else is a finding. */
function isEarned(code: string, hasFaults: boolean): boolean {
  return hasFaults && ['MR_FILE_IO', 'MR_STATE_IO', 'MR_RESTARTS_EXHAUSTED', 'MR_CHECKPOINT_BLOCKED'].includes(code)
}
