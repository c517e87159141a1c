import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Contract, float64, int32, optional, string } from '../../core/model/contract.ts'
import { MillraceError } from '../../core/model/errors.ts'
import type { OperatorFunction } from '../../core/ports/operator.ts'
import { derive, field, filter, keyBy, literal, map, select, utcDate } from '../../operators/index.ts'
import { batchOf, batchOfFields, type Fields, instanceOf, Recorder, runOnce, specOf } from './batches.ts'
import { order } from './order-schema.ts'

type RecordIn<C> = C extends Contract<infer T> ? T : never
type Order = RecordIn<typeof order>

const { schema } = order
const sample: Fields = { id: 'a', cents: 100, count: 2, at: 1_700_000_000_000, paid: true }
const orders = batchOfFields(schema, [
  sample,
  { ...sample, id: 'b', cents: -5, region: 'eu' },
  { ...sample, id: 'c', cents: 7 },
])
const idsOf = (recorder: Recorder) => recorder.records.map(({ id }) => id)
const run = <R>(operator: OperatorFunction<Order, R>, batch = orders) => runOnce(schema, operator, batch)

describe('filter', () => {
  for (const [form, operator] of [
    ['an expression', filter<Order>(field('cents').gt(0))],
    ['a function', filter<Order>((o) => o.cents > 0)],
  ] as const) {
    it(`with ${form} passes what is true, counts the rest and copies no column`, () => {
      const recorder = run(operator)
      assert.deepEqual([idsOf(recorder), recorder.dropped], [['a', 'c'], { filtered: 1 }])
      assert.equal(recorder.lent[0]?.columns, orders.columns)
    })

    it(`with ${form} passes the very batch where all is true, and none where nothing is`, () => {
      const good = batchOfFields(schema, [sample, sample])
      assert.deepEqual(run(operator, good).lent, [good])
      assert.equal(run(operator, good).lent[0], good)
      const bad = run(operator, batchOfFields(schema, [{ ...sample, cents: 0 }]))
      assert.deepEqual([bad.batches, bad.dropped], [[], { filtered: 1 }])
    })
  }

  it('takes a comparison with null for false, ne too, and its negation for true', () => {
    assert.deepEqual(idsOf(run(filter<Order>(field('region').ne('us')))), ['b'])
    assert.deepEqual(idsOf(run(filter<Order>(field('region').ne('us').not()))), ['a', 'c'])
    assert.deepEqual(idsOf(run(filter<Order>(field('region').isNull()))), ['a', 'c'])
    assert.deepEqual(idsOf(run(filter<Order>(field('region').isNotNull()))), ['b'])
  })

  it('stops at a function that throws, naming operator, split and offset, with the cause', () => {
    const cause = new TypeError('no region')
    const failing = filter<Order>(
      (o) => {
        if (o.id === 'b') throw cause
        return true
      },
      { id: 'eu-only' },
    )
    assert.throws(
      () => run(failing),
      (error) => {
        assert.ok(error instanceof MillraceError)
        assert.equal(error.code, 'MR_OPERATOR_FAILED')
        assert.match(error.message, /"eu-only" failed at in-3, offset 1: no region/)
        assert.deepEqual(error.details, { operator: 'eu-only', split: 'in-3', offset: 1 })
        assert.equal(error.cause, cause)
        return true
      },
    )
  })

  it('refuses a function that answers neither true nor false, such as an async one', () => {
    const async = filter<Order>((async () => true) as never)
    assert.throws(() => run(async), { code: 'MR_OPERATOR_FAILED', message: /offset 0.*returned object/ })
  })

  it('refuses fields that are not there, wrong types, fields as conditions and unknown options', () => {
    const bind = (operator: OperatorFunction<never, unknown>) => specOf(schema, operator)
    assert.throws(() => bind(filter(field('cent').gt(0) as never)), { code: 'MR_FIELD_UNKNOWN', message: /"cents"/ })
    assert.throws(() => bind(filter(field('cents').gt('0') as never)), {
      code: 'MR_OPTION_INVALID',
      message: /cents > "0"/,
    })
    assert.throws(() => bind(filter(field('day').eq('2024-02-30') as never)), { code: 'MR_OPTION_INVALID' })
    assert.throws(() => bind(filter(field('price').eq('1.005') as never)), { code: 'MR_OPTION_INVALID' })
    assert.throws(() => bind(filter(field('user').eq(2n ** 63n) as never)), { code: 'MR_OPTION_INVALID' })
    assert.throws(() => bind(filter(field('at').plus(1).gt(0) as never)), { code: 'MR_OPTION_INVALID' })
    assert.throws(() => bind(filter(field('id').eq(field('cents')) as never)), { code: 'MR_OPTION_INVALID' })
    assert.throws(() => bind(filter(field('paid') as never)), {
      code: 'MR_OPTION_INVALID',
      message: /and not a condition/,
    })
    assert.throws(() => filter(true as never), { code: 'MR_OPTION_INVALID' })
    assert.throws(() => field('cents').gt(Number.NaN), { code: 'MR_OPTION_INVALID' })
    assert.throws(() => filter<Order>(() => true, { it: 'x' } as never), { code: 'MR_OPTION_UNKNOWN', message: /"id"/ })
  })
})

