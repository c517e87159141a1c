import { MillraceError } from '../../../core/model/errors.ts'
import { type FileLock, type FileStore, parentOf } from '../../../core/ports/file-store.ts'
import { joinedBytes } from '../../simulation/joined-bytes.ts'
import { readInto } from '../../simulation/read-into.ts'

interface File {
  bytes: Uint8Array
  synced: Uint8Array
}

/**
 * A disk in memory. `losePower` leaves what was synced, names included; a process's view comes from `fileStore`, and the
 * locks that it holds end with `kill`.
 */
export class MemoryDisk {
  readonly files = new Map<string, File>()
  #named = new Map<string, File>()
  readonly #locks = new Map<string, object>()
  /** A file system may write a rename down before anybody syncs its directory. */
  readonly #renamesSurvive: boolean

  constructor(options: { readonly renamesSurvive?: boolean } = {}) {
    this.#renamesSurvive = options.renamesSurvive ?? false
  }

  losePower(): void {
    this.files.clear()
    for (const [path, file] of this.#named) {
      file.bytes = file.synced
      this.files.set(path, file)
    }
    this.#locks.clear()
  }

  kill(owner: object): void {
    for (const [directory, holder] of this.#locks) if (holder === owner) this.#locks.delete(directory)
  }

  /** Everything at or below a path, gone for good. */
  removeTree(path: string): void {
    for (const map of [this.files, this.#named]) {
      for (const name of map.keys()) if (name === path || name.startsWith(`${path}/`)) map.delete(name)
    }
  }

  bytes(path: string): Uint8Array {
    return this.#file(path).bytes
  }

  /** Replaces content behind everybody's back. */
  plant(path: string, bytes: Uint8Array): void {
    const file = this.#file(path)
    file.bytes = bytes
    file.synced = bytes
  }

  paths(): readonly string[] {
    return [...this.files.keys()].sort()
  }

  fileStore(owner: object = {}): FileStore {
    return {
      read: async (path, range) => {
        const { bytes } = this.#file(path)
        if (range === undefined) return bytes.slice()
        return readInto(bytes.slice(range.offset, range.offset + range.length), range)
      },
      size: async (path) => this.files.get(path)?.bytes.length,
      modifiedAt: async (path) => (this.files.has(path) ? 0 : undefined),
      list: async (directory) => this.#names(directory),
      write: async (path, bytes) => {
        this.#create(path).bytes = bytes.slice()
      },
      append: async (path, bytes) => {
        const file = this.#create(path)
        file.bytes = joinedBytes([file.bytes, joinedBytes(bytes)])
      },
      truncate: async (path, size) => {
        const file = this.#file(path)
        file.bytes = file.bytes.slice(0, size)
      },
      sync: async (path) => {
        const file = this.#file(path)
        file.synced = file.bytes
      },
      syncDirectory: async (directory) => this.#syncNames(directory),
      makeDirectory: async () => undefined,
      link: async (from, to) => {
        const file = this.#file(from)
        if (this.files.has(to)) return 'exists'
        this.files.set(to, file)
        return 'linked'
      },
      rename: async (from, to) => {
        const file = this.#file(from)
        this.files.set(to, file)
        this.files.delete(from)
        if (this.#renamesSurvive) this.#named.set(to, file)
      },
      remove: async (path) => {
        this.files.delete(path)
      },
      lock: async (directory) => this.#lock(directory, owner),
    }
  }

  #lock(directory: string, owner: object): FileLock | undefined {
    if (this.#locks.has(directory)) return undefined
    this.#locks.set(directory, owner)
    return {
      release: async () => {
        if (this.#locks.get(directory) === owner) this.#locks.delete(directory)
      },
    }
  }

  #names(directory: string): readonly string[] {
    const names = new Set<string>()
    for (const path of this.files.keys()) {
      if (path.startsWith(`${directory}/`)) names.add(path.slice(directory.length + 1).split('/')[0]!)
    }
    return [...names].sort()
  }

  #syncNames(directory: string): void {
    for (const path of this.#named.keys())
      if (parentOf(path) === directory && !this.files.has(path)) this.#named.delete(path)
    for (const [path, file] of this.files) if (parentOf(path) === directory) this.#named.set(path, file)
  }

  #create(path: string): File {
    const known = this.files.get(path)
    if (known !== undefined) return known
    const file = { bytes: new Uint8Array(0), synced: new Uint8Array(0) }
    this.files.set(path, file)
    return file
  }

  #file(path: string): File {
    const file = this.files.get(path)
    if (file !== undefined) return file
    throw new MillraceError('MR_FILE_MISSING', `${path} does not exist`, { details: { path, errno: 'ENOENT' } })
  }
}

/** The process died: nothing it asks for happens any more. */
export class Died extends Error {}

/**
 * A process that dies at its `n`-th change of the disk: an append or a write may be done by half. `changes` counts them,
 * so that a test can go through all of them.
 */
export class DyingProcess {
  readonly files: FileStore
  changes = 0
  readonly #disk: MemoryDisk
  readonly #diesAt: number
  readonly #half: boolean

  constructor(disk: MemoryDisk, diesAt: number, how: 'before' | 'half' = 'before') {
    this.#disk = disk
    this.#diesAt = diesAt
    this.#half = how === 'half'
    this.files = this.#watch(disk.fileStore(this))
  }

  get isDead(): boolean {
    return this.changes >= this.#diesAt
  }

  #watch(files: FileStore): FileStore {
    const step = async <T>(work: () => Promise<T>, half?: () => Promise<unknown>): Promise<T> => {
      if (this.isDead) throw new Died()
      this.changes++
      if (!this.isDead) return await work()
      if (this.#half) await half?.()
      this.#disk.kill(this)
      throw new Died()
    }
    const look = async <T>(work: () => Promise<T>): Promise<T> => {
      if (this.isDead) throw new Died()
      return await work()
    }
    const front = (bytes: Uint8Array) => bytes.subarray(0, bytes.length >> 1)
    return {
      read: (path, range) => look(() => files.read(path, range)),
      size: (path) => look(() => files.size(path)),
      modifiedAt: (path) => look(() => files.modifiedAt(path)),
      list: (directory) => look(() => files.list(directory)),
      write: (path, bytes) =>
        step(
          () => files.write(path, bytes),
          () => files.write(path, front(bytes)),
        ),
      append: (path, bytes) =>
        step(
          () => files.append(path, bytes),
          () => files.append(path, front(joinedBytes(bytes))),
        ),
      truncate: (path, size) => step(() => files.truncate(path, size)),
      sync: (path) => step(() => files.sync(path)),
      syncDirectory: (directory) => step(() => files.syncDirectory(directory)),
      makeDirectory: (directory) => step(() => files.makeDirectory(directory)),
      link: (from, to) => step(() => files.link(from, to)),
      rename: (from, to) => step(() => files.rename(from, to)),
      remove: (path) => step(() => files.remove(path)),
      lock: (directory) => look(() => files.lock(directory)),
    }
  }
}
