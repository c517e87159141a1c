import { type EffectOptions, Incarnation, type IncarnationHost, type Queue } from './incarnation.ts'
import { SeededRandom } from './seeded-random.ts'
import { Trace } from './trace.ts'

/** Wall time at which every simulation begins, epoch ms. */
export const SIMULATION_START_MS = 1_700_000_000_000

/** What a power loss takes from a storage. */
export interface Storage {
  losePower(): void
}

/** How a run ended: the condition holds; nothing is left that could happen; too many steps. */
export type RunOutcome = 'done' | 'stuck' | 'exhausted'

interface Timer {
  readonly at: number
  readonly order: number
  readonly owner: Incarnation
  readonly fire: () => void
}

/** How this seed picks: each seed has another mix. */
interface PickingStyle {
  /** Probability per step that time jumps to the next timer although work is ready. */
  readonly earlyTimers: number
  /** Share of queues that are picked less often. */
  readonly slowQueues: number
  /** Simulated time per step, at most, ms. */
  readonly stepMs: number
}

/**
 * A world that runs on one thread by one seed. Each step picks one ready piece of work among the heads of all queues
 * (or lets time pass), does it, lets all promise reactions run, and goes on. Equal seeds give equal runs as long as the
 * code inside waits for nothing but its ports.
 */
export class Simulation {
  readonly seed: number
  readonly random: SeededRandom
  readonly trace = new Trace()
  readonly #picking: SeededRandom
  readonly #crashes: SeededRandom
  readonly #style: PickingStyle
  readonly #ready: Queue[] = []
  readonly #timers: Timer[] = []
  readonly #storages: Storage[] = []
  readonly #names = new Map<string, number>()
  readonly #world: Incarnation
  #elapsedMs = 0
  #timerOrder = 0
  #steps = 0

  constructor(seed: number) {
    this.seed = seed
    this.random = new SeededRandom(seed)
    this.#picking = this.random.fork('picking')
    this.#crashes = this.random.fork('crashes')
    this.#style = pickingStyle(this.random.fork('style'))
    this.#world = this.incarnation('world')
  }

