// hot path
import type { SpillChange, SpillPage } from '../ports/spill.ts'
import type { BlockEntries } from './block.ts'
import { FingerprintGroup } from './fingerprint-group.ts'
import { sortedEntries } from './fingerprint-order.ts'
import { mergedRuns, runsToMerge } from './merge-runs.ts'
import { freeEntries, joinedEntries } from './share-entries.ts'
import { findInPage, pagesOf, SpilledRun } from './spilled-run.ts'

const NONE: readonly string[] = []

/** A page that was asked for, and the keys that may be in it. */
interface Wanted {
  readonly run: SpilledRun
  readonly page: number
  /** Where their words begin in `#keys`. */
  readonly keys: number[]
}

/** Runs that are being merged. */
interface Merging {
  readonly keyGroup: number
  readonly runs: readonly SpilledRun[]
}

/**
 * The part of a table that is outside memory: runs per key group. A key may be in several; its greatest time is the one that counts,
 * since times of a key never go back, so runs may be merged in any order.
 */
export class SpilledRuns {
  readonly #operator: string
  /** By key group, newest last. */
  readonly #groups = new Map<number, SpilledRun[]>()
  #made = 0
  #sizeBytes = 0
  #wanted: Wanted[] = []
  /** The same by run and page. */
  readonly #wantedOf = new Map<SpilledRun, Map<number, Wanted>>()
  /** Of the batch that was last asked for. */
  #keys: Int32Array = new Int32Array(0)
  #merging: Merging | undefined

  /** `operator`: its id, which makes names of pages unique in a job. */
  constructor(operator: string) {
    this.#operator = operator
  }

  get isEmpty(): boolean {
    return this.#groups.size === 0
  }

  /** Memory that filters and first fingerprints take. */
  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Takes entries with different keys, and their memory, as a run of their own. */
  add(keyGroup: number, entries: BlockEntries): SpillPage[] {
    const sorted = sortedEntries(entries)
    freeEntries(entries)
    return this.#addSorted(keyGroup, sorted)
  }

  /** Begins to collect what a batch needs; `keys` are its key hashes. */
  begin(keys: Int32Array): void {
    this.#wanted = []
    this.#wantedOf.clear()
    this.#keys = keys
  }

  /** Notes the pages in which the key at `keys[at … at+3]` may have a time from `horizon` on. */
  want(keyGroup: number, at: number, horizon: number): void {
    const runs = this.#groups.get(keyGroup)
    if (runs === undefined) return
    for (let i = runs.length - 1; i >= 0; i--) {
      const run = runs[i]!
      if (run.latest < horizon) continue
      const page = run.pageOf(this.#keys, at)
      if (page >= 0) this.#wantPage(run, page, at)
    }
  }

  /** The names of what was noted since `begin`. */
  wantedNames(): readonly string[] {
    return this.#wanted.length === 0 ? NONE : this.#wanted.map(({ run, page }) => run.pageName(page))
  }

  /** The greatest time of each wanted key that is in these pages, which are in the order of `wantedNames`. */
  find(pages: readonly Uint8Array[]): FingerprintGroup {
    const found = new FingerprintGroup()
    for (let i = 0; i < this.#wanted.length; i++) {
      const { run, page, keys } = this.#wanted[i]!
      const entries = run.openPage(page, pages[i]!)
      for (const at of keys) {
        const position = findInPage(entries, this.#keys, at)
        if (position >= 0) raise(found, { words: this.#keys, at, time: entries.times[position]! })
      }
    }
    this.#wanted = []
    this.#wantedOf.clear()
    return found
  }

  /** Drops runs without any time from `horizon` on; gives the names of their pages. */
  expire(horizon: number): string[] {
    const names: string[] = []
    for (const [keyGroup, runs] of this.#groups) {
      const isOld = (run: SpilledRun): boolean => run.latest < horizon
      if (!runs.some(isOld)) continue
      for (const run of runs.filter(isOld)) names.push(...this.#drop(keyGroup, run))
    }
    return names
  }

  /** Names of the pages of runs that are to become one. */
  toMerge(): readonly string[] {
    if (this.#merging !== undefined) return NONE
    for (const [keyGroup, runs] of this.#groups) {
      const chosen = runsToMerge(runs)
      if (chosen.length === 0) continue
      this.#merging = { keyGroup, runs: chosen }
      return chosen.flatMap((run) => run.pageNames())
    }
    return NONE
  }

  /** Puts one run in the place of those whose pages these are, in the order of `toMerge`. */
  merge(pages: readonly Uint8Array[], horizon: number): SpillChange {
    const merging = this.#merging
    if (merging === undefined) return { write: [], forget: [] }
    this.#merging = undefined
    const { keyGroup, runs } = merging
    let read = 0
    const parts = runs.map((run) => {
      const part = wholeRun(run, pages.slice(read, read + run.pages))
      read += run.pages
      return part
    })
    const forget = runs.flatMap((run) => this.#drop(keyGroup, run))
    const merged = mergedRuns(parts, horizon)
    for (const part of parts) freeEntries(part)
    return { write: this.#addSorted(keyGroup, merged), forget }
  }

  /** Run first, so that what is written later comes later in the order of names. Takes the memory of the entries. */
  #addSorted(keyGroup: number, entries: BlockEntries): SpillPage[] {
    if (entries.count === 0) return []
    const number = (this.#made++).toString(16).padStart(8, '0')
    const run = new SpilledRun(`${number}/${this.#operator}/${keyGroup.toString(16).padStart(4, '0')}`, entries)
    const runs = this.#groups.get(keyGroup)
    if (runs === undefined) this.#groups.set(keyGroup, [run])
    else runs.push(run)
    this.#sizeBytes += run.sizeBytes
    const pages = pagesOf(run, entries)
    freeEntries(entries)
    return pages
  }

  /** Gives the names of its pages; none where it is gone already. */
  #drop(keyGroup: number, run: SpilledRun): readonly string[] {
    const runs = this.#groups.get(keyGroup) ?? []
    const at = runs.indexOf(run)
    if (at < 0) return NONE
    runs.splice(at, 1)
    if (runs.length === 0) this.#groups.delete(keyGroup)
    this.#sizeBytes -= run.sizeBytes
    return run.pageNames()
  }

  #wantPage(run: SpilledRun, page: number, at: number): void {
    const pages = this.#wantedOf.get(run) ?? new Map<number, Wanted>()
    if (pages.size === 0) this.#wantedOf.set(run, pages)
    const known = pages.get(page)
    if (known !== undefined) {
      known.keys.push(at)
      return
    }
    const wanted: Wanted = { run, page, keys: [at] }
    pages.set(page, wanted)
    this.#wanted.push(wanted)
  }
}

function raise(
  found: FingerprintGroup,
  { words, at, time }: { readonly words: Int32Array; readonly at: number; readonly time: number },
): void {
  const known = found.lookup(words, at)
  if (known < 0) found.add(words, at, time)
  else if (found.timeAt(known) < time) found.put(words, at, time)
}

function wholeRun(run: SpilledRun, pages: readonly Uint8Array[]): BlockEntries {
  return joinedEntries(pages.map((bytes, page) => run.openPage(page, bytes)))
}
