import { createHash } from 'node:crypto'
import { keyOfRow, rowText } from '../simulation/oracle.ts'
import type { TableRow } from '../simulation/table-reader.ts'
import { runPython } from './run-python.ts'

/** What a reader finds in a table of examples/events-curated. */
export interface TableDigest {
  readonly rows: number
  readonly keys: number
  /** Does not depend on the order of rows. */
  readonly digest: string
}

/** What one reader that is not ours found. */
export interface ForeignDigest extends TableDigest {
  readonly reader: string
  readonly table: string
}

/** The digest that digest-tables.py makes, of rows that we know. */
export function digestOf(rows: readonly TableRow[]): TableDigest {
  let total = 0n
  for (const row of rows) {
    const hash = createHash('sha256').update(rowText(row)).digest('hex')
    total += BigInt(`0x${hash.slice(0, 32)}`)
  }
  const digest = BigInt.asUintN(128, total).toString(16).padStart(32, '0')
  return { rows: rows.length, keys: new Set(rows.map(keyOfRow)).size, digest }
}

/** The same tables as deltalake and DuckDB see them. */
export function foreignDigests(interpreter: string, tables: readonly string[]): readonly ForeignDigest[] {
  // The script prints just this shape.
  return runPython(interpreter, 'digest-tables.py', tables) as readonly ForeignDigest[]
}
