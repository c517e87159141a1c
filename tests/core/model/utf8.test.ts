import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { appendValue } from '../../../core/model/append-value.ts'
import { Batch } from '../../../core/model/batch.ts'
import { valueAt } from '../../../core/model/column.ts'
import { ColumnBuilder } from '../../../core/model/column-builder.ts'
import { KeyHasher } from '../../../core/model/key.ts'
import { appendKey } from '../../../core/model/read-key.ts'

const TYPE = { kind: 'string' } as const
const OPERATOR = { id: 'key', splitOf: String }
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
/** Any text, often with a character in front that a decoder may take for a byte order mark. */
const text = fc
  .tuple(fc.constantFrom('', '\ufeff', '\ufeff\ufeff'), fc.string({ unit: 'binary', maxLength: 20 }))
  .map(([front, rest]) => front + rest.toWellFormed())

function batchWith(value: string): Batch {
  const builder = new ColumnBuilder(TYPE)
  appendValue(builder, value)
  const system = {
    eventTimes: new Float64Array(1),
    splits: new Int32Array(1),
    offsets: new Float64Array(1),
    keys: null,
  }
  const schema = { fields: [{ name: 'id', type: TYPE, optional: false }] }
  return new Batch({ schema, columns: [builder.finish()], rows: 1, selection: null, system })
}

describe(`texts come back as they were (SEED=${seed})`, () => {
  const holds = (check: (value: string) => void) => fc.assert(fc.property(text, check), { seed })

  it('from a column', () => {
    holds((value) => assert.equal(valueAt(batchWith(value).columns[0]!, 0), value))
  })

  it('from a key, which is the same by the name of its field and by a function', () => {
    holds((value) => {
      const batch = batchWith(value)
      const byName = new KeyHasher({ kind: 'fields', names: ['id'] }, 7, OPERATOR)
      const byFunction = new KeyHasher({ kind: 'function', keyOf: ({ id }: { id: string }) => id }, 7, OPERATOR)
      assert.deepEqual(byFunction.hash(batch).slice(0, 4), byName.hash(batch).slice(0, 4))
      const length = byName.encode(batch.columns, 0)
      const builder = new ColumnBuilder(TYPE)
      appendKey(new DataView(byName.bytes.buffer, 0, length), 0, [builder])
      assert.equal(valueAt(builder.finish(), 0), value)
    })
  })
})