describe('derive', () => {
  it('appends columns from expressions and functions; those over optional fields are optional', () => {
    const operator = derive<Order, Record<string, unknown>>({
      at_day: utcDate('at'),
      seen_day: utcDate('seen'),
      half: [float64(), (o: Order) => o.cents / 2],
      place: [optional(string()), (o: Order) => o.region],
      net: field('cents').minus(field('discount')),
      origin: literal('web'),
    })
    const { output } = specOf(schema, operator).bind(schema)
    assert.deepEqual(
      output.fields
        .slice(schema.fields.length)
        .map(({ name, type, optional: isOptional }) => [name, type.kind, isOptional]),
      [
        ['at_day', 'date', false],
        ['seen_day', 'date', true],
        ['half', 'float64', false],
        ['place', 'string', true],
        ['net', 'integer', true],
        ['origin', 'string', false],
      ],
    )
    const added = { at_day: '2023-11-14', seen_day: undefined, half: -2.5, place: 'eu', net: undefined, origin: 'web' }
    assert.deepEqual(run(operator).records[1], { ...orders.at(1), ...added })
  })

  it('calls functions on living records only', () => {
    const batch = batchOf(
      schema,
      [true, false].map((isDead, offset) => ({ fields: { ...sample, id: String(isDead) }, time: 0, offset, isDead })),
    )
    const seen: string[] = []
    const operator = derive<Order, { readonly n: number }>({ n: [int32(), (o) => seen.push(o.id)] })
    assert.deepEqual([run(operator, batch).records.map(({ n }) => n), seen], [[1], ['false']])
  })

  it('stops where a value does not fit its field', () => {
    const text = derive<Order, { readonly n: number }>({ n: [int32(), () => 0.5] })
    assert.throws(() => run(text), {
      code: 'MR_OPERATOR_FAILED',
      message: /offset 0: field "n": number 0.5 does not fit/,
    })
    const absent = derive<Order, { readonly n: string }>({ n: [string(), (o) => o.region as string] })
    assert.throws(() => run(absent), { code: 'MR_OPERATOR_FAILED', message: /"n", which is not optional/ })
  })

  it('refuses a name that is taken, also in other case, and things that are no derivation', () => {
    const columns = (derivations: unknown) => specOf(schema, derive(derivations as never))
    assert.throws(() => columns({ Region: literal('x') }), { code: 'MR_OPTION_INVALID', message: /"region" already/ })
    assert.throws(() => columns({ a: 'x' }), { code: 'MR_OPTION_INVALID', message: /column "a"/ })
    assert.throws(() => columns({ a: [string()] }), { code: 'MR_OPTION_INVALID' })
    assert.throws(() => columns({}), { code: 'MR_OPTION_INVALID' })
    assert.throws(() => columns({ a: field('regoin') }), { code: 'MR_FIELD_UNKNOWN', message: /"region"/ })
  })
})

describe('select', () => {
  it('gives exactly the columns named, and a renamed field is the same column', () => {
    const operator = select<Order, Record<string, unknown>>({ name: field('id'), tenfold: field('cents').times(10) })
    const recorder = run(operator)
    assert.deepEqual(recorder.records[1], { name: 'b', tenfold: -50 })
    assert.equal(recorder.lent[0]?.column('name'), orders.column('id'))
  })
})

describe('map', () => {
  const named = { id: string(), amount: optional(float64()) }

  it('gives the records that its function returns, with event time and origin of their input', () => {
    const recorder = run(map(named, (o: Order) => ({ id: `${o.id}!`, amount: o.cents / 100 })))
    assert.deepEqual(recorder.placed, [
      [{ id: 'a!', amount: 1 }, 1_000, 3, 0],
      [{ id: 'b!', amount: -0.05 }, 1_001, 3, 1],
      [{ id: 'c!', amount: 0.07 }, 1_002, 3, 2],
    ])
  })

  it('calls its function once per record', () => {
    const seen: string[] = []
    run(map(named, (o: Order) => ({ id: o.id, amount: seen.push(o.id) })))
    assert.deepEqual(seen, ['a', 'b', 'c'])
  })

  it('stops where the result is no object, lacks a field or does not fit', () => {
    for (const result of [undefined, 'x', Promise.resolve({ id: 'a', amount: 1 }), {}, { id: 5, amount: 1 }]) {
      assert.throws(() => run(map(named, (() => result) as never)), { code: 'MR_OPERATOR_FAILED', message: /offset 0/ })
    }
    assert.throws(() => map({}, () => ({})), { code: 'MR_OPTION_INVALID' })
  })
})

describe('keyBy', () => {
  it('passes records on as they are and asks for an exchange by its key', () => {
    assert.deepEqual(run(keyBy<Order>('user')).batches, [orders])
    assert.deepEqual(specOf(schema, keyBy<Order>(['region', 'user'])).exchange, {
      kind: 'fields',
      names: ['region', 'user'],
    })
    const byFunction = specOf(
      schema,
      keyBy<Order>((o) => o.user),
    )
    assert.equal(byFunction.exchange?.kind, 'function')
    assert.deepEqual(byFunction.options, { key: { function: '(o) => o.user' } })
  })

  it('refuses fields that are not there and an empty key', () => {
    assert.throws(() => specOf(schema, keyBy<Order>('usr' as never)), { code: 'MR_FIELD_UNKNOWN', message: /"user"/ })
    assert.throws(() => keyBy<Order>([]), { code: 'MR_OPTION_INVALID' })
  })
})

describe('stateless operators', () => {
  it('refuse state that was stored for another operator', () => {
    const operator = instanceOf(specOf(schema, keyBy<Order>('id', { id: 'by-id' })), schema)
    const block = { keyGroup: 0, bytes: new Uint8Array(1), entries: 1 }
    assert.throws(() => operator.restore(block), { code: 'MR_PLAN_INCOMPATIBLE', message: /"by-id"/ })
  })

  it('emit nothing at a watermark', () => {
    const operator = instanceOf(specOf(schema, keyBy<Order>('id')), schema)
    const recorder = new Recorder()
    operator.onWatermark(5, recorder)
    assert.deepEqual([recorder.count, operator.snapshot()], [0, []])
  })
})
