import { MillraceError } from '../core/model/errors.ts'
import type { CheckpointStore } from '../core/ports/checkpoint-store.ts'
import {
  createExclusively,
  type FileStore,
  makeDurableDirectory,
  parentOf,
  replaceAtomically,
} from '../core/ports/file-store.ts'
import type { Random } from '../core/ports/random.ts'

const EPOCH_DIGITS = 16

/** What {@link directoryCheckpointStore} needs. */
export interface DirectoryCheckpointStoreOptions {
  readonly files: FileStore
  /** For names of temporary files, which must differ between hosts. */
  readonly random: Random
  /** Absolute path; made where absent. On a file system with hard links that all hosts see alike. */
  readonly directory: string
}

/**
 * A {@link CheckpointStore} in a directory: `manifests/<epoch, 16 digits>`, `objects/<name>`; both come from
 * `temporary/`, by an exclusive hard link and by a rename.
 */
export function directoryCheckpointStore(options: DirectoryCheckpointStoreOptions): CheckpointStore {
  return new DirectoryCheckpointStore(options)
}

class DirectoryCheckpointStore implements CheckpointStore {
  readonly #files: FileStore
  readonly #random: Random
  readonly #directory: string
  /** Directories that are known to be there, durably. */
  readonly #made = new Set<string>()

  constructor({ files, random, directory }: DirectoryCheckpointStoreOptions) {
    this.#files = files
    this.#random = random
    this.#directory = directory
  }

  async createManifest(epoch: number, bytes: Uint8Array): Promise<'created' | 'exists'> {
    const path = this.#manifestPath(epoch)
    await this.#makeDurably(parentOf(path))
    return createExclusively(this.#files, path, { bytes, temporary: await this.#temporary() })
  }

  readManifest(epoch: number): Promise<Uint8Array | undefined> {
    return readIfThere(this.#files, this.#manifestPath(epoch))
  }

  async epochs(): Promise<readonly number[]> {
    const names = await this.#files.list(`${this.#directory}/manifests`)
    return names.filter((name) => /^\d{16}$/.test(name)).map(Number)
  }

  removeManifest(epoch: number): Promise<void> {
    return this.#remove(this.#manifestPath(epoch))
  }

  async putObject(name: string, bytes: Uint8Array): Promise<void> {
    const path = this.#objectPath(name)
    await this.#makeDurably(parentOf(path))
    await replaceAtomically(this.#files, path, { bytes, temporary: await this.#temporary() })
  }

  async getObject(name: string): Promise<Uint8Array | undefined> {
    return readIfThere(this.#files, this.#objectPath(name))
  }

  async objects(): Promise<readonly string[]> {
    const names = await this.#filesUnder(`${this.#directory}/objects`, '')
    return names.sort()
  }

  async removeObject(name: string): Promise<void> {
    await this.#remove(this.#objectPath(name))
  }

  #manifestPath(epoch: number): string {
    return `${this.#directory}/manifests/${String(epoch).padStart(EPOCH_DIGITS, '0')}`
  }

  #objectPath(name: string): string {
    const isSafe = name.split('/').every((part) => /^[\x21-\x7e]+$/.test(part) && part !== '.' && part !== '..')
    if (isSafe) return `${this.#directory}/objects/${name}`
    throw new MillraceError('MR_INTERNAL', `"${name}" is no name of an object: relative, ASCII, without ".."`)
  }

  async #temporary(): Promise<string> {
    await this.#makeDurably(`${this.#directory}/temporary`)
    return `${this.#directory}/temporary/${this.#random.uuid()}`
  }

  /** A file is only as durable as every directory that leads to it. */
  async #makeDurably(directory: string): Promise<void> {
    if (this.#made.has(directory)) return
    await makeDurableDirectory(this.#files, directory)
    this.#made.add(directory)
  }

  async #remove(path: string): Promise<void> {
    if ((await this.#files.size(path)) === undefined) return
    await this.#files.remove(path)
    await this.#files.syncDirectory(parentOf(path))
  }

  async #filesUnder(directory: string, prefix: string): Promise<string[]> {
    const names: string[] = []
    for (const name of await this.#files.list(directory)) {
      const path = `${directory}/${name}`
      // What has no size is a directory.
      if ((await this.#files.size(path)) !== undefined) names.push(prefix + name)
      else names.push(...(await this.#filesUnder(path, `${prefix}${name}/`)))
    }
    return names
  }
}

async function readIfThere(files: FileStore, path: string): Promise<Uint8Array | undefined> {
  try {
    return await files.read(path)
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'MR_FILE_MISSING') return undefined
    throw error
  }
}
