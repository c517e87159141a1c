import { checkGrowth, checkTable } from './invariants.ts'
import { TABLE } from './scenario.ts'
import { readTable, type TableFiles, type TableHistory } from './table-reader.ts'

/** A reader that looks at the table now and then, as anybody may: it must always see a whole, growing table (I9, I19). */
export class TableWatcher {
  readonly #files: TableFiles
  #before: TableHistory | undefined

  constructor(files: TableFiles) {
    this.#files = files
  }

  /** What is wrong with the table now, and compared with the last look. */
  async look(): Promise<readonly string[]> {
    if (this.#files.list(`${TABLE}/_delta_log`).length === 0) return []
    const now = await readTable(this.#files, TABLE).catch(
      (error: unknown) => `I19: nobody can read the table: ${String(error)}`,
    )
    if (typeof now === 'string') return [now]
    const before = this.#before
    this.#before = now
    return [...checkTable(now), ...(before === undefined ? [] : checkGrowth(before, now))]
  }
}
