import { sameBytes } from '../../../core/model/same-bytes.ts'
import type { FileStore } from '../../../core/ports/file-store.ts'
import type { Logger } from '../../../core/ports/logger.ts'
import { parseActions } from './actions.ts'
import { commitPath, listLog } from './log-files.ts'
import { advanceSnapshot, loadSnapshot, type Snapshot } from './snapshot.ts'

/** What a {@link TableReader} needs. */
export interface TableReaderPorts {
  readonly files: FileStore
  readonly logger: Logger
}

/**
 * Follows the state of a table (not its files) commit by commit. A table that was deleted and made again under the same
 * path is noticed: the commit last seen is compared byte by byte.
 */
export class TableReader {
  readonly table: string
  readonly #ports: TableReaderPorts
  #snapshot: Snapshot | undefined
  #lastCommit: Uint8Array | undefined

  constructor(ports: TableReaderPorts, table: string) {
    this.#ports = ports
    this.table = table
  }

  /** The newest state; `undefined` where there is no table. Throws as `loadSnapshot` does. */
  async refresh(): Promise<Snapshot | undefined> {
    const { commits } = await listLog(this.#ports.files, this.table)
    const seen = this.#snapshot
    if (seen === undefined || !(await this.#isUnchanged(seen.version, commits))) return await this.#reload()
    let snapshot = seen
    for (const version of commits) {
      if (version < snapshot.version + 1) continue
      // A gap: the full load names it.
      if (version > snapshot.version + 1) return await this.#reload()
      snapshot = await this.#advance(snapshot)
    }
    return snapshot
  }

  async #advance(snapshot: Snapshot): Promise<Snapshot> {
    const path = commitPath(this.table, snapshot.version + 1)
    const bytes = await this.#ports.files.read(path)
    const advanced = advanceSnapshot(snapshot, parseActions(bytes, path), this.table)
    this.#snapshot = advanced
    this.#lastCommit = bytes
    return advanced
  }

  async #isUnchanged(version: number, commits: readonly number[]): Promise<boolean> {
    if (this.#lastCommit === undefined || !commits.includes(version)) return false
    return sameBytes(this.#lastCommit, await this.#ports.files.read(commitPath(this.table, version)))
  }

  async #reload(): Promise<Snapshot | undefined> {
    const { files, logger } = this.#ports
    this.#lastCommit = undefined
    this.#snapshot = await loadSnapshot({ files, logger, table: this.table, extent: 'state' })
    if (this.#snapshot === undefined) return undefined
    const path = commitPath(this.table, this.#snapshot.version)
    if ((await files.size(path)) !== undefined) this.#lastCommit = await files.read(path)
    return this.#snapshot
  }
}
