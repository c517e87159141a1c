import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { appendValue } from '../../../core/model/append-value.ts'
import type { Column } from '../../../core/model/column.ts'
import { ColumnBuilder } from '../../../core/model/column-builder.ts'
import type { FieldValue, Schema } from '../../../core/model/field-type.ts'
import { encodeParquet } from '../../../formats/parquet/encode-parquet.ts'
import { readParquet } from '../../../formats/parquet/read-parquet.ts'

const schema: Schema = {
  fields: [
    { name: 'text', type: { kind: 'string' }, optional: false },
    { name: 'flag', type: { kind: 'boolean' }, optional: true },
    { name: 'small', type: { kind: 'int32' }, optional: true },
    { name: 'large', type: { kind: 'int64' }, optional: true },
    { name: 'whole', type: { kind: 'integer' }, optional: true },
    { name: 'real', type: { kind: 'float64' }, optional: true },
    { name: 'money', type: { kind: 'decimal', precision: 9, scale: 2 }, optional: true },
    { name: 'precise', type: { kind: 'decimal', precision: 18, scale: 6 }, optional: true },
    { name: 'huge', type: { kind: 'decimal', precision: 38, scale: 10 }, optional: true },
    { name: 'at', type: { kind: 'timestamp' }, optional: true },
    { name: 'day', type: { kind: 'date' }, optional: true },
    { name: 'bytes', type: { kind: 'binary' }, optional: true },
  ],
}

type Row = Readonly<Record<string, FieldValue>>

function columnsOf(rows: readonly Row[]): readonly Column[] {
  return schema.fields.map(({ name, type }) => {
    const builder = new ColumnBuilder(type)
    for (const row of rows) appendValue(builder, row[name])
    return builder.finish()
  })
}

/** What a reader of Parquet says: no `undefined`, whole numbers of 64 bits as bigint. */
function asRead(row: Row): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    schema.fields.map(({ name, type }) => {
      const value = row[name]
      if (value === undefined) return [name, null]
      return [name, type.kind === 'integer' ? BigInt(Number(value)) : value]
    }),
  )
}

const full: Row = {
  text: 'ü😈',
  flag: true,
  small: -2147483648,
  large: 9007199254740993n,
  whole: -(2 ** 53) + 1,
  real: -0,
  money: '-1234567.89',
  precise: '123456789012.123456',
  huge: '-1234567890123456789012345678.0123456789',
  at: -1.5,
  day: '1969-12-31',
  bytes: Uint8Array.of(0, 255),
}

describe('encodeParquet', () => {
  it('keeps every type, null and limit as an independent reader sees it', async () => {
    const rows: readonly Row[] = [
      full,
      { text: '' },
      { ...full, flag: false, large: -(2n ** 63n) },
      { ...full, at: 4102444800000.125 },
    ]
    const bytes = await encodeParquet(schema, columnsOf(rows), rows.length)
    assert.deepEqual(await readParquet(bytes), rows.map(asRead))
  })

  it('writes a file without records', async () => {
    assert.deepEqual(await readParquet(await encodeParquet(schema, columnsOf([]), 0)), [])
  })

  it('takes columns whose words do not lie on 8 bytes', async () => {
    const columns = columnsOf([full, full]).map((column) => {
      if (!(column.values instanceof Int32Array)) return column
      const shifted = new Int32Array(column.values.length + 1)
      shifted.set(column.values, 1)
      return { ...column, values: shifted.subarray(1) }
    })
    assert.deepEqual(await readParquet(await encodeParquet(schema, columns, 2)), [full, full].map(asRead))
  })

  it('refuses columns of different lengths', async () => {
    await assert.rejects(() => encodeParquet(schema, columnsOf([full]), 2), { code: 'MR_PARQUET' })
  })

  it('gives back any text and any number, however many', async () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 20 })
    const row = fc.record({
      text,
      large: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { nil: undefined }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 200 }), async (rows) => {
        assert.deepEqual(await readParquet(await encodeParquet(schema, columnsOf(rows), rows.length)), rows.map(asRead))
      }),
      { numRuns: 20 },
    )
  })
})

describe('readParquet', () => {
  it('reads only the columns asked for, also from a view into a larger buffer', async () => {
    const bytes = await encodeParquet(schema, columnsOf([full]), 1)
    const larger = Buffer.alloc(bytes.length + 7)
    larger.set(bytes, 3)
    const [record] = await readParquet(larger.subarray(3, 3 + bytes.length), ['day', 'absent'])
    assert.deepEqual(record, { day: '1969-12-31' })
  })

  it('names a file that is no Parquet', async () => {
    await assert.rejects(readParquet(new TextEncoder().encode('PAR1 but nothing else')), { code: 'MR_PARQUET' })
  })
})
