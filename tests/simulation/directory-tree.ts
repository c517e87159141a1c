import { parentOf } from '../../core/ports/file-store.ts'
import type { Inode } from './inode.ts'
import type { SeededRandom } from './seeded-random.ts'

/** One change of a name; `undefined` takes it away. */
export interface EntryChange {
  readonly path: string
  readonly inode: Inode | undefined
}

/**
 * The names of a simulated disk: as processes see them, and as a power loss would leave them. A change is durable once
 * the directory that holds the name is synced; else each operation survives or not, whatever happened to the others.
 */
export class DirectoryTree {
  readonly #entries = new Map<string, Inode>()
  readonly #durable = new Map<string, Inode>()
  /** Operations that no sync covered yet; the changes of one operation survive together. */
  #pending: EntryChange[][] = []

  get(path: string): Inode | undefined {
    return this.#entries.get(path)
  }

  /** All paths, sorted. */
  paths(): string[] {
    return [...this.#entries.keys()].sort()
  }

  change(...changes: EntryChange[]): void {
    for (const change of changes) apply(this.#entries, change)
    this.#pending.push(changes)
  }

  /** Names directly in `directory`, sorted. */
  names(directory: string): string[] {
    const prefix = directory === '/' ? '/' : `${directory}/`
    const names: string[] = []
    for (const path of this.#entries.keys()) {
      if (path.startsWith(prefix) && path.indexOf('/', prefix.length) < 0) names.push(path.slice(prefix.length))
    }
    return names.sort()
  }

  sync(directory: string): void {
    const isHere = (change: EntryChange): boolean => parentOf(change.path) === directory
    for (const change of this.#pending.flat()) {
      if (isHere(change)) apply(this.#durable, { path: change.path, inode: this.#entries.get(change.path) })
    }
    this.#pending = this.#pending.map((changes) => changes.filter((change) => !isHere(change)))
    this.#pending = this.#pending.filter((changes) => changes.length > 0)
  }

  losePower(random: SeededRandom): void {
    const survival = random.pick([0, 0.5, 1])
    for (const changes of this.#pending) {
      if (random.chance(survival)) for (const change of changes) apply(this.#durable, change)
    }
    this.#pending = []
    dropUnreachable(this.#durable)
    this.#entries.clear()
    for (const [path, inode] of this.#durable) this.#entries.set(path, inode)
  }
}

function apply(entries: Map<string, Inode>, { path, inode }: EntryChange): void {
  if (inode === undefined) entries.delete(path)
  else entries.set(path, inode)
}

/** A name in a directory that did not survive is gone with it. */
function dropUnreachable(entries: Map<string, Inode>): void {
  for (const path of [...entries.keys()].sort()) {
    const parent = parentOf(path)
    if (parent !== '/' && !entries.has(parent)) entries.delete(path)
  }
}
