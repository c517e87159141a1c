import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { bytesOfRows, gatherBytes } from '../../../core/model/gather-values.ts'

/** Values one after the other with their offsets, as a column has them. */
function columnOf(values: readonly Uint8Array[]): { readonly offsets: Int32Array; readonly view: DataView } {
  const offsets = new Int32Array(values.length + 1)
  for (const [index, value] of values.entries()) offsets[index + 1] = offsets[index]! + value.length
  const bytes = Buffer.concat(values)
  return { offsets, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) }
}

it('values of every length are gathered whole, and nothing beside them is touched', () => {
  const value = fc.uint8Array({ maxLength: 40 })
  const long = fc.uint8Array({ minLength: 250, maxLength: 270 })
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 9, arbitrary: value }, long), { minLength: 1, maxLength: 20 }),
      fc.array(fc.nat(), { maxLength: 40 }),
      fc.nat({ max: 9 }),
      (values, picks, end) => {
        const source = columnOf(values)
        const rows = Int32Array.from(picks, (pick) => pick % values.length)
        const chosen = { rows, from: 0, to: rows.length }
        const size = bytesOfRows(source.offsets, chosen)
        const target = new Uint8Array(end + size + 8).fill(0xee)
        const offsets = new Int32Array(rows.length + 1)
        const at = { view: new DataView(target.buffer), offsets, at: 1, end }
        assert.equal(gatherBytes(at, source, chosen), end + size)
        const expected = Array.from(rows, (row) => Buffer.from(values[row]!))
        assert.deepEqual(Buffer.from(target.subarray(end, end + size)), Buffer.concat(expected))
        assert.ok([...target.subarray(0, end), ...target.subarray(end + size)].every((byte) => byte === 0xee))
        let sum = end
        assert.deepEqual(
          [...offsets.subarray(1)],
          expected.map(({ length }) => (sum += length)),
        )
      },
    ),
  )
})
