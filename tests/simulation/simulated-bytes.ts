import { MillraceError } from '../../core/model/errors.ts'
import type { ByteOperation, ByteStore } from '../../core/ports/byte-store.ts'
import { type FaultOptions, Faults, type FaultTarget, NO_FAULTS } from './faults.ts'
import type { Incarnation } from './incarnation.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { Simulation, Storage } from './simulation-scheduler.ts'
import { valueDigest } from './trace.ts'

type Entries = Map<string, Uint8Array>

/**
 * The directory of one byte store on the simulated host. Batches are all or nothing. A power loss keeps every synced
 * batch, what came before it, and a prefix of the later ones.
 */
export class SimulatedBytes implements Storage {
  readonly faults: Faults
  /** Times that several values were asked for. */
  reads = 0
  readonly #random: SeededRandom
  readonly #simulation: Simulation
  readonly #name: string
  #entries: Entries = new Map()
  #durable: Entries = new Map()
  #unsynced: (readonly ByteOperation[])[] = []
  #owner: ByteStore | undefined

  constructor(simulation: Simulation, options: { readonly name?: string; readonly faults?: FaultOptions } = {}) {
    this.#simulation = simulation
    this.#name = options.name ?? 'bytes'
    this.#random = simulation.random.fork(this.#name)
    this.faults = new Faults(simulation.random.fork(`${this.#name} faults`), options.faults ?? NO_FAULTS)
    simulation.attach(this)
  }

  /** Opens the store for one incarnation. Rejects with `MR_STATE_LOCKED` while another one holds it. */
  open(owner: Incarnation): Promise<ByteStore> {
    return owner.complete(this.#name, () => this.#claim(owner), { text: 'open' })
  }

  /** Deletes everything, durable at once: whoever is dead may have left anything. */
  clear(owner: Incarnation): Promise<void> {
    const clear = (): void => {
      if (this.#owner !== undefined) throw failure(this.#name, 'it is open')
      this.#entries = new Map()
      this.#durable = new Map()
      this.#unsynced = []
    }
    return owner.complete(this.#name, clear, { text: 'clear' })
  }

  /** The lock of a zombie counts as expired: another one may open the store. */
  expireLock(): void {
    this.#owner = undefined
  }

  /** Keys as they are now, in order. */
  get keys(): readonly string[] {
    return [...this.#entries.keys()].sort()
  }

  get(key: string): Uint8Array | undefined {
    return this.#entries.get(key)?.slice()
  }

  getMany(keys: readonly string[]): readonly (Uint8Array | undefined)[] {
    this.reads++
    return keys.map((key) => this.get(key))
  }

  /** Damages one bit of a value. */
  flip(key: string, bit: number): void {
    const value = this.#entries.get(key)?.slice()
    if (value === undefined || bit >> 3 >= value.length) throw new RangeError(`no bit ${bit} under ${key}`)
    value[bit >> 3]! ^= 1 << (bit & 7)
    this.#tamper({ kind: 'put', key, value })
  }

  /** Takes a key away as a damaged table would. */
  drop(key: string): void {
    if (!this.#entries.has(key)) throw new RangeError(`no key ${key}`)
    this.#tamper({ kind: 'delete', key })
  }

  /** Puts a value back, durable at once. */
  plant(key: string, value: Uint8Array): void {
    this.#tamper({ kind: 'put', key, value })
  }

  losePower(): void {
    const surviving = this.#random.below(this.#unsynced.length + 1)
    for (const batch of this.#unsynced.slice(0, surviving)) applyBatch(this.#durable, batch)
    this.#unsynced = []
    this.#entries = new Map(this.#durable)
  }

  range(from: string, to: string): readonly string[] {
    return this.keys.filter((key) => key >= from && key < to)
  }

  write(operations: readonly ByteOperation[], sync: boolean): void {
    applyBatch(this.#entries, operations)
    this.#unsynced.push(operations)
    if (!sync) return
    for (const batch of this.#unsynced) applyBatch(this.#durable, batch)
    this.#unsynced = []
  }

  #claim(owner: Incarnation): ByteStore {
    if (this.#owner !== undefined) {
      throw new MillraceError('MR_STATE_LOCKED', `${this.#name} is open elsewhere`, { details: { path: this.#name } })
    }
    const release = (): void => {
      if (this.#owner === store) this.#owner = undefined
    }
    const store = new OpenBytes(this, { owner, name: this.#name, release })
    this.#owner = store
    owner.onDeath(release)
    return store
  }

  #tamper(operation: ByteOperation): void {
    this.#simulation.trace.add(`tamper ${operation.kind} ${operation.key}`)
    applyBatch(this.#entries, [operation])
    applyBatch(this.#durable, [operation])
  }
}

class OpenBytes implements ByteStore {
  readonly #store: SimulatedBytes
  readonly #context: { readonly owner: Incarnation; readonly name: string; readonly release: () => void }
  #state: 'open' | 'poisoned' | 'closed' = 'open'

  constructor(
    store: SimulatedBytes,
    context: { readonly owner: Incarnation; readonly name: string; readonly release: () => void },
  ) {
    this.#store = store
    this.#context = context
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return this.#call({ effect: 'look', text: `get ${key}` }, () => this.#store.get(key))
  }

  getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    return this.#call({ effect: 'look', text: `get ${keys.join(' ')}` }, () => this.#store.getMany(keys))
  }

  keys(from: string, to: string): Promise<readonly string[]> {
    return this.#call({ effect: 'look', text: `keys ${from} ${to}` }, () => this.#store.range(from, to))
  }

  write(operations: readonly ByteOperation[], options: { readonly sync: boolean }): Promise<void> {
    const copy = operations.map(copyOf)
    const text = `write ${options.sync ? 'synced' : 'unsynced'} ${valueDigest(copy)}`
    return this.#call({ effect: 'fill', text }, () => this.#store.write(copy, options.sync))
  }

  close(): Promise<void> {
    const { owner, name, release } = this.#context
    const close = (): void => {
      this.#state = 'closed'
      release()
    }
    return owner.complete(name, close, { text: 'close' })
  }

  #call<T>(what: { readonly effect: FaultTarget['effect']; readonly text: string }, effect: () => T): Promise<T> {
    const { owner, name } = this.#context
    return owner.complete(name, () => this.#guard(what.effect, effect), { text: what.text })
  }

  #guard<T>(kind: FaultTarget['effect'], effect: () => T): T {
    if (this.#state !== 'open') throw failure(this.#context.name, `it is ${this.#state}`)
    const fail = (errno: string): MillraceError => {
      if (kind !== 'look') this.#state = 'poisoned'
      return failure(this.#context.name, `${errno} (simulated)`)
    }
    return this.#store.faults.perform({ effect: kind, fail }, effect)
  }
}

function applyBatch(entries: Entries, operations: readonly ByteOperation[]): void {
  for (const operation of operations) {
    if (operation.kind === 'put') entries.set(operation.key, operation.value)
    else entries.delete(operation.key)
  }
}

function copyOf(operation: ByteOperation): ByteOperation {
  return operation.kind === 'put' ? { ...operation, value: operation.value.slice() } : operation
}

function failure(name: string, why: string): MillraceError {
  return new MillraceError('MR_STATE_IO', `${name} could not be read or written: ${why}`, { details: { path: name } })
}
