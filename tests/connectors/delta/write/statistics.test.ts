import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { fileStatistics } from '../../../../connectors/delta/write/statistics.ts'
import { boundOfText } from '../../../../connectors/delta/write/text-bound.ts'
import type { FieldType, FieldValue } from '../../../../core/model/field-type.ts'
import { batchOf, schemaOf } from '../delta-fixture.ts'

function statisticsOf(type: FieldType | FieldType['kind'], values: readonly FieldValue[]): string {
  const schema = schemaOf({ 'v?': type })
  const batch = batchOf(
    schema,
    values.map((v) => ({ v })),
  )
  return fileStatistics(schema, batch.columns, batch.rows)
}

const bounds = (text: string): string => /"minValues":(\{.*\}),"nullCount"/.exec(text)?.[1] ?? ''

describe('fileStatistics', () => {
  const cases: readonly (readonly [FieldType | FieldType['kind'], readonly FieldValue[], string])[] = [
    ['int32', [3, -2147483648, undefined, 7], '{"v":-2147483648},"maxValues":{"v":7}'],
    [
      'int64',
      [9007199254740993n, -1n, -9223372036854775808n],
      '{"v":-9223372036854775808},"maxValues":{"v":9007199254740993}',
    ],
    ['integer', [-1, 4294967295, 4294967296], '{"v":-1},"maxValues":{"v":4294967296}'],
    ['float64', [1.5, -2.25], '{"v":-2.25},"maxValues":{"v":1.5}'],
    ['float64', [0, -0], '{"v":-0.0},"maxValues":{"v":0.0}'],
    ['float64', [1, Number.NaN], '{},"maxValues":{}'],
    ['float64', [1, Number.POSITIVE_INFINITY], '{},"maxValues":{}'],
    [
      { kind: 'decimal', precision: 38, scale: 10 },
      ['-1.0000000001', '2.0000000000'],
      '{"v":-1.0000000001},"maxValues":{"v":2.0000000000}',
    ],
    ['date', ['2026-01-31', '1969-12-31'], '{"v":"1969-12-31"},"maxValues":{"v":"2026-01-31"}'],
    [
      'timestamp',
      [1000.123, 2000.9995],
      '{"v":"1970-01-01T00:00:01.000Z"},"maxValues":{"v":"1970-01-01T00:00:02.001Z"}',
    ],
    ['timestamp', [-0.001], '{"v":"1969-12-31T23:59:59.999Z"},"maxValues":{"v":"1970-01-01T00:00:00.000Z"}'],
    ['string', ['～', '😀', 'z'], '{"v":"z"},"maxValues":{"v":"😀"}'],
    ['string', ['\ufeffa'], '{"v":"\ufeffa"},"maxValues":{"v":"\ufeffa"}'],
    ['string', ['', 'a"b'], '{"v":""},"maxValues":{"v":"a\\"b"}'],
    ['boolean', [true], '{"v":true},"maxValues":{"v":true}'],
    ['boolean', [undefined, true, false, undefined], '{"v":false},"maxValues":{"v":true}'],
    ['boolean', [undefined], '{},"maxValues":{}'],
    ['binary', [Uint8Array.of(1)], '{},"maxValues":{}'],
    ['string', [undefined, undefined], '{},"maxValues":{}'],
  ]
  for (const [type, values, expected] of cases) {
    const shown = values.map((value) => (typeof value === 'string' ? value : String(value))).join(', ')
    it(`bounds ${typeof type === 'string' ? type : type.kind} [${shown}]`, () => {
      const text = statisticsOf(type, values)
      assert.equal(bounds(text), expected)
      assert.doesNotThrow(() => JSON.parse(text))
    })
  }

  it('bounds texts by their bytes, whatever they begin with and however short they are', () => {
    const text = fc.string({ unit: fc.constantFrom('\0', 'a', 'b', '\ufeff', '～', '😀'), maxLength: 6 })
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 12 }), (texts) => {
        const sorted = texts.map((value) => Buffer.from(value)).sort(Buffer.compare)
        const found = JSON.parse(statisticsOf('string', texts))
        assert.equal(found.minValues.v, sorted[0]!.toString())
        assert.equal(found.maxValues.v, sorted.at(-1)!.toString())
      }),
    )
  })

  it('counts records and nulls', () => {
    const parsed: unknown = JSON.parse(statisticsOf('int32', [1, undefined, undefined]))
    assert.partialDeepStrictEqual(parsed, { numRecords: 3, nullCount: { v: 2 } })
  })

  it('covers the first 32 columns only', () => {
    const names = Array.from({ length: 40 }, (_, index) => `c${index}`)
    const schema = schemaOf(Object.fromEntries(names.map((name) => [name, 'int32' as const])))
    const batch = batchOf(schema, [Object.fromEntries(names.map((name) => [name, 1]))])
    const parsed: unknown = JSON.parse(fileStatistics(schema, batch.columns, 1))
    assert.partialDeepStrictEqual(parsed, { nullCount: { c31: 0 } })
    assert.doesNotMatch(JSON.stringify(parsed), /c32/)
  })

  it('omits bounds of days that have no text', () => {
    const schema = schemaOf({ v: 'int32' })
    const { columns } = batchOf(schema, [{ v: 2 ** 31 - 1 }])
    const days = { ...columns[0]!, type: { kind: 'date' } as const }
    assert.match(fileStatistics(schema, [days], 1), /"minValues":\{\},"maxValues":\{\}/)
  })
})

describe('string bounds', () => {
  const prefix = 'x'.repeat(32)
  const last = '\u{10FFFF}'
  const cases: readonly (readonly [string, 'min' | 'max', string])[] = [
    [prefix, 'max', prefix],
    [`${prefix}z`, 'min', prefix],
    [`${prefix}z`, 'max', `${prefix}\u007f`],
    [`${prefix}\u007f`, 'max', `${prefix}${last}`],
    [`${prefix}é`, 'max', `${prefix}${last}`],
    [`${prefix}${last}a`, 'max', `${prefix}${last}\u007f`],
    [`${prefix}${last.repeat(16)}b`, 'max', `${prefix}${last.repeat(16)}\u007f`],
    [`${prefix}${last.repeat(20)}`, 'max', `${prefix}${last.repeat(20)}`],
    [`${prefix}${last.repeat(20)}b`, 'max', `${prefix}${last.repeat(20)}\u007f`],
    [`${'x'.repeat(31)}😀z`, 'min', 'x'.repeat(31)],
    [`${'x'.repeat(31)}😀z`, 'max', `${'x'.repeat(31)}${last}`],
  ]
  for (const [text, side, bound] of cases) {
    it(`${side} of ${JSON.stringify(text)}`, () => assert.equal(boundOfText(text, side), bound))
  }

  it('never lie: in code point order the text is between its bounds', () => {
    const unit = fc.constantFrom('a', '\u007f', '～', '😀', last, 'é', '\ud7ff')
    const compare = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 80 }), (text) => {
        const min = boundOfText(text, 'min')
        const max = boundOfText(text, 'max')
        assert.ok(compare(min, text) <= 0 && min.isWellFormed())
        assert.ok(compare(max, text) >= 0 && max.isWellFormed())
      }),
    )
  })
})
