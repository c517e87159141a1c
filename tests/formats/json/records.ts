import fc from 'fast-check'
import {
  binary,
  boolean,
  type Contract,
  contract,
  date,
  decimal,
  float64,
  int32,
  int64,
  integer,
  optional,
  string,
  timestamp,
} from '../../../core/model/contract.ts'

const fields = {
  id: string(),
  small: int32(),
  big: int64(),
  whole: optional(integer()),
  ratio: optional(float64()),
  price: optional(decimal(12, 3)),
  at: timestamp(),
  day: optional(date()),
  raw: optional(binary()),
  paid: optional(boolean()),
  Größe: optional(string()),
  constructor: optional(int32()),
  'quo"te\\': optional(decimal(38, 0)),
}

/** A contract with every type. */
export const dropping: Contract<unknown> = contract('dropping', fields, { eventTime: 'at' })
export const refusing: Contract<unknown> = contract('refusing', fields, { eventTime: 'at', unknownFields: 'refuse' })

const { raw: _raw, ...withoutBinary } = fields

/** The same without a binary field, as the kernel takes it; what records have there is one more unknown field. */
export const simple: Contract<unknown> = contract('simple', withoutBinary, { eventTime: 'at' })
export const simpleRefusing: Contract<unknown> = contract('simple-refusing', withoutBinary, {
  eventTime: 'at',
  unknownFields: 'refuse',
})

const digits = fc.oneof(
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  fc.constantFrom(31n, 32n, 53n, 63n, 64n).chain((bits) => fc.bigInt({ min: 2n ** bits - 2n, max: 2n ** bits + 2n })),
  fc.bigInt({ min: -99_999n, max: 99_999n }),
)
const exponent = fc
  .tuple(fc.constantFrom('e', 'E', 'e+', 'E-'), fc.constantFrom('0', '1', '3', '05', '22', '400', '99999999999'))
  .map((part) => part.join(''))
const fraction = fc.stringMatching(/^\.(?:0{1,4}|[0-9]{1,20}|[0-9]{3}[05]0*)$/)

/** Number tokens: small, at every limit, with fractions and exponents. */
const number = fc
  .tuple(
    fc.oneof(
      digits,
      digits.map((value) => -value),
    ),
    fc.option(fraction, { nil: '' }),
    fc.option(exponent, { nil: '', freq: 4 }),
  )
  .map((parts) => parts.join(''))

