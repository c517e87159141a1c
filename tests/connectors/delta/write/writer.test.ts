import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { decodePath } from '../../../../connectors/delta/log/snapshot.ts'
import { stagedContentOf } from '../../../../connectors/delta/staged.ts'
import { MillraceError } from '../../../../core/model/errors.ts'
import type { FieldValue } from '../../../../core/model/field-type.ts'
import type { Staged } from '../../../../core/ports/sink.ts'
import { readParquet } from '../../../../formats/parquet/read-parquet.ts'
import { batchOf, fakePorts, openSink, schemaOf, TABLE } from '../delta-fixture.ts'
import { type MemoryFiles, memoryFiles } from '../memory-files.ts'

const schema = schemaOf({ id: 'int32', 'region?': 'string', 'day?': 'date', 'big?': 'boolean', note: 'string' })

type Row = Readonly<Record<string, FieldValue>>

/** All staged rows, with the partition values the log will give them. */
async function stagedRows(files: MemoryFiles, staged: Staged): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const found = []
  for (const { path, partitionValues, size } of stagedContentOf(staged).files) {
    const bytes = files.content.get(`${TABLE}/${decodePath(path)}`)
    assert.equal(bytes?.length, size)
    for (const record of await readParquet(bytes ?? new Uint8Array(0))) found.push({ ...record, ...partitionValues })
  }
  return found
}

