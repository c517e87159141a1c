import type { FileStore } from '../core/ports/file-store.ts'

/** So much is read at least, in the expectation that the neighbours are asked for next. */
const WINDOW_BYTES = 16_384

/** Parts of one file, of which the last that was read is kept. */
export class FileWindow {
  readonly #files: FileStore
  readonly #path: string
  readonly #memory = new Uint8Array(WINDOW_BYTES)
  #bytes: Uint8Array = new Uint8Array(0)
  /** Where in the file they begin. */
  #begin = 0

  constructor(files: FileStore, path: string) {
    this.#files = files
    this.#path = path
  }

  /** So many bytes from `offset`, fewer at the end of the file: a view that is valid until the next call. */
  async read(offset: number, length: number): Promise<Uint8Array> {
    const from = offset - this.#begin
    if (from >= 0 && from + length <= this.#bytes.length) return this.#bytes.subarray(from, from + length)
    const range = { offset, length: Math.max(length, WINDOW_BYTES), into: this.#memory }
    this.#bytes = new Uint8Array(0)
    this.#bytes = await this.#files.read(this.#path, range)
    this.#begin = offset
    return this.#bytes.subarray(0, length)
  }
}