  /** Simulated wall time, epoch ms. */
  get now(): number {
    return SIMULATION_START_MS + Math.floor(this.#elapsedMs)
  }

  /** Simulated monotonic time, ms. */
  get monotonic(): number {
    return this.#elapsedMs
  }

  get steps(): number {
    return this.#steps
  }

  /** A new life; names are numbered where they repeat. */
  incarnation(name: string): Incarnation {
    const lives = (this.#names.get(name) ?? 0) + 1
    this.#names.set(name, lives)
    return new Incarnation(lives === 1 ? name : `${name}#${lives}`, this.#host())
  }

  /** Work of the world itself (fault plans, checks), which never crashes. */
  post(label: string, run: () => void): void {
    this.#world.post(label, run)
  }

  complete<T>(label: string, perform: () => T, what?: EffectOptions): Promise<T> {
    return this.#world.complete(label, perform, what)
  }

  after(ms: number): Promise<void> {
    return this.#world.after(ms)
  }

  /** Makes `losePower` of a storage part of every power loss. */
  attach(storage: Storage): void {
    this.#storages.push(storage)
  }

  /**
   * Kills all `incarnations` of a host at once. `process`: what was written stays; `power`: what was not synced may be
   * gone or torn. Without a kind the seed decides. Returns the kind.
   */
  crash(incarnations: readonly Incarnation[], kind?: 'process' | 'power'): 'process' | 'power' {
    const chosen = kind ?? this.#crashes.pick(['process', 'power'] as const)
    this.trace.add(`${chosen} crash`)
    for (const incarnation of incarnations) incarnation.crash()
    if (chosen === 'power') for (const storage of this.#storages) storage.losePower()
    return chosen
  }

  /** Steps until `until` holds, which is asked after every step. */
  async run(until: () => boolean, maxSteps: number): Promise<RunOutcome> {
    await settle()
    for (let step = 0; step < maxSteps; step++) {
      if (until()) return 'done'
      if (!this.#step()) return 'stuck'
      await settle()
    }
    return until() ? 'done' : 'exhausted'
  }

  /** Steps until `work` is settled and passes its outcome on. For set-up and checks. */
  async finish<T>(work: Promise<T>, maxSteps = 100_000): Promise<T> {
    const state: { outcome?: { readonly value: T } | { readonly error: unknown } } = {}
    work.then(
      (value) => {
        state.outcome = { value }
      },
      (error: unknown) => {
        state.outcome = { error }
      },
    )
    const ended = await this.run(() => state.outcome !== undefined, maxSteps)
    if (state.outcome === undefined) throw new Error(`seed ${this.seed}: the work is not finished, the run is ${ended}`)
    if ('error' in state.outcome) throw state.outcome.error
    return state.outcome.value
  }

  #step(): boolean {
    this.#steps++
    if (this.#ready.length === 0 || this.#picking.chance(this.#style.earlyTimers)) {
      if (!this.#jump() && this.#ready.length === 0) return false
    } else this.#pass(this.#elapsedMs + (this.#picking.below(1000) / 1000) * this.#style.stepMs)
    if (this.#ready.length > 0) this.#perform(this.#pickQueue())
    return true
  }

  /** Lets time pass to the next timer. */
  #jump(): boolean {
    const next = this.#timers[0]
    if (next === undefined) return false
    this.#pass(Math.max(this.#elapsedMs, next.at))
    return true
  }

  #pass(until: number): void {
    this.#elapsedMs = until
    while (this.#timers.length > 0 && this.#timers[0]!.at <= until) this.#timers.shift()!.fire()
  }

  #pickQueue(): number {
    const index = this.#picking.below(this.#ready.length)
    const isSkipped = this.#ready[index]!.isSlow && this.#picking.chance(0.9)
    return isSkipped ? this.#picking.below(this.#ready.length) : index
  }

  #perform(index: number): void {
    const queue = this.#ready[index]!
    const item = queue.items.shift()!
    if (queue.items.length === 0) {
      const last = this.#ready.pop()!
      if (last !== queue) this.#ready[index] = last
      queue.owner.forget(queue)
    }
    this.trace.add(`${queue.owner.name} ${item.label} ${item.text}`)
    item.run()
  }

  #host(): IncarnationHost {
    return {
      newQueue: (owner, label) => {
        const isSlow = this.#picking.chance(this.#style.slowQueues)
        return { owner, label, items: [], isSlow }
      },
      ready: (queue) => {
        this.#ready.push(queue)
      },
      withdraw: (owner) => this.#withdraw(owner),
      sleep: (owner, { ms, fire }) =>
        this.#sleep({ at: this.#elapsedMs + Math.max(0, ms), order: this.#timerOrder++, owner, fire }),
      wasStillDone: () => this.#crashes.chance(0.5),
      note: (line) => this.trace.add(line),
    }
  }

  #withdraw(owner: Incarnation): void {
    const others = this.#ready.filter((queue) => queue.owner !== owner)
    this.#ready.splice(0, this.#ready.length, ...others)
    if (owner.isAlive) return
    const living = this.#timers.filter((timer) => timer.owner !== owner)
    this.#timers.splice(0, this.#timers.length, ...living)
  }

  #sleep(timer: Timer): { cancel(): void } {
    let at = this.#timers.length
    while (at > 0 && this.#timers[at - 1]!.at > timer.at) at--
    this.#timers.splice(at, 0, timer)
    return {
      cancel: () => {
        const index = this.#timers.indexOf(timer)
        if (index >= 0) this.#timers.splice(index, 1)
      },
    }
  }
}

function pickingStyle(random: SeededRandom): PickingStyle {
  return {
    earlyTimers: random.pick([0, 0, 0.001, 0.02]),
    slowQueues: random.pick([0, 0.1, 0.3]),
    stepMs: random.pick([0.02, 0.2, 2]),
  }
}

/**
 * Lets every promise reaction run. One turn of the event loop is enough, however long the chain of reactions is, since
 * Node empties its microtask queue before it goes on (measured: 3 µs a turn).
 */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
