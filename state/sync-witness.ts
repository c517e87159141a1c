import { crc32c } from '../core/model/crc32c.ts'
import { MillraceError } from '../core/model/errors.ts'
import { type FileStore, replaceAtomically } from '../core/ports/file-store.ts'

const NAME = 'synced'
/** LevelDB's pointer to its manifest: without it LevelDB takes a directory for empty. */
const CURRENT = 'CURRENT'
const BYTES = 12

/**
 * A file beside LevelDB's that holds the number of the last synced batch. LevelDB drops what it cannot read in its write-ahead
 * log, or begins anew where a file is gone, and says nothing; a store that knows a lower number than its witness has lost
 * batches that were acknowledged.
 */
export class SyncWitness {
  readonly #files: FileStore
  readonly #path: string

  constructor(files: FileStore, directory: string) {
    this.#files = files
    this.#path = `${directory}/${NAME}`
  }

  /** Before LevelDB sees the directory, as it would begin an empty store and delete the tables. Throws `MR_STATE_CORRUPT`. */
  async checkBeginning(directory: string): Promise<void> {
    const names = await this.#files.list(directory)
    if (names.includes(NAME) && !names.includes(CURRENT))
      throw this.#corrupt(`the file ${CURRENT} beside it is missing`)
  }

  /** Throws `MR_STATE_CORRUPT` unless the store, which knows `found` as its last synced batch, has all that was acknowledged. */
  async check(found: number): Promise<void> {
    const last = await this.#read(found)
    if (found >= last) return
    throw this.#corrupt(`it says that ${last} synced batches were stored, the store beside it has ${found}`)
  }

  /** To be called after the batch is on disk. Durable when it resolves. */
  async write(batch: number): Promise<void> {
    const bytes = new Uint8Array(BYTES)
    const view = new DataView(bytes.buffer)
    view.setFloat64(0, batch)
    view.setUint32(8, crc32c(bytes.subarray(0, 8)))
    await replaceAtomically(this.#files, this.#path, { bytes })
  }

  async #read(found: number): Promise<number> {
    if ((await this.#files.size(this.#path)) === undefined) {
      // The process may have died between its first batch and the first word of the witness.
      if (found <= 1) return 0
      throw this.#corrupt('it is missing')
    }
    const bytes = await this.#files.read(this.#path)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    if (bytes.length === BYTES && view.getUint32(8) === crc32c(bytes.subarray(0, 8))) return view.getFloat64(0)
    throw this.#corrupt('it fails its checksum')
  }

  #corrupt(why: string): MillraceError {
    return new MillraceError('MR_STATE_CORRUPT', `${this.#path}: ${why}`, { details: { path: this.#path } })
  }
}
