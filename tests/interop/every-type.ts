import type { FieldType, FieldValue, Schema } from '../../core/model/field-type.ts'
import { schemaOf } from '../connectors/delta/delta-fixture.ts'

export type Row = Readonly<Record<string, FieldValue>>

const DECIMAL: FieldType = { kind: 'decimal', precision: 38, scale: 10 }
const SMALL_DECIMAL: FieldType = { kind: 'decimal', precision: 9, scale: 2 }

/** Every type of a contract, required where `id` is and optional elsewhere. */
export const EVERY_TYPE: Schema = schemaOf({
  id: 'int32',
  'text?': 'string',
  'flag?': 'boolean',
  'small?': 'int32',
  'large?': 'int64',
  'whole?': 'integer',
  'real?': 'float64',
  'exact?': DECIMAL,
  'price?': SMALL_DECIMAL,
  'moment?': 'timestamp',
  'day?': 'date',
  'bytes?': 'binary',
})

export const STRANGE_TEXTS = [
  'a/b',
  'a b',
  '%20',
  'é',
  '😈',
  'x=y',
  ':',
  '',
  'é'.repeat(40),
  'z'.repeat(300),
  '"\\\n\t',
]

/** Edge values of each type. */
const EDGES: Readonly<Record<string, readonly FieldValue[]>> = {
  text: [...STRANGE_TEXTS, undefined, '😈'.repeat(60), '\u{10ffff}'.repeat(40)],
  flag: [true, false, undefined],
  small: [0, -1, 2_147_483_647, -2_147_483_648, undefined],
  large: [0n, -1n, 9_223_372_036_854_775_807n, -9_223_372_036_854_775_808n, 9_007_199_254_740_993n, undefined],
  whole: [0, -1, 9_007_199_254_740_991, -9_007_199_254_740_991, undefined],
  real: [0, -0, 0.1, -1.5e300, 5e-324, 1.7976931348623157e308, 123456789.125, undefined],
  exact: ['0.0000000000', '-1.0000000001', `${'9'.repeat(28)}.9999999999`, `-${'9'.repeat(28)}.9999999999`, undefined],
  price: ['0.00', '-0.01', '9999999.99', '-9999999.99', '12.30', undefined],
  moment: [0, 0.001, -0.001, 1_709_251_199_999.999, Date.UTC(1900, 0, 1), Date.UTC(2255, 0, 1), undefined],
  day: ['1970-01-01', '1969-12-31', '2024-02-29', '0001-01-01', '9999-12-31', undefined],
  bytes: [new Uint8Array(0), Uint8Array.of(0, 255, 128), new TextEncoder().encode('é'), undefined],
}

/** No number of edge values has a factor in common with it: each of them comes by. */
const STEP = 11

/** Rows [from, to) of a fixed sequence in which every edge value meets many others. */
export function rowsOf(from: number, to: number): readonly Row[] {
  return Array.from({ length: to - from }, (_, index) => {
    const id = from + index
    const cells = Object.entries(EDGES).map(([name, values]) => [
      name,
      values[(id * STEP + name.length) % values.length],
    ])
    return { id, ...Object.fromEntries(cells) }
  })
}

/** A cell as cells.py shows it. */
export function cellText(type: FieldType, value: FieldValue): string | null {
  if (value === undefined) return null
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (type.kind === 'timestamp') return String(Math.round(Number(value) * 1000))
  return String(value)
}
