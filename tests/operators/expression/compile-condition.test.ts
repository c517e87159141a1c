import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isValid, valueAt } from '../../../core/model/column.ts'
import {
  type Comparison,
  type ConditionNode,
  type ExpressionNode,
  expressionText,
} from '../../../core/model/expression.ts'
import { compileCondition } from '../../../operators/expression/compile-condition.ts'
import { compileValue } from '../../../operators/expression/compile-value.ts'
import { expressionType } from '../../../operators/expression/expression-type.ts'
import { batchOf, type Fields, splitOf } from '../batches.ts'
import { order, orderFields } from '../order-schema.ts'
import { evaluate as evaluateOne, holds } from './reference-expression.ts'

const { schema } = order
const named = (name: string): ExpressionNode => ({ kind: 'field', name })
const constant = (value: string | number | bigint | boolean): ExpressionNode => ({ kind: 'literal', value })

const calculation: fc.Arbitrary<ExpressionNode> = fc.letrec<{ number: ExpressionNode }>((tie) => ({
  number: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(named('cents'), named('discount'), named('count'), named('weight')),
    fc.constantFrom(constant(0), constant(-1), constant(0.5), constant(1000)),
    fc.record({
      kind: fc.constant('calculate' as const),
      calculation: fc.constantFrom('plus' as const, 'minus' as const, 'times' as const),
      left: tie('number'),
      right: tie('number'),
    }),
  ),
})).number

/** Pairs of operands that can be compared. */
const operands: fc.Arbitrary<readonly [ExpressionNode, ExpressionNode]> = fc.oneof(
  fc.tuple(calculation, calculation).filter(([a, b]) => a.kind !== 'literal' || b.kind !== 'literal'),
  fc.tuple(
    fc.constantFrom(named('id'), named('region')),
    fc.constantFrom(named('region'), named('id'), ...['', 'eu', 'us', '\u{1f600}', '\uff5e'].map(constant)),
  ),
  fc.tuple(fc.constantFrom(named('user'), constant(2n)), fc.constant(named('user'))),
  fc.tuple(fc.constant(named('user')), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n).map(constant)),
  fc.tuple(
    fc.constantFrom(named('at'), named('seen')),
    fc.constantFrom(named('at'), named('cents'), constant(0), constant(-0.001)),
  ),
  fc.tuple(fc.constant(named('paid')), fc.constantFrom(constant(true), constant(false), named('paid'))),
  fc.tuple(
    fc.constantFrom(named('day'), { kind: 'utc-date' as const, of: named('at') }),
    fc.constantFrom(constant('1970-01-01'), named('day')),
  ),
  fc.tuple(
    fc.constant(named('price')),
    fc.constantFrom(constant('0.00'), constant('2.00'), constant('-1.50'), named('price')),
  ),
)

const comparisons: readonly Comparison[] = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte']

const condition: fc.Arbitrary<ConditionNode> = fc.letrec<{ condition: ConditionNode }>((tie) => ({
  condition: fc.oneof(
    { depthSize: 'small' },
    fc
      .tuple(fc.constantFrom(...comparisons), operands)
      .map(([comparison, [left, right]]): ConditionNode => ({ kind: 'compare', comparison, left, right })),
    fc
      .array(fc.constantFrom('eu', '', 'zürich'), { maxLength: 3 })
      .map((list): ConditionNode => ({ kind: 'in', of: named('region'), list })),
    fc
      .array(fc.integer({ min: -3, max: 3 }), { maxLength: 3 })
      .map((list): ConditionNode => ({ kind: 'in', of: named('discount'), list })),
    fc
      .constantFrom('', 'e', 'eu-', 'zü')
      .map((prefix): ConditionNode => ({ kind: 'starts-with', of: named('region'), prefix })),
    fc
      .oneof(calculation, fc.constantFrom(named('region'), named('user'), named('at')))
      .map((of): ConditionNode => ({ kind: 'is-null', of })),
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      left: tie('condition'),
      right: tie('condition'),
    }),
    fc.record({ kind: fc.constant('not' as const), of: tie('condition') }),
  ),
})).condition

