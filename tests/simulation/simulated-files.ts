import { MillraceError } from '../../core/model/errors.ts'
import type { FileLock, FileStore } from '../../core/ports/file-store.ts'
import { parentOf } from '../../core/ports/file-store.ts'
import { DirectoryTree } from './directory-tree.ts'
import { type FaultOptions, Faults, type FaultTarget, NO_FAULTS } from './faults.ts'
import type { Incarnation } from './incarnation.ts'
import { Inode } from './inode.ts'
import { joinedBytes } from './joined-bytes.ts'
import { readInto } from './read-into.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { Simulation, Storage } from './simulation-scheduler.ts'
import { bytesDigest } from './trace.ts'

/** A look at the disk from outside the simulation: synchronous, free of faults, as it is now. */
export interface DiskView {
  read(path: string): Uint8Array | undefined
  list(directory: string): readonly string[]
}

interface HeldLock {
  readonly owner: Incarnation
}

/** The disk of the simulated host: survives crashes, loses by the rules of the seed what was not synced. */
export class SimulatedDisk implements Storage {
  readonly faults: Faults
  /** Called after each change that a process made, before it hears of it. */
  onChange: ((path: string, owner: Incarnation) => void) | undefined
  readonly #simulation: Simulation
  readonly #random: SeededRandom
  readonly #tree = new DirectoryTree()
  readonly #inodes = new Set<Inode>()
  readonly #locks = new Map<string, HeldLock>()

  constructor(simulation: Simulation, faults: FaultOptions = NO_FAULTS) {
    this.#simulation = simulation
    this.#random = simulation.random.fork('disk')
    this.faults = new Faults(simulation.random.fork('disk faults'), faults)
    simulation.attach(this)
  }

  /** The disk as a process sees it. Every call is an effect that the simulation orders. */
  fileStore(owner: Incarnation): FileStore {
    return simulatedFileStore(this, owner)
  }

