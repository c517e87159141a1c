import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { assertCells, type Seen } from './assert-cells.ts'
import { EVERY_TYPE, rowsOf } from './every-type.ts'
import { withPython } from './python-test.ts'
import { runPython } from './run-python.ts'
import { TableWriter } from './table-writer.ts'
import { PARTITION_FIELDS, writePartitionedBy, writeStrangePartitions } from './type-tables.ts'

const directory = mkdtempSync(join(tmpdir(), 'millrace-interop-'))
after(() => rmSync(directory, { recursive: true }))

/** What each reader sees. */
function look(interpreter: string, table: string): readonly (readonly [string, Seen])[] {
  // The script prints just this shape.
  return Object.entries(runPython(interpreter, 'cells.py', [table]) as Readonly<Record<string, Seen>>)
}

withPython(
  'deltalake and DuckDB read every cell of every type as it was written, over 25 commits and checkpoints',
  async (interpreter) => {
    const table = join(directory, 'every-type')
    const writer = await TableWriter.open(table, EVERY_TYPE)
    for (let commit = 0; commit < 25; commit++) await writer.commit(rowsOf(commit * 8, commit * 8 + 8))
    const checkpoints = readdirSync(join(table, '_delta_log')).filter((name) => name.endsWith('.checkpoint.parquet'))
    assert.equal(checkpoints.length, 2)
    const seen = look(interpreter, table)
    assert.deepEqual(
      seen.map(([reader]) => reader),
      ['deltalake', 'duckdb'],
    )
    for (const one of seen) assertCells(one, rowsOf(0, 200))
  },
)

withPython('strange partition values come back from the names of directories', async (interpreter) => {
  const table = join(directory, 'strange-partitions')
  const { schema, rows } = await writeStrangePartitions(table)
  for (const one of look(interpreter, table)) assertCells(one, rows, schema)
})

withPython('partitions of every other type come back with their values', async (interpreter) => {
  for (const name of PARTITION_FIELDS) {
    const table = join(directory, `by-${name}`)
    const { schema, rows } = await writePartitionedBy(table, [name])
    for (const [reader, seen] of look(interpreter, table)) assertCells([`${reader} by ${name}`, seen], rows, schema)
  }
})

withPython('a table without rows has its columns for every reader', async (interpreter) => {
  const table = join(directory, 'empty')
  await TableWriter.open(table, EVERY_TYPE)
  for (const [reader, { columns, rows }] of look(interpreter, table)) {
    assert.deepEqual(rows, [], reader)
    assert.deepEqual(
      Object.keys(columns),
      EVERY_TYPE.fields.map(({ name }) => name),
      reader,
    )
  }
})

withPython(
  'statistics never exclude a row: bounds against the files, and filters by every value',
  async (interpreter) => {
    const table = join(directory, 'statistics')
    const writer = await TableWriter.open(table, EVERY_TYPE)
    for (let commit = 0; commit < 12; commit++) await writer.commit(rowsOf(commit * 5, commit * 5 + 5))
    // The script prints just this shape.
    const { files, bounds, found, wrong } = runPython(interpreter, 'statistics.py', [table]) as {
      readonly files: number
      readonly bounds: number
      readonly found: number
      readonly wrong: readonly string[]
    }
    assert.deepEqual(wrong, [])
    assert.equal(files, 12)
    assert.ok(bounds > 12 * 8, `${bounds} bounds`)
    assert.ok(found > 300, `${found} rows found`)
  },
)