const rows = fc.array(fc.tuple(orderFields, fc.nat(4)), { minLength: 1, maxLength: 20 })

function batchFrom(drawn: readonly (readonly [Fields, number])[]) {
  return batchOf(
    schema,
    drawn.map(([fields, dead], offset) => ({ fields, time: offset, offset, isDead: dead === 0 })),
  )
}

describe('compiled expressions', () => {
  it('judge every living record as the expression does on objects', () => {
    fc.assert(
      fc.property(condition, rows, (node, drawn) => {
        assert.equal(expressionType(node, schema).type.kind, 'boolean')
        const batch = batchFrom(drawn)
        const mask = new Uint8Array(batch.rows)
        const evaluate = compileCondition(node, schema)
        evaluate(batch, mask)
        for (const row of batch.selectedRows()) {
          assert.equal(mask[row] === 1, holds(node, drawn[row]![0]), `${expressionText(node)} on row ${row}`)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('calculate every column as the expression does on objects, also from one batch to the next', () => {
    const instants = fc.constantFrom(named('at'), named('seen')).map((of): ExpressionNode => ({ kind: 'utc-date', of }))
    const fieldNames = fc.constantFrom(...schema.fields.map(({ name }) => named(name)))
    const values = fc.oneof(instants, fieldNames, condition, calculation, fc.constantFrom(constant('x'), constant(5n)))
    fc.assert(
      fc.property(values, rows, rows, (node, first, second) => {
        const { type, optional } = expressionType(node, schema)
        const compute = compileValue(node, schema, { id: 'test', splitOf })
        for (const drawn of [first, second]) {
          const batch = batchFrom(drawn)
          const expected = drawn.map(([fields]) => evaluateOne(node, fields))
          const living = batch.selectedRows()
          const fits = (row: number) =>
            type.kind !== 'integer' || expected[row] === undefined || Number.isSafeInteger(expected[row])
          fc.pre(living.every(fits))
          const column = compute(batch)
          assert.deepEqual([column.type, column.length], [type, batch.rows])
          for (const row of living) {
            assert.ok(optional || isValid(column, row))
            assert.deepEqual(plain(valueAt(column, row)), plain(expected[row]), `${expressionText(node)} on row ${row}`)
          }
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it('give utcDate the day that the calendar says, on both sides of midnight and far away', () => {
    const batch = batchFrom(
      [-86_400_000.001, -86_400_000, -0.001, 0, 86_399_999.999, 5_662_310_400_000 - 0.001].map((at) => [
        { ...sample, at },
        1,
      ]),
    )
    const column = compileValue({ kind: 'utc-date', of: named('at') }, schema, { id: 'test', splitOf })(batch)
    const days = Array.from({ length: batch.rows }, (_, row) => valueAt(column, row))
    assert.deepEqual(days, ['1969-12-30', '1969-12-31', '1969-12-31', '1970-01-01', '1970-01-01', '2149-06-06'])
  })

  it('stop where a whole number leaves ±2^53, naming operator, split and offset', () => {
    const node: ExpressionNode = { kind: 'calculate', calculation: 'times', left: named('cents'), right: constant(2) }
    const batch = batchFrom([
      [sample, 1],
      [{ ...sample, cents: Number.MAX_SAFE_INTEGER }, 1],
    ])
    assert.throws(() => compileValue(node, schema, { id: 'doubling', splitOf })(batch), {
      code: 'MR_OPERATOR_FAILED',
      details: { operator: 'doubling', split: 'in-3', offset: 1 },
    })
  })
})

const sample: Fields = { id: 'a', cents: 1, count: 1, at: 0, paid: true }

/** -0 has no sign in a column of whole numbers. */
function plain(value: unknown): unknown {
  return value === 0 ? 0 : value
}
