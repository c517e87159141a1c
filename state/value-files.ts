import { MillraceError } from '../core/model/errors.ts'
import type { FileStore } from '../core/ports/file-store.ts'

/** Where a value lies. */
export interface ValuePlace {
  /** Number of the file, which is its name. */
  readonly file: number
  readonly offset: number
  readonly sizeBytes: number
}

const PLACE_BYTES = 24

export function encodePlace({ file, offset, sizeBytes }: ValuePlace): Uint8Array {
  const bytes = new Uint8Array(PLACE_BYTES)
  const view = new DataView(bytes.buffer)
  view.setFloat64(0, file)
  view.setFloat64(8, offset)
  view.setFloat64(16, sizeBytes)
  return bytes
}

/** Throws `MR_STATE_CORRUPT`. */
export function decodePlace(bytes: Uint8Array): ValuePlace {
  if (bytes.length !== PLACE_BYTES) throw new MillraceError('MR_STATE_CORRUPT', 'the place of a large value is damaged')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return { file: view.getFloat64(0), offset: view.getFloat64(8), sizeBytes: view.getFloat64(16) }
}

interface ValueFile {
  /** What was written to it. */
  sizeBytes: number
  /** What of it still counts. */
  liveBytes: number
}

const NAME_DIGITS = 16

/** Name of a file by its number. */
export function valueFileName(file: number): string {
  return file.toString().padStart(NAME_DIGITS, '0')
}

/**
 * Values by key, one behind the other in files that are only added to, up to about `fileBytes` each. A file goes when none of its values
 * counts any more. This keeps what counts in memory and the bytes on disk; that both change together is up to the caller.
 */
export class ValueFiles {
  readonly #files: FileStore
  readonly #directory: string
  readonly #fileBytes: number
  readonly #byNumber = new Map<number, ValueFile>()
  readonly #places = new Map<string, ValuePlace>()
  /** Keys whose values are gone: their file is missing or too short. Should it come back, they are there at the next opening. */
  readonly #lost = new Set<string>()
  /** Number of the file that is added to; none yet where nothing has been added by this process. */
  #current = 0
  #next = 1

  constructor(files: FileStore, { directory, fileBytes }: { readonly directory: string; readonly fileBytes: number }) {
    this.#files = files
    this.#directory = directory
    this.#fileBytes = fileBytes
  }

