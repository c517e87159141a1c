import type { RecoveryOutcome } from '../../core/checkpoint/decide-recovery.ts'
import type { EpochMarker } from '../../core/checkpoint/epoch-marker.ts'
import { MillraceError } from '../../core/model/errors.ts'
import type { FailpointName } from '../../core/ports/failpoint.ts'
import { loadEncoder } from '../../formats/parquet/encode-parquet.ts'
import { checkEnd } from './check-end.ts'
import { CrashWatch } from './crash-watch.ts'
import { EndJudge } from './end-judge.ts'
import type { Faults } from './faults.ts'
import { Hosts } from './hosts.ts'
import type { Incarnation } from './incarnation.ts'
import { simulatedClients } from './kafka/simulated-kafka-client.ts'
import { withMemory } from './little-memory.ts'
import { OutsideWorld } from './outside-world.ts'
import { ProgressWatcher } from './progress-watcher.ts'
import { SabotageRunner } from './sabotage.ts'
import {
  type CrashPlan,
  type LifePlan,
  pipelineOf,
  RECORDS,
  type Scenario,
  type Stillbirth,
  scenarioOf,
  TABLES,
} from './scenario.ts'
import type { SeedResult } from './seed-result.ts'
import { SimulatedBytes } from './simulated-bytes.ts'
import { SimulatedDisk } from './simulated-files.ts'
import { type HostWorld, SimulatedProcess } from './simulated-host.ts'
import { Simulation } from './simulation-scheduler.ts'
import { StoredValues } from './stored-values.ts'
import { Surroundings } from './surroundings.ts'
import { TableWatcher } from './table-watcher.ts'
import { throwingAt } from './user-function.ts'

// Writers load it with their first file; here it is there before virtual time begins, and no seed is the first one.
await loadEncoder()

const MOST_STEPS = 200_000
/** A life whose failpoint does not come is killed after so many steps. */
const PATIENCE = 2_500
const MOST_LIVES = 40
/** Starts beside a living zombie that may lose every race against it. */
const MOST_TAKEOVERS = 10

/** Runs one seed from an empty world to the end of its data and judges what is left. */
export function simulateSeed(seed: number): Promise<SeedResult> {
  return new SeedRun(seed).run()
}

class SeedRun {
  readonly #seed: number
  readonly #simulation: Simulation
  readonly #scenario: Scenario
  readonly #disk: SimulatedDisk
  readonly #world: HostWorld
  readonly #watchers: readonly TableWatcher[]
  readonly #surroundings: Surroundings
  readonly #violations: string[] = []
  readonly #failpoints: Record<string, number> = {}
  readonly #outcomes: Record<string, number> = {}
  readonly #progress = new ProgressWatcher()
  readonly #outside: OutsideWorld
  readonly #hosts: Hosts
  readonly #judge: EndJudge
  #current: SimulatedProcess | undefined
  #isDead = false
  /** Where the current process dies, or falls asleep. */
  readonly #crash = new CrashWatch(() => this.#onReached())
  #isFallingAsleep = false
  #crashes = 0

