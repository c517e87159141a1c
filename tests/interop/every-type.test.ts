import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { schemaOf } from '../connectors/delta/delta-fixture.ts'
import { cellText, EVERY_TYPE, type Row, rowsOf, STRANGE_TEXTS } from './every-type.ts'
import { withPython } from './python-test.ts'
import { runPython } from './run-python.ts'
import { TableWriter } from './table-writer.ts'

const directory = mkdtempSync(join(tmpdir(), 'millrace-interop-'))
after(() => rmSync(directory, { recursive: true }))

type Cells = Readonly<Record<string, string | null>>

interface Seen {
  readonly columns: Readonly<Record<string, string>>
  readonly rows: readonly Cells[]
}

/** What each reader sees. */
function look(interpreter: string, table: string): readonly (readonly [string, Seen])[] {
  // The script prints just this shape.
  return Object.entries(runPython(interpreter, 'cells.py', [table]) as Readonly<Record<string, Seen>>)
}

/** Compares cell by cell; doubles by value, because languages print them differently. */
function assertCells([reader, seen]: readonly [string, Seen], rows: readonly Row[], schema = EVERY_TYPE): void {
  assert.equal(seen.rows.length, rows.length, reader)
  const found = new Map(seen.rows.map((row) => [row.id, row]))
  for (const row of rows) {
    const cells = found.get(String(row.id))
    for (const { name, type } of schema.fields) {
      const [actual, expected] = [cells?.[name], cellText(type, row[name])]
      const what = `${reader}: row ${row.id}, ${name}`
      if (type.kind === 'float64' && expected !== null) assert.ok(Object.is(Number(actual), row[name]), what)
      else assert.equal(actual, expected, what)
    }
  }
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
  const schema = schemaOf({ id: 'int32', 'part?': 'string', 'day?': 'date' })
  const table = join(directory, 'strange-partitions')
  const writer = await TableWriter.open(table, schema, ['part', 'day'])
  // An empty text and null are one and the same as a partition value in every Delta table.
  const texts = [...STRANGE_TEXTS.filter((text) => text !== '' && text.length < 60), undefined]
  const rows = texts.flatMap((part, index) => [
    { id: 2 * index, part, day: '2024-02-29' },
    { id: 2 * index + 1, part, day: undefined },
  ])
  await writer.commit(rows)
  for (const one of look(interpreter, table)) assertCells(one, rows, schema)
})

withPython('partitions of every other type come back with their values', async (interpreter) => {
  const names = ['flag', 'small', 'large', 'whole', 'price', 'moment', 'day']
  const schema = { fields: EVERY_TYPE.fields.filter(({ name }) => name === 'id' || names.includes(name)) }
  for (const name of names) {
    const table = join(directory, `by-${name}`)
    const writer = await TableWriter.open(table, schema, [name])
    // deltalake hands negative decimals of partitions to pyarrow in a spelling that it refuses.
    const rows = rowsOf(0, 16).filter(({ price }) => !String(price).startsWith('-'))
    await writer.commit(rows)
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
