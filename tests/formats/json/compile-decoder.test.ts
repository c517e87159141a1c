import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { valueAt } from '../../../core/model/column.ts'
import {
  binary,
  boolean,
  type Contract,
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
import type { FieldValue } from '../../../core/model/field-type.ts'
import { compileDecoder, type JsonDecoder, type Violation } from '../../../formats/json/compile-decoder.ts'
import { damagedRecord, dropping, recordText, refusing, simple, simpleRefusing } from './records.ts'
import { type Answer, decodeReference } from './reference-decoder.ts'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Decodes one record that stands among others in a larger buffer. */
function decode(decoder: JsonDecoder, record: Uint8Array): Answer {
  const buffer = Uint8Array.from([0x22, 0x7b, ...record, 0x7d, 0x22, 0x39])
  const rows = decoder.rows
  const violation = decoder.append(buffer, 2, 2 + record.length)
  assert.equal(decoder.rows, violation === undefined ? rows + 1 : rows)
  if (violation !== undefined) return { kind: 'violation', code: violation.code }
  const { columns } = decoder.finish()
  return { kind: 'values', values: columns.map((column) => valueAt(column, column.length - 1)) }
}

/** The same by `appendAll`, between two good records. */
function decodeInRun(decoder: JsonDecoder, record: Uint8Array): Answer {
  const buffer = Uint8Array.from([...bytesOf('{"'), ...record, ...bytesOf('}"9,"id":1')])
  const codes: Violation['code'][] = []
  const observer = {
    taken: (from: number, to: number) => assert.deepEqual([from, to], [0, 1]),
    refused: (index: number, violation: Violation) => {
      assert.equal(index, 0)
      codes.push(violation.code)
    },
  }
  const values = { buffer, starts: Int32Array.of(2), lengths: Int32Array.of(record.length) }
  decoder.appendAll(values, { from: 0, to: 1 }, observer)
  const { columns, rows } = decoder.finish()
  assert.equal(rows + codes.length, 1)
  if (codes[0] !== undefined) return { kind: 'violation', code: codes[0] }
  return { kind: 'values', values: columns.map((column) => valueAt(column, 0)) }
}

function one(type: Field<unknown>, source: string): FieldValue | string {
  const decoder = compileDecoder(contract('one', { f: type }))
  const record = bytesOf(`{"f":${source}}`)
  const answer = decode(decoder, record)
  assert.deepEqual(decodeInRun(decoder, record), answer)
  return answer.kind === 'violation' ? answer.code : answer.values[0]
}

function codeOf(target: Contract<unknown>, text: string | Uint8Array): string | undefined {
  const bytes = typeof text === 'string' ? bytesOf(text) : text
  const decoder = compileDecoder(target)
  const answer = decodeInRun(decoder, bytes)
  const code = decoder.append(bytes, 0, bytes.length)?.code
  assert.equal(answer.kind === 'violation' ? answer.code : undefined, code)
  return code
}

const agrees = (target: Contract<unknown>) => {
  const decoder = compileDecoder(target)
  return (record: Uint8Array): void => {
    const expected = decodeReference(target, record)
    assert.deepEqual(decode(decoder, record), expected)
    assert.deepEqual(decodeInRun(decoder, record), expected)
  }
}

describe(`the JSON decoder and the reference agree (SEED=${seed})`, () => {
  for (const [target, refusingTarget] of [
    [dropping, refusing],
    [simple, simpleRefusing],
  ] as const) {
    it(`on code and values of records with any member in any order, contract ${target.name}`, () => {
      const check = agrees(target)
      fc.assert(
        fc.property(recordText, (text) => check(bytesOf(text))),
        { seed, numRuns: 1500 },
      )
    })

    it(`where unknown fields are refused, contract ${target.name}`, () => {
      const check = agrees(refusingTarget)
      fc.assert(
        fc.property(recordText, (text) => check(bytesOf(text))),
        { seed, numRuns: 500 },
      )
    })

    it(`on records with a damaged byte, contract ${target.name}`, () => {
      const check = agrees(target)
      fc.assert(fc.property(damagedRecord, check), { seed, numRuns: 1500 })
    })
  }

  it('on records cut at every byte', () => {
    const check = agrees(simple)
    const cutEverywhere = (text: string) => {
      const bytes = bytesOf(text)
      for (let end = 0; end < bytes.length; end++) check(bytes.subarray(0, end))
    }
    fc.assert(fc.property(recordText, cutEverywhere), { seed, numRuns: 15 })
  })

  it('on batches in which good and bad records alternate', () => {
    const batch = fc.array(fc.oneof(recordText.map(bytesOf), damagedRecord), { minLength: 1, maxLength: 150 })
    const decoder = compileDecoder(dropping)
    const check = (records: readonly Uint8Array[]) => {
      const expected: (readonly FieldValue[])[] = []
      for (const record of records) {
        const answer = decodeReference(dropping, record)
        if (answer.kind === 'values') expected.push(answer.values)
        decoder.append(record, 0, record.length)
      }
      const { columns, rows } = decoder.finish()
      assert.deepEqual(
        Array.from({ length: rows }, (_, row) => columns.map((column) => valueAt(column, row))),
        expected,
      )
    }
    fc.assert(fc.property(batch, check), { seed, numRuns: 15 })
  })

  it('on runs in which good and bad records alternate', () => {
    const batch = fc.array(fc.oneof(recordText.map(bytesOf), damagedRecord), { minLength: 1, maxLength: 150 })
    const decoder = compileDecoder(simple)
    const check = (records: readonly Uint8Array[]) => {
      const lengths = Int32Array.from(records, (record) => record.length)
      const starts = new Int32Array(records.length)
      for (let i = 1; i < records.length; i++) starts[i] = starts[i - 1]! + lengths[i - 1]!
      const outcomes: (readonly FieldValue[] | string)[] = []
      const accepted: number[] = []
      const observer = {
        taken: (from: number, to: number) => {
          for (let i = from; i < to; i++) accepted.push(i)
        },
        refused: (index: number, { code }: Violation) => {
          outcomes[index] = code
        },
      }
      const values = { buffer: Buffer.concat(records), starts, lengths }
      decoder.appendAll(values, { from: 0, to: records.length }, observer)
      const { columns } = decoder.finish()
      accepted.forEach((index, row) => {
        outcomes[index] = columns.map((column) => valueAt(column, row))
      })
      const expected = records.map((record) => {
        const answer = decodeReference(simple, record)
        return answer.kind === 'values' ? answer.values : answer.code
      })
      assert.deepEqual(outcomes, expected)
    }
    fc.assert(fc.property(batch, check), { seed, numRuns: 30 })
  })

  it('on enough accepted records to mean something', () => {
    const sample = fc.sample(recordText, { seed, numRuns: 300 })
    const accepted = sample.filter((text) => decodeReference(dropping, bytesOf(text)).kind === 'values')
    assert.ok(accepted.length > 60, `${accepted.length} of ${sample.length}`)
    assert.ok(accepted.length < 270, `${accepted.length} of ${sample.length}`)
  })
})

describe('the JSON decoder refuses', () => {
  const target = contract('order', { id: string(), cents: optional(integer()), paid: optional(boolean()) })
  const strict = contract('order', { id: string() }, { unknownFields: 'refuse' })
  const joined = (before: string, bytes: readonly number[], after: string) =>
    Uint8Array.from([...bytesOf(before), ...bytes, ...bytesOf(after)])
  const cases: readonly (readonly [string, Contract<unknown>, string | Uint8Array, string])[] = [
    ['an empty value', target, '', 'MR_RECORD_JSON'],
    ['a truncated object', target, '{"id":"a"', 'MR_RECORD_JSON'],
    ['garbage after the end', target, '{"id":"a"} x', 'MR_RECORD_JSON'],
    ['a second object after the end', target, '{"id":"a"}{}', 'MR_RECORD_JSON'],
    ['an array', target, '[{"id":"a"}]', 'MR_RECORD_JSON'],
    ['a bare null', target, 'null', 'MR_RECORD_JSON'],
    ['a byte order mark', target, '\ufeff{"id":"a"}', 'MR_RECORD_JSON'],
    ['a trailing comma', target, '{"id":"a",}', 'MR_RECORD_JSON'],
    ['a single quote', target, "{'id':'a'}", 'MR_RECORD_JSON'],
    ['a control character in a string', target, '{"id":"a\nb"}', 'MR_RECORD_JSON'],
    ['an unknown escape', target, '{"id":"\\x41"}', 'MR_RECORD_JSON'],
    ['a short unicode escape', target, '{"id":"\\u00e"}', 'MR_RECORD_JSON'],
    ['a leading zero', target, '{"id":"a","cents":01}', 'MR_RECORD_JSON'],
    ['a bare minus', target, '{"id":"a","cents":-}', 'MR_RECORD_JSON'],
    ['NaN', target, '{"id":"a","cents":NaN}', 'MR_RECORD_JSON'],
    ['a fault within an unknown field', target, '{"id":"a","x":{"y":[1,]}}', 'MR_RECORD_JSON'],
    ['a fault behind a violation of the contract', target, '{"id":5,"cents":tru}', 'MR_RECORD_JSON'],
    ['a form feed as space', target, '{\f"id":"a"}', 'MR_RECORD_JSON'],
    ['a byte that no UTF-8 has', target, joined('{"id":"', [0xff], '"}'), 'MR_RECORD_UTF8'],
    ['an overlong code point', target, joined('{"id":"', [0xc0, 0x80], '"}'), 'MR_RECORD_UTF8'],
    ['an encoded surrogate', target, joined('{"id":"', [0xed, 0xa0, 0x80], '"}'), 'MR_RECORD_UTF8'],
    ['a code point beyond U+10FFFF', target, joined('{"id":"', [0xf4, 0x90, 0x80, 0x80], '"}'), 'MR_RECORD_UTF8'],
    ['a cut code point at the end', target, joined('{"id":"', [0xe2, 0x82], ''), 'MR_RECORD_UTF8'],
    ['invalid UTF-8 in an unknown field', target, joined('{"id":"a","x":"', [0x80], '"}'), 'MR_RECORD_UTF8'],
    ['an escaped high surrogate alone', target, '{"id":"\\ud800"}', 'MR_RECORD_UTF8'],
    ['an escaped low surrogate alone', target, '{"id":"\\udc00\\ud800"}', 'MR_RECORD_UTF8'],
    ['an escaped lone surrogate in an unknown field', target, '{"id":"a","x":["\\ud800"]}', 'MR_RECORD_UTF8'],
    ['an escaped lone surrogate in a key', target, '{"id":"a","\\ud800":1}', 'MR_RECORD_UTF8'],
    ['a field named twice', target, '{"id":"a","id":"a"}', 'MR_RECORD_DUPLICATE_KEY'],
    ['a field named twice, once by escapes', target, '{"id":"a","\\u0069d":"b"}', 'MR_RECORD_DUPLICATE_KEY'],
    [
      'an optional field named twice, once null',
      target,
      '{"id":"a","cents":null,"cents":1}',
      'MR_RECORD_DUPLICATE_KEY',
    ],
    ['a missing required field', target, '{"cents":1}', 'MR_RECORD_MISSING_FIELD'],
    ['a null required field', target, '{"id":null}', 'MR_RECORD_MISSING_FIELD'],
    ['an empty object', target, '{}', 'MR_RECORD_MISSING_FIELD'],
    ['a number for a string', target, '{"id":5}', 'MR_RECORD_TYPE'],
    ['a string for a number', target, '{"id":"a","cents":"5"}', 'MR_RECORD_TYPE'],
    ['a fraction for a whole number', target, '{"id":"a","cents":1.5}', 'MR_RECORD_TYPE'],
    ['a number for a boolean', target, '{"id":"a","paid":1}', 'MR_RECORD_TYPE'],
    ['an object for a string', target, '{"id":{}}', 'MR_RECORD_TYPE'],
    ['an integer beyond 2^53', target, '{"id":"a","cents":9007199254740992}', 'MR_RECORD_RANGE'],
    ['an unknown field, where the contract says so', strict, '{"id":"a","x":1}', 'MR_RECORD_UNKNOWN_FIELD'],
    ['__proto__ as any unknown field', strict, '{"id":"a","__proto__":1}', 'MR_RECORD_UNKNOWN_FIELD'],
    ['constructor as any unknown field', strict, '{"id":"a","constructor":1}', 'MR_RECORD_UNKNOWN_FIELD'],
    ['65 levels', target, `{"id":"a","x":${'['.repeat(64)}${']'.repeat(64)}}`, 'MR_RECORD_NESTING'],
    ['a hundred thousand levels', target, `{"id":"a","x":${'[{"a":'.repeat(50_000)}`, 'MR_RECORD_NESTING'],
  ]
  for (const [what, against, text, code] of cases) {
    it(what, () => assert.equal(codeOf(against, text), code))
  }

  it('nothing of 64 levels, __proto__ and other unknown fields', () => {
    assert.equal(codeOf(target, `{"id":"a","__proto__":${'['.repeat(63)}${']'.repeat(63)},"constructor":1}`), undefined)
  })
})

describe('the JSON decoder reads', () => {
  const cases: readonly (readonly [Field<unknown>, string, FieldValue | string])[] = [
    [int32(), '2147483647', 2147483647],
    [int32(), '2147483648', 'MR_RECORD_RANGE'],
    [int32(), '-2147483648', -2147483648],
    [int32(), '-2147483649', 'MR_RECORD_RANGE'],
    [int32(), '1.0', 1],
    [int32(), '1e3', 1000],
    [int32(), '125e-1', 'MR_RECORD_TYPE'],
    [int32(), '0e999999999999', 0],
    [int32(), '1e999999999999', 'MR_RECORD_RANGE'],
    [int32(), '1e-999999999999', 'MR_RECORD_TYPE'],
    [int64(), '9007199254740993', 9007199254740993n],
    [int64(), '9007199254740993.0', 9007199254740993n],
    [int64(), '9223372036854775807', 2n ** 63n - 1n],
    [int64(), '9223372036854775808', 'MR_RECORD_RANGE'],
    [int64(), '-9223372036854775808', -(2n ** 63n)],
    [int64(), '-9223372036854775809', 'MR_RECORD_RANGE'],
    [int64(), '-1152921504606846976', -(2n ** 60n)],
    [int64(), '1152921504606846975', 2n ** 60n - 1n],
    [integer(), '9007199254740991', 9007199254740991],
    [integer(), '-9007199254740991', -9007199254740991],
    [integer(), '-9007199254740992', 'MR_RECORD_RANGE'],
    [float64(), '1e308', 1e308],
    [float64(), '1e309', 'MR_RECORD_RANGE'],
    [float64(), '-0', -0],
    [float64(), '0.1', 0.1],
    [float64(), '9007199254740993', 9007199254740992],
    [float64(), '1e-400', 0],
    [decimal(5, 2), '123.45', '123.45'],
    [decimal(5, 2), '"123.450"', '123.45'],
    [decimal(5, 2), '123.456', 'MR_RECORD_RANGE'],
    [decimal(5, 2), '1000', 'MR_RECORD_RANGE'],
    [decimal(5, 2), '"1,5"', 'MR_RECORD_TYPE'],
    [decimal(38, 0), `${'9'.repeat(38)}`, '9'.repeat(38)],
    [decimal(38, 30), '1', `1.${'0'.repeat(30)}`],
    [decimal(38, 16), '-7', `-7.${'0'.repeat(16)}`],
    [decimal(38, 38), '"-1e-38"', `-0.${'0'.repeat(37)}1`],
    [timestamp(), '1700000000000.1235', 1700000000000.124],
    [timestamp(), '-0.0005', -0.001],
    [timestamp(), '9007199254740.991', Number.MAX_SAFE_INTEGER / 1000],
    [timestamp(), '9007199254740.992', 'MR_RECORD_RANGE'],
    [timestamp(), '"1970-01-01T01:00:00.0019999+01:00"', 1.999],
    [timestamp(), '"1969-12-31T23:59:59.999999Z"', -0.001],
    [timestamp(), '"2024-02-29T00:00:00-23:59"', Date.parse('2024-02-29T23:59:00Z')],
    [timestamp(), '"2023-02-29T00:00:00Z"', 'MR_RECORD_RANGE'],
    [timestamp(), '"2024-06-30T23:59:60Z"', 'MR_RECORD_RANGE'],
    [timestamp(), '"9999-01-01T00:00:00Z"', 'MR_RECORD_RANGE'],
    [timestamp(), '"2024-01-01T00:00:00"', 'MR_RECORD_TYPE'],
    [timestamp(), '"2024-01-01"', 'MR_RECORD_TYPE'],
    [date(), '"2024-02-29"', '2024-02-29'],
    [date(), '"2000-02-29"', '2000-02-29'],
    [date(), '"2100-02-29"', 'MR_RECORD_RANGE'],
    [date(), '"24-02-29"', 'MR_RECORD_TYPE'],
    [binary(), '"AP+A"', Uint8Array.of(0, 255, 128)],
    [binary(), '"AP8="', Uint8Array.of(0, 255)],
    [binary(), '"AP9="', 'MR_RECORD_TYPE'],
    [binary(), '"AP8"', 'MR_RECORD_TYPE'],
    [binary(), '"AP+="', 'MR_RECORD_TYPE'],
    [boolean(), 'true', true],
    [string(), '"\\u00e9\\ud83d\\ude00\\/"', 'é😀/'],
    [string(), '"\\ud800\\udc00\\udbff\\udfff"', '\u{10000}\u{10ffff}'],
    [optional(string()), 'null', undefined],
  ]
  for (const [type, source, expected] of cases) {
    it(`${source} as ${type.type.kind}: ${String(expected)}`, () => assert.deepEqual(one(type, source), expected))
  }

  it('a number of a million digits in no time', () => {
    assert.equal(one(int64(), '9'.repeat(1_000_000)), 'MR_RECORD_RANGE')
    assert.equal(one(timestamp(), `0.${'4'.repeat(1_000_000)}`), 0.444)
    assert.equal(one(decimal(5, 2), `1.${'0'.repeat(1_000_000)}`), '1.00')
  })
})

describe('the JSON decoder', () => {
  it('gives event times in milliseconds where the contract names them', () => {
    const decoder = compileDecoder(contract('timed', { at: timestamp() }, { eventTime: 'at' }))
    const bytes = bytesOf('{"at":1700000000000.5}')
    decoder.append(bytes, 0, bytes.length)
    assert.deepEqual(decoder.finish().eventTimes, Float64Array.of(1700000000000.5))
    assert.equal(decoder.finish().rows, 0)
  })

  it('gives no event times where the contract names none', () => {
    assert.equal(compileDecoder(contract('plain', { id: string() })).finish().eventTimes, undefined)
  })

  it('names the field and what was expected, and shows at most 40 characters of the payload', () => {
    const decoder = compileDecoder(contract('order', { cents: integer() }))
    const bytes = bytesOf(`{"cents":"${'secret'.repeat(50)}"}`)
    const message = decoder.append(bytes, 0, bytes.length)?.message ?? ''
    assert.match(message, /"cents": expected a whole number/)
    assert.ok(message.length < 40 + 90, message)
  })

  it('keeps strings of every length apart', () => {
    const lengths = [...Array(140).keys(), 255, 256, 257, 5000]
    const texts = lengths.map((length) => 'abcdefghij'.repeat(500).slice(0, length))
    const decoder = compileDecoder(contract('texts', { id: string() }))
    const buffer = bytesOf(texts.map((text) => JSON.stringify({ id: text })).join(''))
    let at = 0
    for (const text of texts) {
      const end = at + text.length + 9
      assert.equal(decoder.append(buffer, at, end), undefined)
      at = end
    }
    const [column] = decoder.finish().columns
    assert.deepEqual(
      texts.map((_, row) => valueAt(column!, row)),
      texts,
    )
  })

  it('follows producers that change their order, leave fields out or add some', () => {
    const target = contract('order', { a: optional(integer()), b: optional(integer()), c: optional(integer()) })
    const lines = [
      '{"a":1,"b":2,"c":3}',
      '{"c":3,"a":1}',
      '{"x":0,"b":2,"x":0}',
      '{"b":2,"c":3,"a":1}',
      '{ }',
      '{"c" : 3}',
    ]
    const decoder = compileDecoder(target)
    for (const line of [...lines, ...lines.toReversed()]) {
      assert.deepEqual(decode(decoder, bytesOf(line)), decodeReference(target, bytesOf(line)))
      assert.deepEqual(decodeInRun(decoder, bytesOf(line)), decodeReference(target, bytesOf(line)))
    }
  })

  it('does not take a key that only looks like a field name with a quote in it', () => {
    const target = contract('odd', { 'a"b': optional(integer()) })
    assert.equal(codeOf(target, '{"a"b":1}'), 'MR_RECORD_JSON')
    assert.equal(codeOf(target, '{"a\\"b":1}'), undefined)
  })

  it('does not read beyond the end of the record', () => {
    const decoder = compileDecoder(contract('order', { cents: integer() }))
    const bytes = bytesOf('{"cents":12}34}')
    assert.equal(decoder.append(bytes, 0, 12), undefined)
    assert.equal(decoder.append(bytes, 0, 11)?.code, 'MR_RECORD_JSON')
    assert.equal(decoder.append(bytes, 0, 5)?.code, 'MR_RECORD_JSON')
  })
})
