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
  /** The same of the distinct keys. */
  readonly keyDigest: string
}

/** What one reader that is not ours found. */
export interface ForeignDigest extends TableDigest {
  readonly reader: string
  readonly table: string
}

/** What digest-tables.py must find where these rows are in the table. */
export function digestOf(rows: readonly TableRow[]): TableDigest {
  const keys = new Set(rows.map(keyOfRow))
  return {
    rows: rows.length,
    keys: keys.size,
    digest: digestOfTexts(rows.map(rowText)),
    keyDigest: digestOfTexts(keys),
  }
}

/** The digest of texts in any order; equal ones count as often as they occur. */
export function digestOfTexts(texts: Iterable<string>): string {
  let total = 0n
  for (const text of texts) {
    const hash = createHash('sha256').update(text).digest('hex')
    total += BigInt(`0x${hash.slice(0, 32)}`)
  }
  return BigInt.asUintN(128, total).toString(16).padStart(32, '0')
}

/** The same tables as deltalake and DuckDB see them. */
export function foreignDigests(interpreter: string, tables: readonly string[]): readonly ForeignDigest[] {
  // The script prints just this shape.
  return runPython(interpreter, 'digest-tables.py', tables) as readonly ForeignDigest[]
}