const escapes = fc.oneof(
  fc.constantFrom(
    '\\n',
    '\\"',
    '\\\\',
    '\\/',
    '\\b',
    '\\f',
    '\\r',
    '\\t',
    '\\u0000',
    '\\u00e9',
    '\\u20AC',
    '\\ud83d\\ude00',
    '\\ufeff',
    '\ufeff',
  ),
  fc.integer({ min: 0, max: 0xffff }).map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`),
)
const piece = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.string({ unit: 'binary', maxLength: 12 }).map((text) => JSON.stringify(text).slice(1, -1)),
  },
  { weight: 1, arbitrary: escapes },
)
const text = fc.array(piece, { maxLength: 4 }).map((pieces) => `"${pieces.join('')}"`)

const two = (max: number) => fc.integer({ min: 0, max }).map((value) => String(value).padStart(2, '0'))
const day = fc
  .tuple(fc.constantFrom('0000', '1900', '1969', '1970', '2000', '2024', '2255', '2256', '9999'), two(13), two(32))
  .map((parts) => parts.join('-'))
const offset = fc.oneof(
  fc.constantFrom('Z', 'z', '', '-00:00', '+24:00', '+0100'),
  fc.tuple(fc.constantFrom('+', '-'), two(24), two(60)).map(([sign, hour, minute]) => `${sign}${hour}:${minute}`),
)
const instant = fc
  .tuple(
    day,
    fc.constantFrom('T', 't', ' '),
    two(24),
    two(60),
    two(60),
    fc.stringMatching(/^(?:|\.[0-9]{0,10})$/),
    offset,
  )
  .map(
    ([date_, letter, hour, minute, second, part, zone]) =>
      `"${date_}${letter}${hour}:${minute}:${second}${part}${zone}"`,
  )
const base64 = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => `"${Buffer.from(bytes).toString('base64').replaceAll('/', '\\/')}"`),
  fc.stringMatching(/^[A-Za-z0-9+/]{0,7}={0,3}$/).map((value) => `"${value}"`),
)

/** JSON text of any value, nested. */
const anything = fc
  .letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      number,
      text,
      fc.constantFrom('true', 'false', 'null', '[]', '{ }'),
      tie('array'),
      tie('object'),
    ),
    array: fc.array(tie('value'), { maxLength: 3 }).map((values) => `[${values.join(' ,')}]`),
    object: fc
      .array(fc.tuple(text, tie('value')), { maxLength: 3 })
      .map((pairs) => `{${pairs.map(([key, value]) => `${key} :${value}`).join(',')}}`),
  }))
  .value.map(String)

const valid: Readonly<Record<keyof typeof fields, fc.Arbitrary<string>>> = {
  id: text,
  small: fc.oneof(fc.integer().map(String), fc.constantFrom('-0', '1e3', '2147483647', '-2147483648.0', '12.50e1')),
  big: fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
    fc.constantFrom('9007199254740993', '9007199254740993.0', '900719925474099300e-2'),
  ),
  whole: fc.maxSafeInteger().map(String),
  ratio: fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? '-0.0' : String(value))),
    number,
  ),
  price: fc
    .tuple(
      fc.integer({ min: -999_999_999, max: 999_999_999 }),
      fc.stringMatching(/^(?:|\.[0-9]{1,3}0*)$/),
      fc.boolean(),
    )
    .map(([whole, part, quoted]) => (quoted ? `"${whole}${part}"` : `${whole}${part}`)),
  at: fc.oneof(
    fc.integer({ min: -9e12, max: 9e12 }).map(String),
    fc.tuple(fc.integer({ min: 0, max: 2e12 }), fraction).map((parts) => parts.join('')),
    fc.date({ min: new Date(-8e12), max: new Date(8e12), noInvalidDate: true }).map((time) => JSON.stringify(time)),
  ),
  day: fc
    .date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true })
    .map((time) => JSON.stringify(time.toISOString().slice(0, 10))),
  raw: fc.uint8Array({ maxLength: 40 }).map((bytes) => `"${Buffer.from(bytes).toString('base64')}"`),
  paid: fc.constantFrom('true', 'false'),
  Größe: text,
  constructor: fc.integer().map(String),
  'quo"te\\': fc.oneof(
    fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }).map(String),
    fc.constant('"12e36"'),
  ),
}
const careless = fc.oneof(
  number,
  text,
  day.map((value) => `"${value}"`),
  instant,
  base64,
  fc.constantFrom('null', 'true', 'false'),
  anything,
  number.map((value) => `"${value}"`),
)

/** A key as its producer may write it: plain or with escapes. */
function keyText(name: string): fc.Arbitrary<string> {
  const escaped = Array.from(
    { length: name.length },
    (_, i) => `\\u${name.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('')
  return fc.oneof(
    { weight: 9, arbitrary: fc.constant(JSON.stringify(name)) },
    { weight: 1, arbitrary: fc.constant(`"${escaped}"`) },
  )
}

const space = fc.oneof(
  { weight: 9, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.stringMatching(/^[ \t\r\n]{1,6}$/) },
)
const unknown = fc.tuple(
  fc.oneof(text, fc.constantFrom('"__proto__"', '"toString"', '"i"', '"idx"', '"ID"', '""')),
  anything,
)
const nullable = Object.entries(fields).filter(([, field]) => field.optional)

function member(name: string, value: fc.Arbitrary<string>): fc.Arbitrary<readonly [string, string]> {
  const isNullable = nullable.some(([candidate]) => candidate === name)
  const filled = isNullable
    ? fc.oneof({ weight: 6, arbitrary: value }, { weight: 1, arbitrary: fc.constant('null') })
    : value
  return fc.tuple(keyText(name), filled)
}

/** Members of a valid record: optional fields may be absent; any order now and then; unknown fields among them. */
const members = fc
  .tuple(
    ...Object.entries(valid).map(([name, value]) =>
      fc.option(member(name, value), {
        nil: undefined,
        freq: name in fields && fields[name as keyof typeof fields].optional ? 3 : 1e6,
      }),
    ),
  )
  .map((list) => list.filter((entry) => entry !== undefined))
  .chain((list) => fc.oneof(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })))

const spoiled = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom(...Object.keys(fields)), careless)
      .chain(([name, value]) => fc.tuple(keyText(name), fc.constant(value))),
  },
  { weight: 2, arbitrary: unknown },
)

/** JSON text of a record that is likely valid, or has a few members too many. */
export const recordText: fc.Arbitrary<string> = fc
  .tuple(
    members,
    fc.oneof(
      { weight: 2, arbitrary: fc.constant([]) },
      { weight: 3, arbitrary: fc.array(fc.tuple(spoiled, fc.nat(20), fc.boolean()), { maxLength: 3 }) },
    ),
    fc.array(space, { minLength: 6, maxLength: 6 }),
  )
  .map(([list, extras, spaces]) => {
    const all = [...list]
    for (const [extra, at, replaces] of extras) {
      const twin = replaces ? all.findIndex(([key]) => key === extra[0]) : -1
      if (twin >= 0) all[twin] = extra
      else all.splice(at % (all.length + 1), 0, extra)
    }
    const [a, b, c, d, e, f] = spaces
    return `${a}{${b}${all.map(([key, value]) => `${key}${c}:${d}${value}`).join(`${e},${b}`)}${b}}${f}`
  })

/** Bytes of a record, damaged at one place: a byte changed, dropped, doubled, or the rest cut. */
export const damagedRecord: fc.Arbitrary<Uint8Array> = fc
  .tuple(recordText, fc.nat(), fc.oneof(fc.constantFrom(...'{}[]":,\\0-e.x\u0001'), fc.nat(255)), fc.nat(3))
  .map(([source, place, byte, way]) => {
    const bytes = new TextEncoder().encode(source)
    const at = place % bytes.length
    const put = typeof byte === 'string' ? byte.charCodeAt(0) : byte
    if (way === 0) return Uint8Array.from([...bytes.subarray(0, at), put, ...bytes.subarray(at + 1)])
    if (way === 1) return Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + 1)])
    if (way === 2) return Uint8Array.from([...bytes.subarray(0, at), put, ...bytes.subarray(at)])
    return bytes.slice(0, at)
  })
