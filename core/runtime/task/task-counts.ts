import type { Ledger } from '../../checkpoint/ledger.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
type TaskOperatorCounts = {
  in: number
  out: number
  dropped: Record<string, number>
  absorbed?: number
  created?: number
}
type CountsOf<K extends keyof Ledger> = Mutable<Ledger[K][string]>

/** The counters of one task since the last barrier. Raised once per batch, never per record. */
export class TaskCounts {
  #splits: Record<string, CountsOf<'splits'>> = {}
  #operators: Record<string, TaskOperatorCounts> = {}
  #exchanges: Record<string, CountsOf<'exchanges'>> = {}
  #sinks: Record<string, CountsOf<'sinks'>> = {}

  split(id: string, source: string): CountsOf<'splits'> {
    this.#splits[id] ??= { source, consumed: 0, emitted: 0, rejected: 0, tombstones: 0 }
    return this.#splits[id]
  }

  operator(id: string): TaskOperatorCounts {
    this.#operators[id] ??= { in: 0, out: 0, dropped: {} }
    return this.#operators[id]
  }

  exchange(id: string): CountsOf<'exchanges'> {
    this.#exchanges[id] ??= { sent: 0, received: 0 }
    return this.#exchanges[id]
  }

  sink(id: string): CountsOf<'sinks'> {
    this.#sinks[id] ??= { in: 0, staged: 0, rejected: 0 }
    return this.#sinks[id]
  }

  /** The counts so far; begins anew. */
  cut(): Ledger {
    const ledger: Ledger = {
      splits: this.#splits,
      operators: this.#operators,
      exchanges: this.#exchanges,
      sinks: this.#sinks,
    }
    this.#splits = {}
    this.#operators = {}
    this.#exchanges = {}
    this.#sinks = {}
    return ledger
  }
}
