import assert from 'node:assert/strict'
import { it } from 'node:test'
import { SpareColumns } from '../../../../connectors/delta/write/spare-columns.ts'
import type { Column } from '../../../../core/model/column.ts'

function columnsOf(rows: number): readonly Column[] {
  return [{ type: { kind: 'int32' }, length: rows, validity: null, offsets: null, values: new Int32Array(rows) }]
}

const bytesOf = (columns: readonly Column[] | undefined): number | undefined => columns?.[0]?.values.byteLength

it('the largest spare columns are taken first', () => {
  const spares = new SpareColumns(1 << 20)
  for (const rows of [2_000, 4_000, 3_000]) spares.give(columnsOf(rows))
  assert.deepEqual(
    [1, 2, 3, 4].map(() => bytesOf(spares.take())),
    [16_000, 12_000, 8_000, undefined],
  )
})

it('spare columns above the limit are left to others', () => {
  const spares = new SpareColumns(20_000)
  spares.give(columnsOf(4_000))
  spares.give(columnsOf(2_000))
  assert.equal(bytesOf(spares.take()), 16_000)
  assert.equal(spares.take(), undefined)
})

it('what lay idle for a whole epoch is given back', () => {
  const spares = new SpareColumns(1 << 20)
  const [large, small] = [columnsOf(4_000), columnsOf(2_000)]
  spares.give(large)
  spares.give(small)
  spares.trim()
  assert.equal(spares.take(), large)
  spares.give(large)
  spares.trim()
  assert.equal(bytesOf(small), 0)
  assert.equal(spares.take(), large)
  assert.equal(spares.take(), undefined)
})
