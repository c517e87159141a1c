import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Batch } from '../../core/model/batch.ts'
import type { Operator, OperatorFunction, Output } from '../../core/ports/operator.ts'
import { operatorProperties } from './operator-suite.ts'
import { order, orderFields } from './order-schema.ts'

const stateless = {
  onWatermark: () => undefined,
  snapshot: () => [],
  restore: () => undefined,
  horizon: Number.NEGATIVE_INFINITY,
}

/** An operator function around `create`, made for every spec anew. */
function planted(create: () => Operator): OperatorFunction<unknown, unknown> {
  return (upstream) =>
    upstream.append({
      name: 'planted',
      id: undefined,
      options: {},
      exchange: undefined,
      stateful: true,
      bind: (output) => ({ output, create }),
    })
}

const lastOf = (batch: Batch) => batch.select(Int32Array.of(batch.rowAt(batch.count - 1)))

/** One operator per property that breaks it. */
const broken: Readonly<Record<keyof typeof operatorProperties, OperatorFunction<unknown, unknown>>> = {
  'gives the same results for every split into batches and after a restore at any barrier': planted(() => {
    let seen = 0
    const onBatch = (batch: Batch, output: Output) => {
      for (let i = 0; i < batch.count; i++) {
        if (seen++ < 3) output.emit(batch.select(Int32Array.of(batch.rowAt(i))))
        else output.drop('enough', 1)
      }
    }
    return { ...stateless, onBatch }
  }),
  'accounts for every record: out, dropped by reason, or rejected': planted(() => ({
    ...stateless,
    onBatch: (batch, output) => output.emit(lastOf(batch)),
  })),
  'emits batches of the schema that it declares, none of them empty': planted(() => ({
    ...stateless,
    onBatch: (batch, output) => {
      output.drop('all', batch.count)
      output.emit(batch.select(new Int32Array(0)))
    },
  })),
  'leaves its input as it was': planted(() => ({
    ...stateless,
    onBatch: (batch, output) => {
      batch.system.offsets[0]! += 1
      output.emit(batch)
    },
  })),
  'shares nothing between two instances of one spec': (upstream) => {
    let seen = 0
    const onBatch = (batch: Batch, output: Output) => {
      if (seen++ % 2 === 0) output.emit(batch)
      else output.drop('odd', batch.count)
    }
    return planted(() => ({ ...stateless, onBatch }))(upstream)
  },
}

describe('the operator suite', () => {
  for (const [guarantee, property] of Object.entries(operatorProperties)) {
    it(`refuses an operator that breaks: ${guarantee}`, () => {
      const operator = broken[guarantee]
      assert.ok(operator)
      assert.throws(() => property({ schema: order.schema, operator, fields: orderFields }), /Property failed/)
    })
  }
})
