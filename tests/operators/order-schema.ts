import fc from 'fast-check'
import {
  boolean,
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
} from '../../core/model/contract.ts'
import type { Fields } from './batches.ts'

/** A contract with a field of every type that can be compared, required and optional. */
export const order = contract('order', {
  id: string(),
  region: optional(string()),
  cents: integer(),
  discount: optional(integer()),
  count: int32(),
  weight: optional(float64()),
  user: optional(int64()),
  at: timestamp(),
  seen: optional(timestamp()),
  paid: boolean(),
  day: optional(date()),
  price: optional(decimal(20, 2)),
})

const maybe = <V>(value: fc.Arbitrary<V>) => fc.option(value, { nil: undefined, freq: 3 })
const text = fc.oneof(
  fc.constantFrom('', 'eu', 'eu-west', 'us', 'zürich', '\u{1f600}', '\uff5e'),
  fc.string({ maxLength: 4 }),
)
const whole = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.maxSafeInteger())
const long = fc.oneof(fc.bigInt(-3n, 3n), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n))
const instant = fc
  .oneof(
    fc.integer({ min: -90_000_000_000, max: 90_000_000_000 }),
    fc.constantFrom(0, -1, 86_400_000_000, 86_399_999_999, -86_400_000_001),
  )
  .map((micros) => micros / 1000)

/** Fields of an order; values repeat often. */
export const orderFields: fc.Arbitrary<Fields> = fc.record({
  id: text,
  region: maybe(text),
  cents: whole,
  discount: maybe(fc.integer({ min: -3, max: 3 })),
  count: fc.integer({ min: -2, max: 2 }),
  weight: maybe(fc.oneof(fc.constantFrom(0, -0, 0.5, 2), fc.double({ noNaN: true, noDefaultInfinity: true }))),
  user: maybe(long),
  at: instant,
  seen: maybe(instant),
  paid: fc.boolean(),
  day: maybe(fc.constantFrom('1969-12-31', '1970-01-01', '2024-02-29')),
  price: maybe(fc.constantFrom('0.00', '-1.50', '2.00', '123456789012345678.90')),
})
