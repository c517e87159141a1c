import type { Scheduler } from '../../core/ports/scheduler.ts'

/** One piece of work that waits to be picked. */
export interface Item {
  readonly label: string
  /** `effect`: reaches the world outside, so a crash may find it done; `post`: lives in the memory of its owner. */
  readonly kind: 'post' | 'effect'
  /** What it is, for the trace. */
  readonly text: string
  readonly run: () => void
  /** What is left of the effect where its owner dies meanwhile; answers nobody. */
  readonly perform: () => void
}

export interface EffectOptions {
  /** What it is, for the trace. */
  readonly text?: string
  /** The effect as the death of its owner may leave it, where that is less than the whole. */
  readonly torn?: () => void
}

/** Work under one label, in order. */
export interface Queue {
  readonly owner: Incarnation
  readonly label: string
  readonly items: Item[]
  /** Picked less often than others. */
  readonly isSlow: boolean
}

/** What an incarnation needs from its simulation. */
export interface IncarnationHost {
  newQueue(owner: Incarnation, label: string): Queue
  ready(queue: Queue): void
  withdraw(owner: Incarnation): void
  sleep(owner: Incarnation, timer: { readonly ms: number; readonly fire: () => void }): { cancel(): void }
  /** True where an effect under way at a crash was still done. */
  wasStillDone(): boolean
  note(line: string): void
}

/**
 * One life of one process or thread in the simulation: owner of its queues. After `crash` nothing that it asked for is
 * answered and nothing that it asks for happens: its promises stay pending for ever. While paused it is silent, but
 * goes on later where it was: a zombie.
 */
export class Incarnation implements Scheduler {
  readonly name: string
  readonly #host: IncarnationHost
  readonly #queues = new Map<string, Queue>()
  readonly #deathWatchers: (() => void)[] = []
  #state: 'running' | 'paused' | 'dead' = 'running'

  constructor(name: string, host: IncarnationHost) {
    this.name = name
    this.#host = host
  }

  get isAlive(): boolean {
    return this.#state !== 'dead'
  }

  get isPaused(): boolean {
    return this.#state === 'paused'
  }

  post(label: string, run: () => void, text = ''): void {
    this.#add({ label, kind: 'post', text, run, perform: run })
  }

  /**
   * An effect on the world outside: done when picked, and then answered. Effects under one label are done in order.
   */
  complete<T>(label: string, perform: () => T, what: EffectOptions = {}): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const run = (): void => {
        try {
          resolve(perform())
        } catch (error) {
          reject(error)
        }
      }
      this.#add({ label, kind: 'effect', text: what.text ?? '', run, perform: what.torn ?? perform })
    })
  }

  /** Resolves after `ms` of simulated time; rejects with the signal's reason when aborted before. */
  after(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      if (!this.isAlive) return
      if (signal?.aborted === true) {
        reject(signal.reason)
        return
      }
      const onAbort = (): void => {
        timer.cancel()
        if (this.isAlive) reject(signal?.reason)
      }
      const timer = this.#host.sleep(this, {
        ms,
        fire: () =>
          this.post('timer', () => {
            signal?.removeEventListener('abort', onAbort)
            resolve()
          }),
      })
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  /** Told when this incarnation dies, after its last effects. */
  onDeath(watcher: () => void): void {
    this.#deathWatchers.push(watcher)
  }

  /**
   * Dies now. Of each queue of effects under way a prefix may still have been done, decided by the seed; nobody hears
   * of it. Code that runs at this moment goes on until it waits for a port.
   */
  crash(): void {
    if (!this.isAlive) return
    this.#state = 'dead'
    this.#host.note(`crash ${this.name}`)
    this.#host.withdraw(this)
    for (const queue of this.#queues.values()) this.#finishSome(queue)
    this.#queues.clear()
    for (const watcher of this.#deathWatchers) watcher()
  }

  pause(): void {
    if (this.#state !== 'running') return
    this.#state = 'paused'
    this.#host.note(`pause ${this.name}`)
    this.#host.withdraw(this)
  }

  resume(): void {
    if (this.#state !== 'paused') return
    this.#state = 'running'
    this.#host.note(`resume ${this.name}`)
    for (const queue of this.#queues.values()) this.#host.ready(queue)
  }

  /** Called by the simulation when a queue ran dry. */
  forget(queue: Queue): void {
    this.#queues.delete(queue.label)
  }

  #add(item: Item): void {
    if (!this.isAlive) return
    const known = this.#queues.get(item.label)
    if (known !== undefined) {
      known.items.push(item)
      return
    }
    const queue = this.#host.newQueue(this, item.label)
    queue.items.push(item)
    this.#queues.set(item.label, queue)
    if (!this.isPaused) this.#host.ready(queue)
  }

  #finishSome(queue: Queue): void {
    for (const item of queue.items) {
      if (item.kind !== 'effect' || !this.#host.wasStillDone()) return
      this.#host.note(`still done ${this.name} ${item.label} ${item.text}`)
      try {
        item.perform()
      } catch (error) {
        // The one who would have heard of the failure is dead.
        this.#host.note(`failed unheard ${String(error)}`)
      }
    }
  }
}
