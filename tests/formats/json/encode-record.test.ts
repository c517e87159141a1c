import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { appendValue } from '../../../core/model/append-value.ts'
import { Batch } from '../../../core/model/batch.ts'
import { valueAt } from '../../../core/model/column.ts'
import { ColumnBuilder } from '../../../core/model/column-builder.ts'
import {
  binary,
  boolean,
  contract,
  date,
  decimal,
  type Field,
  float64,
  int32,
  int64,
  integer,
  optional,
  string,
  timestamp,
} from '../../../core/model/contract.ts'
import type { FieldValue, Schema } from '../../../core/model/field-type.ts'
import { compileDecoder } from '../../../formats/json/compile-decoder.ts'
import { encodeRecord } from '../../../formats/json/encode-record.ts'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))

function batchOf(schema: Schema, values: readonly FieldValue[]): Batch<unknown> {
  const columns = schema.fields.map((field, i) => {
    const builder = new ColumnBuilder(field.type)
    appendValue(builder, values[i])
    return builder.finish()
  })
  const system = {
    eventTimes: new Float64Array(1),
    splits: new Int32Array(1),
    offsets: new Float64Array(1),
    keys: null,
  }
  return new Batch<unknown>({ schema, columns, rows: 1, selection: null, system })
}

const texts = fc.string({ unit: 'binary', maxLength: 60 }).filter((text) => text.isWellFormed())
const decimals = fc.bigInt({ min: -(10n ** 20n) + 1n, max: 10n ** 20n - 1n }).map((unscaled) => {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(5, '0')
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, -4)}.${digits.slice(-4)}`
})
const days = fc.date({ min: new Date('0000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })

const kinds: Readonly<Record<string, readonly [Field<unknown>, fc.Arbitrary<FieldValue>]>> = {
  string: [string(), texts],
  boolean: [boolean(), fc.boolean()],
  int32: [int32(), fc.integer()],
  int64: [int64(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
  integer: [integer(), fc.maxSafeInteger()],
  float64: [float64(), fc.double({ noNaN: true, noDefaultInfinity: true })],
  decimal: [decimal(20, 4), decimals],
  timestamp: [timestamp(), fc.maxSafeInteger().map((micros) => micros / 1000)],
  date: [date(), days.map((time) => time.toISOString().slice(0, 10))],
  binary: [binary(), fc.uint8Array({ maxLength: 70 })],
}

describe(`encodeRecord (SEED=${seed})`, () => {
  for (const [kind, [field, values]] of Object.entries(kinds)) {
    it(`writes each ${kind} so that the decoder reads the same column back`, () => {
      const target = contract('round-trip', { 'f"é': field, absent: optional(field) })
      const decoder = compileDecoder(target)
      const check = (value: FieldValue) => {
        const batch = batchOf(target.schema, [value, undefined])
        const bytes = encodeRecord(batch, 0)
        assert.equal(decoder.append(bytes, 0, bytes.length), undefined)
        assert.deepEqual(decoder.finish().columns, batch.columns)
      }
      fc.assert(fc.property(values, check), { seed, numRuns: 200 })
    })
  }

  it('writes strings and numbers as JSON.stringify does', () => {
    const target = contract('text', { text: string(), number: float64() })
    const check = (text: string, number: number) => {
      const bytes = encodeRecord(batchOf(target.schema, [text, number]), 0)
      assert.equal(new TextDecoder().decode(bytes), JSON.stringify({ text, number }))
    }
    const numbers = fc.double().filter((number) => !Object.is(number, -0))
    fc.assert(fc.property(texts, numbers, check), { seed, numRuns: 300 })
  })

  it('writes the row that is asked for, without absent values', () => {
    const target = contract('rows', { id: string(), note: optional(string()), at: timestamp(), price: decimal(5, 2) })
    const decoder = compileDecoder(target)
    const lines = ['{"id":"a","note":"x","at":1.5,"price":"1.50"}', '{"id":"b","at":-2,"price":"-0.01"}']
    for (const line of lines) {
      const bytes = new TextEncoder().encode(line)
      assert.equal(decoder.append(bytes, 0, bytes.length), undefined)
    }
    const { columns, rows } = decoder.finish()
    const system = {
      eventTimes: new Float64Array(2),
      splits: new Int32Array(2),
      offsets: new Float64Array(2),
      keys: null,
    }
    const batch = new Batch<unknown>({ schema: target.schema, columns, rows, selection: null, system })
    assert.deepEqual(
      [0, 1].map((row) => new TextDecoder().decode(encodeRecord(batch, row))),
      lines,
    )
    assert.equal(valueAt(columns[1]!, 1), undefined)
  })
})