describe('the writer', () => {
  it('puts every row it takes once into the files of its partition, in order, and rejects the others', async () => {
    const row = fc.record({
      region: fc.option(fc.constantFrom('eu', 'us', 'a/b', '', 'é', 'euro', 'ue'), { nil: undefined }),
      day: fc.option(fc.constantFrom('2026-01-31', '2026-02-01'), { nil: undefined }),
      big: fc.option(fc.boolean(), { nil: undefined }),
    })
    const batches = fc.array(fc.array(row, { maxLength: 30 }), { maxLength: 5 })
    const keys = fc.uniqueArray(fc.constantFrom('region', 'day', 'big'), { maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(batches, keys, async (given, partitionBy) => {
        const files = memoryFiles()
        const { writer, rejected } = openSink(fakePorts(files), schema, { table: { partitionBy } })
        let id = 0
        const numbered = given.map((batch) => batch.map((fields): Row => ({ ...fields, id: id++, note: 'n' })))
        let taken = 0
        for (const batch of numbered) taken += writer.write(batchOf(schema, batch))
        const staged = await writer.stage(0)
        const isRefused = (fields: Row): boolean => partitionBy.includes('region') && fields.region === ''
        const expected = numbered.flat().filter((fields) => !isRefused(fields))
        const found = (await stagedRows(files, staged)).toSorted((a, b) => Number(a.id) - Number(b.id))
        const text = (value: unknown): string => (value === undefined ? 'null' : String(value))
        assert.deepEqual(
          found.map(({ id: key, region, day, big }) => [key, text(region), text(day), text(big)]),
          expected.map((fields) => [fields.id, text(fields.region), text(fields.day), text(fields.big)]),
        )
        assert.equal(staged.records, expected.length)
        assert.equal(taken, expected.length)
        assert.equal(rejected.flatMap(({ rows }) => rows).length, id - expected.length)
      }),
      { numRuns: 60 },
    )
  })

  it('takes only the living rows of a batch and names the physical ones it rejects', async () => {
    const files = memoryFiles()
    const { writer, rejected } = openSink(fakePorts(files), schema, { table: { partitionBy: ['region'] } })
    const rows = ['eu', '', 'us', '', 'eu'].map((region, id) => ({ id, region, note: '' }))
    assert.equal(writer.write(batchOf(schema, rows).select(Int32Array.of(1, 2, 4))), 2)
    assert.deepEqual(
      rejected.map(({ rows: physical }) => physical),
      [[1]],
    )
    assert.deepEqual((await stagedRows(files, await writer.stage(0))).map(({ id }) => id).toSorted(), [2, 4])
  })

  it('cuts synchronously: what is written after stage belongs to the next epoch', async () => {
    const files = memoryFiles()
    const { writer } = openSink(fakePorts(files), schema)
    writer.write(batchOf(schema, [{ id: 1, note: '' }]))
    const first = writer.stage(0)
    writer.write(batchOf(schema, [{ id: 2, note: '' }]))
    const second = writer.stage(1)
    assert.deepEqual(
      (await stagedRows(files, await first)).map(({ id }) => id),
      [1],
    )
    assert.deepEqual(
      (await stagedRows(files, await second)).map(({ id }) => id),
      [2],
    )
  })

  it('closes a file at its size and keeps the bytes in open files below the limit', async () => {
    const files = memoryFiles()
    const table = { partitionBy: ['region'], targetFileBytes: 64 * 1024, bufferBytes: 1024 * 1024 } as const
    const { writer } = openSink(fakePorts(files), schema, { table })
    const rows = Array.from({ length: 1000 }, (_, id) => ({ id, region: 'eu', note: 'x'.repeat(200) }))
    for (let batch = 0; batch < 5; batch++) writer.write(batchOf(schema, rows))
    const staged = await writer.stage(0)
    assert.equal(stagedContentOf(staged).files.length, 5)
    const spread = Array.from({ length: 1000 }, (_, id) => ({ id, region: `r${id % 100}`, note: 'x'.repeat(600) }))
    for (let batch = 0; batch < 4; batch++) writer.write(batchOf(schema, spread))
    const wide = await writer.stage(1)
    assert.ok(stagedContentOf(wide).files.length > 100, 'the largest files were closed before the cut')
    assert.equal((await stagedRows(files, wide)).length, 4000)
  })

  it('gives the memory of partitions back when there are too many, and loses none of them', async () => {
    const files = memoryFiles()
    const { writer } = openSink(fakePorts(files), schema, { table: { partitionBy: ['region'] } })
    const spread = Array.from({ length: 1025 }, (_, id) => ({ id, region: `r${id}`, note: '' }))
    assert.equal(writer.write(batchOf(schema, spread)), 1025)
    assert.equal(writer.write(batchOf(schema, spread.slice(0, 3))), 3)
    const staged = await writer.stage(0)
    assert.equal(staged.records, 1028)
    assert.equal(stagedContentOf(staged).files.length, 1028)
  })

  it('waits for the disk above its limit of unwritten bytes', async () => {
    const files = memoryFiles()
    const { promise, resolve } = Promise.withResolvers<void>()
    files.hook = () => promise
    const { writer } = openSink(fakePorts(files), schema, { table: { targetFileBytes: 1024 * 1024 } })
    const note = 'x'.repeat(1024 * 1024)
    for (let megabyte = 0; megabyte < 70; megabyte++) writer.write(batchOf(schema, [{ id: megabyte, note }]))
    assert.ok(writer.isBusy)
    const ready = writer.ready()
    resolve()
    await ready
    assert.ok(!writer.isBusy)
    assert.equal((await writer.stage(0)).records, 70)
  })

  it('fails for good when a file cannot be written', async () => {
    const files = memoryFiles()
    files.hook = (call) => {
      if (call === 'write') throw new MillraceError('MR_FILE_IO', 'disk full')
    }
    const { writer } = openSink(fakePorts(files), schema)
    writer.write(batchOf(schema, [{ id: 1, note: '' }]))
    await assert.rejects(writer.stage(0), { code: 'MR_FILE_IO' })
    files.hook = () => undefined
    await assert.rejects(writer.stage(1), { code: 'MR_FILE_IO' })
    await assert.rejects(writer.ready(), { code: 'MR_FILE_IO' })
  })

  it('forgets what was not staged on abort, twice as well as once', async () => {
    const files = memoryFiles()
    const { writer } = openSink(fakePorts(files), schema)
    writer.write(batchOf(schema, [{ id: 1, note: '' }]))
    await writer.abort()
    await writer.abort()
    const staged = await writer.stage(0)
    assert.equal(staged.records, 0)
    assert.deepEqual(stagedContentOf(staged).files, [])
  })

  it('names no file twice over attempts of the job', async () => {
    const files = memoryFiles()
    for (const generation of [1, 2]) {
      const { writer } = openSink(fakePorts(files), schema, { generation })
      writer.write(batchOf(schema, [{ id: 1, note: '' }]))
      await writer.stage(0)
    }
    assert.equal([...files.content.keys()].length, 2)
  })
})