  constructor(seed: number) {
    this.#seed = seed
    this.#simulation = new Simulation(seed)
    this.#scenario = scenarioOf(seed, this.#simulation.random.fork('scenario'))
    this.#disk = new SimulatedDisk(this.#simulation, this.#scenario.faults)
    this.#disk.onChange = (path, owner) => {
      if (this.#isOfCurrent(owner)) this.#crash.change(path)
    }
    this.#hosts = new Hosts(this.#simulation, this.#scenario)
    this.#outside = new OutsideWorld(this.#simulation, this.#disk, this.#scenario)
    this.#judge = new EndJudge(this.#outside, () => this.#faults())
    this.#watchers = TABLES.map((table) => new TableWatcher(this.#disk.view, table))
    this.#surroundings = new Surroundings(this.#simulation, this.#disk, this.#scenario)
    this.#surroundings.network.onCall = (call, owner) => {
      if (this.#isOfCurrent(owner)) this.#crash.call(call)
    }
    this.#world = {
      simulation: this.#simulation,
      disk: this.#disk,
      pipeline: this.#pipeline(this.#scenario, throwingAt(this.#scenario.throwsAt)),
      options: withMemory(this.#scenario, this.#scenario.options.workers),
      checkpoints: this.#scenario.isShared ? '/checkpoints' : undefined,
      onFailpoint: (name, process) => this.#onFailpoint(name, process),
      onRecovery: (outcome) => this.#onRecovery(outcome),
      onCommitted: (marker, process) => {
        if (process === this.#current) this.#violations.push(...this.#progress.look(marker))
      },
    }
  }

  /** A named error of the log that nobody caught is a finding; anything else is a fault of this harness and is thrown. */
  async run(): Promise<SeedResult> {
    try {
      await this.#run()
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error
      this.#violations.push(`a bystander failed: ${error.code} ${error.message}`)
    }
    return this.#result()
  }

  async #run(): Promise<void> {
    await this.#surroundings.createTopic()
    const { lives } = this.#scenario
    for (const [index, life] of lives.entries()) {
      await this.#surroundings.append(Math.ceil((RECORDS * (index + 1)) / (lives.length + 1)))
      await this.#live(life, index)
      if (this.#violations.length > 0) return
    }
    await this.#surroundings.append(RECORDS)
    await this.#finish()
  }

  /** One life, or more where injected faults end it early, until the planned crash. */
  async #live(life: LifePlan, index: number): Promise<void> {
    if (this.#outside.zombie === undefined) this.#hosts.move(life.host)
    for (const stillbirth of life.stillborn) await this.#stillbirth(stillbirth, life)
    for (let round = 0; round < MOST_LIVES && this.#violations.length === 0; round++) {
      this.#begin(life.crash, life.workers)
      const limit = life.crash.kind === 'steps' ? life.crash.steps : PATIENCE
      const outcome = await this.#simulation.run(() => this.#hasEnded(), limit)
      await this.#watch()
      const end = this.#current?.end
      if (end !== undefined && !this.#isDead) {
        this.#violations.push(...this.#judge.earlyEnd(end))
        this.#current?.kill('process')
        continue
      }
      await this.#interrupt(index, outcome)
      return
    }
  }

  async #stillbirth({ crash, host }: Stillbirth, { workers }: LifePlan): Promise<void> {
    const { place } = this.#hosts
    if (this.#outside.zombie === undefined) this.#hosts.move(host)
    this.#begin(crash, workers)
    await this.#simulation.run(() => this.#hasEnded(), crash.kind === 'steps' ? crash.steps : PATIENCE)
    await this.#watch()
    const end = this.#current?.end
    if (end !== undefined && !this.#isDead) this.#violations.push(...this.#judge.earlyEnd(end))
    if (!this.#isDead) this.#killCurrent()
    this.#hosts.returnTo(place)
    this.#crashes++
  }

  /** Asked after every step, so that the world moves on meanwhile. */
  #hasEnded(): boolean {
    this.#outside.step()
    this.#hosts.step()
    this.#surroundings.step()
    return this.#isDead || this.#current?.end !== undefined
  }

  /**
   * While a zombie lives, be it asleep, the storage stays powered: what it has written and not synced is not taken from under it, on a host of
   * its own, whose power is on, or on storage that others mount, to which its host would send it again. A death right after a
   * change of a file is there for what a loss of power makes of it.
   */
  #killCurrent(): void {
    const kind = this.#crash.plan?.kind === 'file' ? 'power' : undefined
    this.#current?.kill(this.#outside.zombie === undefined ? kind : 'process')
  }

  async #interrupt(life: number, outcome: string): Promise<void> {
    this.#crashes++
    if (outcome === 'stuck' && !this.#isDead)
      this.#violations.push('I16: nothing is left to happen although there are records')
    if (life === this.#scenario.zombie?.life && !this.#isDead) {
      await this.#sleepAndMove()
      return
    }
    if (!this.#isDead) this.#killCurrent()
    this.#outside.mayWake()
    await this.#watch()
    await this.#sabotage()
  }

  /** The process falls asleep and another host takes over; what wakes up later is a zombie. */
  async #sleepAndMove(): Promise<void> {
    const process = this.#current
    this.#crash.watchFor(this.#scenario.zombie?.at)
    this.#isFallingAsleep = true
    await this.#simulation.run(() => process?.main.isPaused === true || process?.end !== undefined, PATIENCE)
    this.#isFallingAsleep = false
    if (process?.main.isPaused !== true) {
      process?.kill()
      return
    }
    this.#outside.fallsAsleep(process)
    this.#hosts.move('new')
  }

  /** Reads everything to its end without faults and stops. */
  async #finish(): Promise<void> {
    for (const faults of this.#faults()) faults.heal()
    await this.#surroundings.settle()
    this.#outside.wake()
    if (this.#scenario.endsElsewhere) this.#hosts.move('new')
    this.#crash.watchFor(undefined)
    this.#isDead = false
    const process = await this.#lastLife()
    await this.#watch()
    const end = process?.end
    if (end === undefined) this.#violations.push('I16: the last life did not end by itself')
    else if (end.kind === 'failed')
      this.#violations.push(`the last life failed: ${end.error.code} ${end.error.message}`)
    else await this.#checkZombie(end.last)
  }

  /** Beside a zombie that is awake and quicker a start may lose every race; sooner or later one of both gives in. */
  async #lastLife(): Promise<SimulatedProcess | undefined> {
    const world = { ...this.#world, options: { ...this.#world.options, bounds: await this.#surroundings.ends() } }
    for (let start = 0; start < MOST_TAKEOVERS; start++) {
      const process = new SimulatedProcess(world, this.#hosts.place)
      this.#current = process
      const outcome = await this.#simulation.run(() => process.end !== undefined, MOST_STEPS)
      if (outcome !== 'done') return undefined
      const isRaceLost = process.end?.kind === 'failed' && process.end.error.code === 'MR_CHECKPOINT_SUPERSEDED'
      if (!isRaceLost || this.#outside.zombie === undefined || this.#outside.zombie.end !== undefined) return process
      process.kill('process')
    }
    return undefined
  }

  async #checkZombie(last: EpochMarker | undefined): Promise<void> {
    const { zombie } = this.#outside
    if (zombie !== undefined) {
      await this.#simulation.run(() => zombie.end !== undefined, 2 * PATIENCE)
      if (zombie.end?.kind === 'drained') this.#violations.push('I8: a zombie ended as if it still owned the pipeline')
      zombie.kill('process')
      await this.#watch()
    }
    const found = await checkEnd({
      view: this.#disk.view,
      windows: this.#scenario.windows,
      records: this.#surroundings.written,
      last,
      state: new StoredValues(this.#hosts.place, this.#disk),
      letters: await this.#surroundings.letters(),
      mirrored: await this.#surroundings.mirrored(),
      group: this.#surroundings.groupOffsets(this.#scenario.pipelineName),
    })
    this.#violations.push(...found)
  }

  async #sabotage(): Promise<void> {
    // What a zombie does meanwhile would be taken for the doing of the process that must touch nothing.
    if (this.#outside.isZombieAwake) return
    const runner = new SabotageRunner({
      random: this.#simulation.random.fork(`sabotage ${this.#crashes}`),
      disk: this.#disk,
      place: this.#hosts.place,
      scenario: this.#scenario,
      other: this.#pipeline({ ...this.#scenario, pipelineName: 'other' }, () => undefined),
      cluster: this.#surroundings.network.cluster,
      start: (place, changes) => new SimulatedProcess({ ...this.#world, ...changes }, place),
      run: (until) => this.#simulation.run(until, PATIENCE),
      newState: (name) => new SimulatedBytes(this.#simulation, { name }),
    })
    this.#crash.watchFor(undefined)
    this.#isDead = false
    for (const faults of this.#faults()) faults.quiet(true)
    await this.#surroundings.calm()
    this.#violations.push(...(await runner.run()))
    for (const faults of this.#faults()) faults.quiet(false)
    this.#surroundings.disturb()
  }

  #faults(): readonly Faults[] {
    return [this.#disk.faults, ...this.#hosts.faults]
  }

  #begin(crash: CrashPlan, workers: number): void {
    this.#crash.watchFor(crash)
    this.#isDead = false
    const options = withMemory(this.#scenario, workers)
    this.#current = new SimulatedProcess({ ...this.#world, options }, this.#hosts.place)
  }

  #pipeline(scenario: Scenario, onRecord: () => void): HostWorld['pipeline'] {
    const { network } = this.#surroundings
    return (thread) => pipelineOf(scenario, { client: simulatedClients(network, thread), onRecord })
  }

  #onFailpoint(name: FailpointName, process: SimulatedProcess): void {
    this.#failpoints[name] = (this.#failpoints[name] ?? 0) + 1
    if (process === this.#current) this.#crash.failpoint(name)
  }

  #isOfCurrent(owner: Incarnation): boolean {
    return this.#current?.incarnations.includes(owner) === true
  }

  /** The process is where its life is to end or to pause. */
  #onReached(): void {
    if (this.#isDead) return
    if (this.#isFallingAsleep) {
      this.#current?.pause()
      return
    }
    this.#isDead = true
    this.#killCurrent()
  }

  #onRecovery(outcome: RecoveryOutcome): void {
    this.#outcomes[outcome.kind] = (this.#outcomes[outcome.kind] ?? 0) + 1
    if (outcome.kind === 'redo') this.#outside.successorRedoes()
  }

  async #watch(): Promise<void> {
    for (const watcher of this.#watchers) this.#violations.push(...(await watcher.look()))
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
      readBack: this.#hosts.readBack,
    }
  }
}