  get view(): DiskView {
    return {
      read: (path) => (this.#tree.get(path)?.kind === 'file' ? this.#tree.get(path)?.read() : undefined),
      list: (directory) => this.#tree.names(directory),
    }
  }

  /** Every path on the disk, sorted. */
  paths(): readonly string[] {
    return this.#tree.paths()
  }

  /** Damages one bit of a file, synced or not. */
  flip(path: string, bit: number): void {
    this.#simulation.trace.add(`flip ${path} ${bit}`)
    this.file(path).flip(bit)
  }

  /** Takes a file away as a foreign hand would. */
  lose(path: string): void {
    this.#simulation.trace.add(`lose ${path}`)
    this.#tree.change({ path, inode: undefined })
    this.#tree.sync(parentOf(path))
  }

  /** Puts a file there as a foreign hand would, durable at once. */
  plant(path: string, bytes: Uint8Array): void {
    this.#simulation.trace.add(`plant ${path} ${bytesDigest(bytes)}`)
    this.put(path, bytes, 'replace')
    this.file(path).sync()
    this.#tree.sync(parentOf(path))
  }

  /** The locks of a zombie count as expired: others may take them. */
  expireLocks(owner: Incarnation): void {
    for (const [directory, lock] of this.#locks) if (lock.owner === owner) this.#locks.delete(directory)
  }

  losePower(): void {
    for (const inode of this.#inodes) inode.losePower(this.#random)
    this.#tree.losePower(this.#random)
    this.#inodes.clear()
    for (const path of this.#tree.paths()) this.#inodes.add(this.#tree.get(path)!)
  }

  /** The file under `path`. Throws `MR_FILE_MISSING`. */
  file(path: string): Inode {
    const inode = this.#tree.get(path)
    if (inode === undefined) throw missing(path)
    if (inode.kind === 'directory') throw failure(path, 'EISDIR')
    return inode
  }

  find(path: string): Inode | undefined {
    const inode = this.#tree.get(path)
    return inode?.kind === 'file' ? inode : undefined
  }

  names(directory: string): readonly string[] {
    return this.#tree.names(directory)
  }

  put(path: string, bytes: Uint8Array, method: 'replace' | 'append'): void {
    const inode = this.#created(path)
    inode[method](bytes)
    inode.modifiedAt = this.#simulation.now
  }

  /** What is there of a write that did not end. */
  prefixOf(bytes: Uint8Array): Uint8Array {
    return bytes.subarray(0, this.#random.below(bytes.length + 1))
  }

  truncate(path: string, size: number): void {
    const inode = this.file(path)
    inode.truncate(size)
    inode.modifiedAt = this.#simulation.now
  }

  requireDirectory(directory: string): void {
    if (directory !== '/' && this.#tree.get(directory)?.kind !== 'directory') throw missing(directory)
  }

  syncDirectory(directory: string): void {
    this.requireDirectory(directory)
    this.#tree.sync(directory)
  }

  makeDirectory(directory: string): void {
    if (directory === '/') return
    const known = this.#tree.get(directory)
    if (known?.kind === 'file') throw failure(directory, 'EEXIST')
    if (known !== undefined) return
    this.makeDirectory(parentOf(directory))
    this.#tree.change({ path: directory, inode: new Inode('directory', this.#simulation.now) })
  }

  link(from: string, to: string): 'linked' | 'exists' {
    const inode = this.file(from)
    this.requireDirectory(parentOf(to))
    if (this.#tree.get(to) !== undefined) return 'exists'
    this.#tree.change({ path: to, inode })
    return 'linked'
  }

  rename(from: string, to: string): void {
    const inode = this.file(from)
    this.requireDirectory(parentOf(to))
    if (from !== to) this.#tree.change({ path: from, inode: undefined }, { path: to, inode })
  }

  remove(path: string): void {
    const known = this.#tree.get(path)
    if (known === undefined) return
    this.file(path)
    this.#tree.change({ path, inode: undefined })
  }

  lock(directory: string, owner: Incarnation): FileLock | undefined {
    if (this.#locks.has(directory)) return undefined
    // As on a real disk the lock leaves a folder behind, which listings show.
    this.makeDirectory(`${directory}/.lock`)
    const held: HeldLock = { owner }
    this.#locks.set(directory, held)
    const release = (): void => {
      if (this.#locks.get(directory) === held) this.#locks.delete(directory)
    }
    owner.onDeath(release)
    return { release: () => owner.complete(`lock:${directory}`, release, { text: 'release' }) }
  }

  #created(path: string): Inode {
    if (this.#tree.get(path) !== undefined) return this.file(path)
    this.requireDirectory(parentOf(path))
    const inode = new Inode('file', this.#simulation.now)
    this.#inodes.add(inode)
    this.#tree.change({ path, inode })
    return inode
  }
}

/** A call as the simulation and the faults see it. */
interface FileCall<T> {
  readonly path: string
  readonly effect: FaultTarget['effect']
  readonly text: string
  readonly perform: () => T
  readonly torn?: () => void
}

type Call = <T>(call: FileCall<T>) => Promise<T>

function simulatedFileStore(disk: SimulatedDisk, owner: Incarnation): FileStore {
  const call: Call = ({ path, effect, text, perform, torn }) => {
    const target: FaultTarget = {
      effect,
      fail: (errno) => failure(path, errno),
      ...(torn === undefined ? {} : { torn }),
    }
    const what = torn === undefined ? { text } : { text, torn }
    const effectOf = (): ReturnType<typeof perform> => {
      const result = disk.faults.perform(target, perform)
      if (effect !== 'look') disk.onChange?.(path, owner)
      return result
    }
    return owner.complete(`file:${path}`, effectOf, what)
  }
  const change = (path: string, text: string, perform: () => void): Promise<void> =>
    call({ path, effect: 'change', text, perform })
  return {
    ...readingCalls(disk, call),
    ...writingCalls(disk, call),
    truncate: (path, size) => change(path, `truncate ${size}`, () => disk.truncate(path, size)),
    sync: (path) => change(path, 'sync', () => disk.file(path).sync()),
    syncDirectory: (directory) => change(directory, 'sync directory', () => disk.syncDirectory(directory)),
    makeDirectory: (directory) => change(directory, 'make directory', () => disk.makeDirectory(directory)),
    link: (from, to) =>
      call({ path: to, effect: 'change', text: `link from ${from}`, perform: () => disk.link(from, to) }),
    rename: (from, to) => change(to, `rename from ${from}`, () => disk.rename(from, to)),
    remove: (path) => change(path, 'remove', () => disk.remove(path)),
    lock: (directory) => owner.complete(`lock:${directory}`, () => disk.lock(directory, owner), { text: 'lock' }),
  }
}

/** Calls that a death or a full disk may leave half done. */
function writingCalls(disk: SimulatedDisk, call: Call): Pick<FileStore, 'write' | 'append'> {
  const writing = (path: string, bytes: Uint8Array, method: 'replace' | 'append'): Promise<void> => {
    const copy = bytes.slice()
    const text = `${method} ${bytesDigest(copy)}`
    const perform = (): void => disk.put(path, copy, method)
    return call({ path, effect: 'fill', text, perform, torn: () => disk.put(path, disk.prefixOf(copy), method) })
  }
  return {
    write: (path, bytes) => writing(path, bytes, 'replace'),
    append: (path, bytes) => writing(path, joinedBytes(bytes), 'append'),
  }
}

function readingCalls(disk: SimulatedDisk, call: Call): Pick<FileStore, 'read' | 'size' | 'modifiedAt' | 'list'> {
  const look = <T>(path: string, text: string, perform: () => T): Promise<T> =>
    call({ path, effect: 'look', text, perform })
  return {
    read: (path, range) =>
      look(path, `read ${range?.offset ?? 0} ${range?.length ?? ''}`, () =>
        readInto(disk.file(path).read(range?.offset, range?.length), range),
      ),
    size: (path) => look(path, 'size', () => disk.find(path)?.size),
    modifiedAt: (path) => look(path, 'modified at', () => disk.find(path)?.modifiedAt),
    list: (directory) => look(directory, 'list', () => disk.names(directory)),
  }
}

function missing(path: string): MillraceError {
  return new MillraceError('MR_FILE_MISSING', `${path} does not exist`, { details: { path, errno: 'ENOENT' } })
}

function failure(path: string, errno: string): MillraceError {
  return new MillraceError('MR_FILE_IO', `${path}: ${errno} (simulated)`, { details: { path, errno } })
}
