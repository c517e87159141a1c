import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RecordBatchBuilder } from '../../../formats/record-batch/batch-builder.ts'
import { encodeRecordBatch } from '../../../formats/record-batch/encode.ts'
import { arbitraryCodec, arbitraryRecord } from './arbitrary-records.ts'

const plainRecord = arbitraryRecord.map((record) => ({
  ...record,
  headers: [],
  value: record.value ?? new Uint8Array(0),
}))

test('a builder gives the bytes of encodeRecordBatch, batch after batch, and keeps nothing that it was lent', () => {
  const batches = fc.array(fc.record({ records: fc.array(plainRecord, { maxLength: 20 }), codec: arbitraryCodec }), {
    maxLength: 4,
  })
  fc.assert(
    fc.property(batches, (built) => {
      const builder = new RecordBatchBuilder()
      for (const { records, codec } of built) {
        const lent = new Uint8Array(1_000)
        for (const { timestamp, key, value } of records) {
          lent.set(value)
          const lentKey = key?.slice() ?? null
          builder.append({ timestamp, key: lentKey, bytes: lent, length: value.length })
          lent.fill(7)
          lentKey?.fill(7)
        }
        assert.equal(builder.count, records.length)
        const { sizeBytes } = builder
        const expected = encodeRecordBatch({ baseOffset: 0, records, codec })
        if (codec === 'none') assert.equal(sizeBytes, expected.length)
        assert.deepEqual(builder.finish(codec), expected)
      }
    }),
  )
})

test('a builder takes no timestamp that the format cannot say', () => {
  const builder = new RecordBatchBuilder()
  const append = (timestamp: number) => builder.append({ timestamp, key: null, bytes: new Uint8Array(1), length: 1 })
  for (const timestamp of [0.5, 2 ** 52, Number.NaN])
    assert.throws(() => append(timestamp), { code: 'MR_RECORD_BATCH_UNSUPPORTED' })
  assert.equal(builder.count, 0)
})
