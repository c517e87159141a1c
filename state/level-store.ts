import { MillraceError } from '../core/model/errors.ts'
import type { ByteOperation, ByteStore } from '../core/ports/byte-store.ts'
import { type ByteLevel, closeLevel, openLevel, reasonOf } from './open-level.ts'

/**
 * Opens the LevelDB in `directory` (an absolute path; made where absent) as a {@link ByteStore}. Main thread only: a
 * store in a thread that is terminated can be torn. Throws `MR_STATE_LOCKED` where another process, or this one, has
 * it open already, `MR_STATE_CORRUPT`, `MR_STATE_IO`.
 */
export async function openLevelStore(directory: string): Promise<ByteStore> {
  const level = await openLevel(directory)
  if (level !== undefined) return new LevelStore(level, directory)
  const message = `the store in ${directory} is open already; stop the other process or give this one another directory`
  throw new MillraceError('MR_STATE_LOCKED', message, { details: { path: directory } })
}

class LevelStore implements ByteStore {
  readonly #level: ByteLevel
  readonly #directory: string
  /** Why nothing more is done: after a failed write nobody knows what is on disk. */
  #poison: unknown

  constructor(level: ByteLevel, directory: string) {
    this.#level = level
    this.#directory = directory
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return plainBytes(await this.#run('read', () => this.#level.get(key)))
  }

  async getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    const values = await this.#run('read', () => this.#level.getMany([...keys]))
    return values.map(plainBytes)
  }

  async keys(from: string, to: string): Promise<readonly string[]> {
    return this.#run('read', () => this.#level.keys({ gte: from, lt: to }).all())
  }

  async write(operations: readonly ByteOperation[], options: { readonly sync: boolean }): Promise<void> {
    await this.#run('written', () => this.#writeBatch(operations, options.sync))
  }

  async close(): Promise<void> {
    await closeLevel(this.#level, this.#directory)
  }

  /** A chained batch, never an array: an array batch is torn when its thread ends while it is being built. */
  async #writeBatch(operations: readonly ByteOperation[], sync: boolean): Promise<void> {
    const batch = this.#level.batch()
    for (const operation of operations) {
      if (operation.kind === 'put') batch.put(operation.key, operation.value)
      else batch.del(operation.key)
    }
    try {
      await batch.write({ sync })
    } catch (error) {
      this.#poison = error
      throw error
    }
  }

  async #run<T>(verb: 'read' | 'written', work: () => Promise<T>): Promise<T> {
    if (this.#poison !== undefined) throw this.#failure('used after a failed write', this.#poison)
    try {
      return await work()
    } catch (error) {
      throw this.#failure(verb, error)
    }
  }

  #failure(verb: string, cause: unknown): MillraceError {
    const message = `the store in ${this.#directory} cannot be ${verb}: ${reasonOf(cause)}`
    return new MillraceError('MR_STATE_IO', message, { details: { path: this.#directory }, cause })
  }
}

/** The same bytes without the methods of a Buffer, whose `slice` does not copy. */
function plainBytes(value: Uint8Array | undefined): Uint8Array | undefined {
  return value === undefined ? undefined : new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
}
