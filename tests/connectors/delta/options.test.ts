import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { delta } from '../../../connectors/delta/index.ts'
import { schemaOf } from './delta-fixture.ts'

interface Order {
  readonly id: string
  readonly region: string
}

describe('delta()', () => {
  it('fills in its defaults and shows them in the plan', () => {
    const spec = delta({ path: 'warehouse/orders/' })
    assert.equal(spec.epochMs, 30_000)
    assert.deepEqual(spec.options, {
      path: 'warehouse/orders',
      partitionBy: [],
      targetFileBytes: 64 * 1024 * 1024,
      bufferBytes: 256 * 1024 * 1024,
    })
  })

  it('offers the nearest name for an unknown option', () => {
    const options = { path: 'x', partitionby: [] }
    assert.throws(() => delta(options), { code: 'MR_OPTION_UNKNOWN', message: /did you mean "partitionBy"/ })
  })

  it('refuses values that make no sense, naming the option', () => {
    assert.throws(() => delta({ path: '' }), { code: 'MR_OPTION_INVALID', message: /path/ })
    assert.throws(() => delta({ path: 'x', targetFileBytes: 10 }), {
      code: 'MR_OPTION_INVALID',
      message: /targetFileBytes/,
    })
    assert.throws(() => delta<Order>({ path: 'x', partitionBy: ['id', 'id'] }), {
      code: 'MR_OPTION_INVALID',
      message: /twice/,
    })
  })

  it('checks the partition fields against the schema', () => {
    const schema = schemaOf({ id: 'string', region: 'string', score: 'float64', raw: 'binary' })
    const check = (...partitionBy: readonly string[]) => {
      const spec = delta<Record<string, unknown>>({ path: 'x', partitionBy })
      return () => spec.check(schema)
    }
    assert.doesNotThrow(check('region'))
    assert.throws(check('regoin'), { code: 'MR_FIELD_UNKNOWN', message: /did you mean "region"/ })
    assert.throws(check('score'), { code: 'MR_OPTION_INVALID' })
    assert.throws(check('raw'), { code: 'MR_OPTION_INVALID' })
    assert.throws(
      () => delta<Record<string, unknown>>({ path: 'x', partitionBy: ['id'] }).check(schemaOf({ id: 'string' })),
      { code: 'MR_OPTION_INVALID' },
    )
  })
})
