import { MillraceError } from '../core/model/errors.ts'
import type { ByteOperation, ByteStore } from '../core/ports/byte-store.ts'
import type { FileStore } from '../core/ports/file-store.ts'
import { checkTables, tableFiles } from './check-tables.ts'
import { keepLargeValuesInFiles } from './large-values.ts'
import { type ByteLevel, closeLevel, destroyLevel, isCorruption, openLevel, reasonOf } from './open-level.ts'
import { SyncWitness } from './sync-witness.ts'

/** Key under which a synced batch carries its number; no key of a user begins with such a character. */
const BATCH_KEY = '\u0000synced'
/** Directory, beside LevelDB's files, of the values that are too large for it. */
const VALUES = 'values'

/**
 * Opens the LevelDB in `directory` (an absolute path; made where absent) as a {@link ByteStore}. Main thread only: a
 * store in a thread that is terminated can be torn. Throws `MR_STATE_LOCKED` where another process, or this one, has
 * it open already, `MR_STATE_CORRUPT` where files are damaged (but for the midst of large values) or synced
 * batches are gone, `MR_STATE_IO`.
 */
export async function openLevelStore(directory: string, files: FileStore): Promise<ByteStore> {
  // A table that is there before and after the opening is in use: LevelDB removes others, and whole ones are new.
  const tables = await tableFiles(files, directory)
  const witness = new SyncWitness(files, directory)
  await witness.checkBeginning(directory)
  const level = await openLevel(directory)
  if (level === undefined) throw lockedError(directory)
  const store = new LevelStore(level, directory, witness)
  try {
    await checkTables(files, directory, tables)
    await store.checkSynced()
  } catch (error) {
    await store.close()
    throw error
  }
  return keepLargeValuesInFiles(store, files, { directory: `${directory}/${VALUES}` })
}

/**
 * Opens the LevelDB in `directory` (an absolute path; made where absent) for what need not outlive the process: nothing is checked.
 * Main thread only. Throws `MR_STATE_LOCKED`, `MR_STATE_CORRUPT`, `MR_STATE_IO`.
 */
export async function openScratchStore(directory: string, files: FileStore): Promise<ByteStore> {
  const level = await openLevel(directory)
  if (level === undefined) throw lockedError(directory)
  return new LevelStore(level, directory, new SyncWitness(files, directory))
}

/** Deletes what {@link openScratchStore} made; it must not be open. */
export async function deleteScratchStore(directory: string): Promise<void> {
  await destroyLevel(directory)
}

function lockedError(directory: string): MillraceError {
  const message = `the store in ${directory} is open already; stop the other process or give this one another directory`
  return new MillraceError('MR_STATE_LOCKED', message, { details: { path: directory } })
}

class LevelStore implements ByteStore {
  readonly #level: ByteLevel
  readonly #directory: string
  readonly #witness: SyncWitness
  /** Synced batches so far. */
  #batches = 0
  /** Why nothing more is done: after a failed write nobody knows what is on disk. */
  #poison: unknown

  constructor(level: ByteLevel, directory: string, witness: SyncWitness) {
    this.#level = level
    this.#directory = directory
    this.#witness = witness
  }

  /** To be called once, before anything else. Throws `MR_STATE_CORRUPT` where synced batches are gone. */
  async checkSynced(): Promise<void> {
    const bytes = await this.get(BATCH_KEY)
    this.#batches = bytes === undefined ? 0 : Number(new TextDecoder().decode(bytes))
    await this.#witness.check(this.#batches)
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return plainBytes(await this.#run('read', () => this.#level.get(key)))
  }

  async getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    // Blocks are read once: for a merge, or at a start. LevelDB's cache would only grow.
    const values = await this.#run('read', () => this.#level.getMany([...keys], { fillCache: false }))
    return values.map(plainBytes)
  }

  async keys(from: string, to: string): Promise<readonly string[]> {
    const keys = await this.#run('read', () => this.#level.keys({ gte: from, lt: to }).all())
    return keys.filter((key) => key !== BATCH_KEY)
  }

  async write(operations: readonly ByteOperation[], options: { readonly sync: boolean }): Promise<void> {
    await this.#run('written', () => this.#writeBatch(operations, options.sync))
  }

  async close(): Promise<void> {
    await closeLevel(this.#level, this.#directory)
  }

  /** A chained batch, never an array: an array batch is torn when its thread ends while it is being built. */
  async #writeBatch(operations: readonly ByteOperation[], sync: boolean): Promise<void> {
    const number = this.#batches + 1
    const batch = this.#level.batch()
    for (const operation of operations) {
      if (operation.kind === 'put') batch.put(operation.key, operation.value)
      else batch.del(operation.key)
    }
    if (sync) batch.put(BATCH_KEY, new TextEncoder().encode(String(number)))
    try {
      await batch.write({ sync })
      if (!sync) return
      this.#batches = number
      await this.#witness.write(number)
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
    const code = isCorruption(cause) ? 'MR_STATE_CORRUPT' : 'MR_STATE_IO'
    return new MillraceError(code, message, { details: { path: this.#directory }, cause })
  }
}

/** The same bytes without the methods of a Buffer, whose `slice` does not copy. */
function plainBytes(value: Uint8Array | undefined): Uint8Array | undefined {
  return value === undefined ? undefined : new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
}
