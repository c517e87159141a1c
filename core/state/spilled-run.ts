// hot path
import { MillraceError } from '../model/errors.ts'
import type { SpillPage } from '../ports/spill.ts'
import { type BlockEntries, blockBytes, decodeBlock, sealBlock, writeBlock } from './block.ts'
import { BloomFilter } from './bloom-filter.ts'
import { compareFingerprints } from './fingerprint-order.ts'

/** A page is a block of version 1 of 4,096 bytes whose entries are sorted; the last one of a run is shorter. */
export const PAGE_ENTRIES = 170
/** What the object itself takes, about. */
const OBJECT_BYTES = 256

/**
 * Entries outside memory, sorted by fingerprint and cut into pages. In memory stay a filter, the first fingerprint of each page and
 * the greatest time: less than two bytes per entry.
 */
export class SpilledRun {
  readonly entries: number
  readonly pages: number
  /** The greatest time in it. */
  readonly latest: number
  readonly #name: string
  readonly #filter: BloomFilter
  /** Four words per page. */
  readonly #firsts: Int32Array

  /** `entries` are sorted. Names of its pages begin with `name`. */
  constructor(name: string, { words, times, count }: BlockEntries) {
    this.#name = name
    this.entries = count
    this.pages = Math.ceil(count / PAGE_ENTRIES)
    this.#filter = new BloomFilter(count)
    this.#firsts = new Int32Array(4 * this.pages)
    let latest = Number.NEGATIVE_INFINITY
    for (let i = 0; i < count; i++) {
      this.#filter.add(words, 4 * i)
      if (times[i]! > latest) latest = times[i]!
    }
    this.latest = latest
    for (let page = 0; page < this.pages; page++) {
      const at = 4 * PAGE_ENTRIES * page
      this.#firsts.set(words.subarray(at, at + 4), 4 * page)
    }
  }

  get sizeBytes(): number {
    return OBJECT_BYTES + this.#filter.sizeBytes + this.#firsts.byteLength
  }

  /** The page that may hold the key whose hash is `words[at … at+3]`; −1 where none does. */
  pageOf(words: Int32Array, at: number): number {
    if (!this.#filter.has(words, at)) return -1
    let low = 0
    let high = this.pages
    const first = { words: this.#firsts, at: 0 }
    while (low < high) {
      const middle = (low + high) >>> 1
      first.at = 4 * middle
      if (compareFingerprints(words, at, first) < 0) high = middle
      else low = middle + 1
    }
    return low - 1
  }

  pageName(page: number): string {
    return `${this.#name}/${page.toString(16).padStart(4, '0')}`
  }

  pageNames(): string[] {
    return Array.from({ length: this.pages }, (_, page) => this.pageName(page))
  }

  /** Throws `MR_SPILL_CORRUPT` where the bytes are not those of this page. */
  openPage(page: number, bytes: Uint8Array): BlockEntries {
    const entries = this.#decode(page, bytes)
    const expected = Math.min(PAGE_ENTRIES, this.entries - page * PAGE_ENTRIES)
    const isThis =
      entries.count === expected && compareFingerprints(entries.words, 0, { words: this.#firsts, at: 4 * page }) === 0
    if (!isThis) throw this.#corrupt(page)
    return entries
  }

  #decode(page: number, bytes: Uint8Array): BlockEntries {
    try {
      return decodeBlock(bytes)
    } catch (cause) {
      throw this.#corrupt(page, cause)
    }
  }

  #corrupt(page: number, cause?: unknown): MillraceError {
    const name = this.pageName(page)
    const message = `page "${name}" of spilled state is not what was written`
    return new MillraceError('MR_SPILL_CORRUPT', message, { details: { page: name }, cause })
  }
}

/** The pages of a run made of these entries: one piece of memory for all. */
export function pagesOf(run: SpilledRun, { words, times, count }: BlockEntries): SpillPage[] {
  const pages: SpillPage[] = []
  const whole = blockBytes(PAGE_ENTRIES)
  const last = blockBytes(count - (run.pages - 1) * PAGE_ENTRIES)
  const bytes = new Uint8Array((run.pages - 1) * whole + last)
  for (let page = 0; page < run.pages; page++) {
    const from = page * PAGE_ENTRIES
    const to = Math.min(count, from + PAGE_ENTRIES)
    const target = bytes.subarray(page * whole, page * whole + blockBytes(to - from))
    writeBlock(target, { words: words.subarray(4 * from), times: times.subarray(from), count: to - from })
    sealBlock(target)
    pages.push({ name: run.pageName(page), bytes: target })
  }
  return pages
}

/** Position of a key in a page; −1 where it is not there. */
export function findInPage({ words, count }: BlockEntries, key: Int32Array, at: number): number {
  let low = 0
  let high = count
  const other = { words, at: 0 }
  while (low < high) {
    const middle = (low + high) >>> 1
    other.at = 4 * middle
    const order = compareFingerprints(key, at, other)
    if (order === 0) return middle
    if (order < 0) high = middle
    else low = middle + 1
  }
  return -1
}