  /** Takes what an earlier owner stored, before anything else. */
  async open(places: ReadonlyMap<string, ValuePlace>): Promise<void> {
    for (const name of await this.#files.list(this.#directory)) {
      const sizeBytes = (await this.#files.size(`${this.#directory}/${name}`)) ?? 0
      this.#byNumber.set(Number(name), { sizeBytes, liveBytes: 0 })
    }
    // Not even the number of a lost file is used again.
    let last = Math.max(0, ...this.#byNumber.keys())
    for (const [key, place] of places) {
      last = Math.max(last, place.file)
      if (place.offset + place.sizeBytes <= (this.#byNumber.get(place.file)?.sizeBytes ?? 0)) this.#count(key, place)
      else this.#lost.add(key)
    }
    this.#next = last + 1
  }

  /** True where a place is stored for it, though its value may be gone. */
  hasPlace(key: string): boolean {
    return this.#places.has(key) || this.#lost.has(key)
  }

  has(key: string): boolean {
    return this.#places.has(key)
  }

  keys(): Iterable<string> {
    return this.#places.keys()
  }

  /** A copy of the value; `undefined` where there is none, or not all of it. */
  async read(key: string): Promise<Uint8Array | undefined> {
    for (let place = this.#places.get(key); place !== undefined; ) {
      const bytes = await this.#readAt(place)
      if (bytes !== undefined) return bytes
      // It may have been moved meanwhile, and its file removed.
      const now = this.#places.get(key)
      if (now === place) return undefined
      place = now
    }
    return undefined
  }

  /** Writes values where they do not count yet; {@link take} makes them count. Durable when it resolves. */
  async append(values: ReadonlyMap<string, Uint8Array>): Promise<ReadonlyMap<string, ValuePlace>> {
    const places = new Map<string, ValuePlace>()
    if (values.size === 0) return places
    const isNew = (this.#byNumber.get(this.#current)?.sizeBytes ?? this.#fileBytes) >= this.#fileBytes
    if (isNew) {
      this.#current = this.#next++
      this.#byNumber.set(this.#current, { sizeBytes: 0, liveBytes: 0 })
    }
    const written = this.#byNumber.get(this.#current)!
    const path = this.#path(this.#current)
    await this.#files.append(path, [...values.values()])
    await this.#files.sync(path)
    if (isNew) await this.#files.syncDirectory(this.#directory)
    for (const [key, { length }] of values) {
      places.set(key, { file: this.#current, offset: written.sizeBytes, sizeBytes: length })
      written.sizeBytes += length
    }
    return places
  }

  /** Lets values count from here on, and others not any more. */
  take(places: ReadonlyMap<string, ValuePlace>, gone: readonly string[]): void {
    for (const key of gone) this.#forget(key)
    for (const [key, place] of places) {
      this.#forget(key)
      this.#count(key, place)
    }
  }

  /** Removes files of which nothing counts. That must be durable: a loss of power must not lead anybody to them again. */
  async removeUnused(): Promise<void> {
    for (const [number, { liveBytes }] of this.#byNumber) {
      if (liveBytes > 0 || number === this.#current) continue
      await this.#files.remove(this.#path(number))
      this.#byNumber.delete(number)
    }
  }

  /**
   * Values to be written anew, so that a file of which little counts can go: as much as is written otherwise, which keeps pace, but at
   * least an eighth of a file or one value. None while what does not count takes less than what does, and a file more.
   */
  async toMove(writtenBytes: number): Promise<ReadonlyMap<string, Uint8Array>> {
    const moved = new Map<string, Uint8Array>()
    const emptiest = this.#emptiest()
    if (emptiest === undefined) return moved
    const most = Math.max(writtenBytes, this.#fileBytes / 8)
    let bytes = 0
    for (const [key, place] of this.#places) {
      if (place.file !== emptiest || (bytes > 0 && bytes + place.sizeBytes > most)) continue
      const value = await this.#readAt(place)
      if (value === undefined) continue
      bytes += value.length
      moved.set(key, value)
    }
    return moved
  }

  /** Number of the file of which the smallest part counts, where so little counts in all that it is worth moving it. */
  #emptiest(): number | undefined {
    let live = 0
    let dead = 0
    let emptiest: number | undefined
    let least = 1
    for (const [number, { sizeBytes, liveBytes }] of this.#byNumber) {
      live += liveBytes
      dead += sizeBytes - liveBytes
      if (number === this.#current || liveBytes >= least * sizeBytes) continue
      emptiest = number
      least = liveBytes / sizeBytes
    }
    return dead > live + this.#fileBytes ? emptiest : undefined
  }

  async #readAt({ file, offset, sizeBytes }: ValuePlace): Promise<Uint8Array | undefined> {
    try {
      const bytes = await this.#files.read(this.#path(file), { offset, length: sizeBytes })
      return bytes.length === sizeBytes ? bytes : undefined
    } catch (error) {
      if (error instanceof MillraceError && error.code === 'MR_FILE_MISSING') return undefined
      throw error
    }
  }

  #count(key: string, place: ValuePlace): void {
    this.#places.set(key, place)
    this.#byNumber.get(place.file)!.liveBytes += place.sizeBytes
  }

  #forget(key: string): void {
    this.#lost.delete(key)
    const place = this.#places.get(key)
    if (place === undefined) return
    this.#byNumber.get(place.file)!.liveBytes -= place.sizeBytes
    this.#places.delete(key)
  }

  #path(file: number): string {
    return `${this.#directory}/${valueFileName(file)}`
  }
}
