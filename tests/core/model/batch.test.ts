import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { appendValue } from '../../../core/model/append-value.ts'
import { Batch } from '../../../core/model/batch.ts'
import { ColumnBuilder } from '../../../core/model/column-builder.ts'

describe('Batch.at', () => {
  it('gives every field as an own property, one named __proto__ too', () => {
    const names = ['id', '__proto__', 'constructor']
    const type = { kind: 'string' } as const
    const columns = names.map((name) => {
      const builder = new ColumnBuilder(type)
      appendValue(builder, `value of ${name}`)
      return builder.finish()
    })
    const system = {
      eventTimes: new Float64Array(1),
      splits: new Int32Array(1),
      offsets: new Float64Array(1),
      keys: null,
    }
    const schema = { fields: names.map((name) => ({ name, type, optional: false })) }
    const record: object = new Batch({ schema, columns, rows: 1, selection: null, system }).at(0)
    assert.deepEqual(
      Object.entries(record),
      names.map((name) => [name, `value of ${name}`]),
    )
    assert.equal(Object.getPrototypeOf(record), Object.prototype)
  })
})
