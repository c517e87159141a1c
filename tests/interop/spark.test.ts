import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { assertCells } from './assert-cells.ts'
import { EVERY_TYPE, rowsOf } from './every-type.ts'
import { readSpark, type SeenBySpark, sparkLibrary } from './read-spark.ts'
import { TableWriter } from './table-writer.ts'
import { PARTITION_FIELDS, type WrittenTable, writePartitionedBy, writeStrangePartitions } from './type-tables.ts'

const spark = await sparkLibrary()

/** Types of every field in Spark's words. */
const SPARK_TYPES = {
  id: 'int',
  text: 'string',
  flag: 'boolean',
  small: 'int',
  large: 'bigint',
  whole: 'bigint',
  real: 'double',
  exact: 'decimal(38,10)',
  price: 'decimal(9,2)',
  moment: 'timestamp',
  day: 'date',
  bytes: 'binary',
}
const STRANGE = 'strange partitions'
const TYPED = 'partitions of every type'

describe('Apache Spark reads what Millrace wrote', { skip: 'missing' in spark ? spark.missing : false }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-spark-'))
  const written = new Map<string, WrittenTable>()
  const seen = new Map<string, SeenBySpark>()

  before(async () => {
    written.set('every type', await writeEveryType(join(directory, 'every type')))
    written.set(STRANGE, await writeStrangePartitions(join(directory, STRANGE)))
    written.set(TYPED, await writePartitionedBy(join(directory, TYPED), PARTITION_FIELDS))
    await TableWriter.open(join(directory, 'empty'), EVERY_TYPE)
    written.set('empty', { schema: EVERY_TYPE, rows: [] })
    const names = [...written.keys()]
    assert.ok('folder' in spark)
    // One process for all: a session takes seconds to start.
    const tables = readSpark(spark.folder, new Map(names.map((name) => [join(directory, name), filtersOf(name)])))
    for (const [at, name] of names.entries()) seen.set(name, tables[at]!)
  })

  after(() => rmSync(directory, { recursive: true }))

  function assertSeen(name: string): void {
    const { schema, rows } = written.get(name)!
    assertCells([`Spark, ${name}`, seen.get(name)!], rows, schema)
  }

  it('every cell of every type over 15 commits and a checkpoint, with the types of the contract', () => {
    assertSeen('every type')
    assert.deepEqual(seen.get('every type')!.columns, SPARK_TYPES)
  })

  it('strange partition values from the names of directories', () => assertSeen(STRANGE))

  it('partition values of every other type', () => assertSeen(TYPED))

  it('the columns of a table without rows', () => {
    assertSeen('empty')
    assert.deepEqual(seen.get('empty')!.columns, SPARK_TYPES)
  })

  it('all rows with a value, and skips files by statistics and partition values', () => {
    for (const [name, { filters }] of seen) {
      assert.deepEqual(filters.wrong, [], name)
      if (name === 'empty') continue
      assert.ok(filters.found > 0, name)
      assert.ok(filters.skipped > 0, `${name}: no file was skipped`)
    }
  })
})

/** Columns to filter by: those of the partitions where there are any. */
function filtersOf(name: string): readonly string[] {
  if (name === STRANGE) return ['part', 'day']
  return name === TYPED ? PARTITION_FIELDS : Object.keys(SPARK_TYPES)
}

async function writeEveryType(table: string): Promise<WrittenTable> {
  const writer = await TableWriter.open(table, EVERY_TYPE)
  for (let commit = 0; commit < 15; commit++) await writer.commit(rowsOf(commit * 8, commit * 8 + 8))
  return { schema: EVERY_TYPE, rows: rowsOf(0, 120) }
}
