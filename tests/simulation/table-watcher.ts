import { checkGrowth, checkTable } from './invariants.ts'
import { readTable, type TableFiles, type TableHistory } from './table-reader.ts'

/** A reader that looks at a table now and then, as anybody may: it must always see a whole, growing table (I9, I19). */
export class TableWatcher {
  readonly #files: TableFiles
  readonly #table: string
  #before: TableHistory | undefined

  constructor(files: TableFiles, table: string) {
    this.#files = files
    this.#table = table
  }

  /** What is wrong with the table now, and compared with the last look. */
  async look(): Promise<readonly string[]> {
    if (this.#files.list(`${this.#table}/_delta_log`).length === 0) return []
    const now = await readTable(this.#files, this.#table).catch(
      (error: unknown) => `I19: nobody can read the table: ${String(error)}`,
    )
    if (typeof now === 'string') return [now]
    const before = this.#before
    this.#before = now
    return [...checkTable(now), ...(before === undefined ? [] : checkGrowth(before, now))]
  }
}
