import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
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
import { bytesOf, codeOf, one } from './decode-both-ways.ts'

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
    [string(), '"\\ufeffa"', '\ufeffa'],
    [string(), '"\ufeffa\ufeff"', '\ufeffa\ufeff'],
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
