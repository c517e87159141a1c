import { MillraceError } from '../core/model/errors.ts'
import type { ByteOperation, ByteStore } from '../core/ports/byte-store.ts'
import { type FileStore, makeDurableDirectory } from '../core/ports/file-store.ts'
import { decodePlace, encodePlace, ValueFiles, type ValuePlace } from './value-files.ts'

/** Before a key: where its value lies. No key of a user begins with such a character. */
export const PLACES = '\u0001'
const AFTER_PLACES = '\u0002'
/** Smaller values stay in LevelDB. */
const LARGE_BYTES = 16_384
const FILE_BYTES = 64 << 20

export interface LargeValueOptions {
  /** Where the files go; made where absent. Nobody else writes there. */
  readonly directory: string
  /** Values from this size on are large. Default 16,384. */
  readonly largeBytes?: number
  /** A file is full from this size on; so much may also be wasted. Default 67,108,864. */
  readonly fileBytes?: number
}

/**
 * A byte store whose large values lie in files of their own, and in `store` only where they are to be found: LevelDB writes each value
 * into its log, then into a table, and again with every compaction; a file takes it once. A batch stays all or nothing: large values
 * are on disk, where no place leads to them, before the batch in `store` that makes them count. Takes `store` over and closes it, also
 * where it throws. A value whose file is missing or cut is absent.
 */
export async function keepLargeValuesInFiles(
  store: ByteStore,
  files: FileStore,
  options: LargeValueOptions,
): Promise<ByteStore> {
  const { directory, largeBytes = LARGE_BYTES, fileBytes = FILE_BYTES } = options
  try {
    await makeDurableDirectory(files, directory)
    const keys = await store.keys(PLACES, AFTER_PLACES)
    const stored = await store.getMany(keys)
    const places = new Map(keys.map((key, index) => [key.slice(PLACES.length), decodePlace(stored[index]!)]))
    const valueFiles = new ValueFiles(files, { directory, fileBytes })
    await valueFiles.open(places)
    return new LargeValues(store, valueFiles, largeBytes)
  } catch (error) {
    await store.close()
    throw failure('opened', error)
  }
}

class LargeValues implements ByteStore {
  readonly #store: ByteStore
  readonly #files: ValueFiles
  readonly #largeBytes: number
  /** Why nothing more is done: after a failed write nobody knows what is on disk. */
  #poison: unknown
  /** The write before: each finds what those before it left. */
  #before: Promise<unknown> = Promise.resolve()

  constructor(store: ByteStore, files: ValueFiles, largeBytes: number) {
    this.#store = store
    this.#files = files
    this.#largeBytes = largeBytes
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const [value] = await this.getMany([key])
    return value
  }

  async getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    return this.#attempt('read', async () => {
      const inFiles = new Map<string, Uint8Array | undefined>()
      for (const key of keys) if (this.#files.has(key)) inFiles.set(key, await this.#files.read(key))
      // Asked last, and also for nothing: it tells whether it is closed.
      const small = keys.filter((key) => !inFiles.has(key))
      const values = await this.#store.getMany(small)
      let next = 0
      return keys.map((key) => (inFiles.has(key) ? inFiles.get(key) : values[next++]))
    })
  }

  async keys(from: string, to: string): Promise<readonly string[]> {
    return this.#attempt('read', async () => {
      const small = await this.#store.keys(from, to)
      const large = [...this.#files.keys()].filter((key) => key >= from && key < to)
      return [...small.filter((key) => !key.startsWith(PLACES)), ...large].sort()
    })
  }

  async write(operations: readonly ByteOperation[], options: { readonly sync: boolean }): Promise<void> {
    // Of a failure of the one before its own caller hears.
    const written = Promise.allSettled([this.#before]).then(() => this.#writeOrPoison(operations, options.sync))
    this.#before = written
    await written
  }

  async close(): Promise<void> {
    await this.#store.close()
  }

  #writeOrPoison(operations: readonly ByteOperation[], sync: boolean): Promise<void> {
    return this.#attempt('written', async () => {
      try {
        await this.#write(operations, sync)
      } catch (error) {
        this.#poison = error
        throw error
      }
    })
  }

  async #write(operations: readonly ByteOperation[], sync: boolean): Promise<void> {
    const last = new Map(operations.map((operation) => [operation.key, operation]))
    const large = new Map<string, Uint8Array>()
    let bytes = 0
    for (const [key, operation] of last) {
      if (operation.kind === 'delete' || operation.value.length < this.#largeBytes) continue
      large.set(key, operation.value)
      bytes += operation.value.length
    }
    if (sync) for (const [key, value] of await this.#files.toMove(bytes)) if (!last.has(key)) large.set(key, value)
    const places = await this.#files.append(large)
    const gone = [...last.keys()].filter((key) => !places.has(key) && this.#files.hasPlace(key))
    const batch = [
      ...[...last.values()].filter(({ key }) => !places.has(key)),
      ...gone.map(forgetPlace),
      ...[...places].flatMap(putPlace),
    ]
    await this.#store.write(batch, { sync })
    this.#files.take(places, gone)
    if (sync) await this.#files.removeUnused()
  }

  async #attempt<T>(verb: 'read' | 'written', work: () => Promise<T>): Promise<T> {
    if (this.#poison !== undefined) throw failure('used after a failed write', this.#poison)
    try {
      return await work()
    } catch (error) {
      throw failure(verb, error)
    }
  }
}

/** What the store below says stays as it is. */
function failure(verb: string, cause: unknown): MillraceError {
  if (cause instanceof MillraceError && cause.code.startsWith('MR_STATE')) return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new MillraceError('MR_STATE_IO', `files of large values cannot be ${verb}: ${reason}`, { cause })
}

/** A small value that was there before goes: it must not come back if the file is lost. */
function putPlace([key, place]: readonly [string, ValuePlace]): readonly ByteOperation[] {
  return [
    { kind: 'delete', key },
    { kind: 'put', key: PLACES + key, value: encodePlace(place) },
  ]
}

function forgetPlace(key: string): ByteOperation {
  return { kind: 'delete', key: PLACES + key }
}
