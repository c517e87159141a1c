import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeRecordBatch } from '../../../formats/record-batch/decode.ts'
import { encodableAt } from '../../../formats/record-batch/encodable-at.ts'
import { type EncodableRecord, encodeRecordBatch } from '../../../formats/record-batch/encode.ts'
import { encodeHeaders } from '../../../formats/record-batch/headers.ts'
import { RecordPayloads } from '../../../formats/record-batch/record-payloads.ts'
import { arbitraryCodec, arbitraryRecord } from './arbitrary-records.ts'

const records = fc.array(fc.record({ record: arbitraryRecord, partition: fc.nat(2), cut: fc.nat(4) }), {
  maxLength: 20,
})

/** The record with its bytes in borrowed memory and its headers in two parts; `giveBack` spoils what was lent. */
function lend(record: EncodableRecord, cut: number) {
  const { timestamp, value, headers } = record
  const key = record.key?.slice() ?? null
  const lent = new Uint8Array(1_000)
  lent.set(value ?? [])
  const parts = [...headers.slice(0, cut), encodeHeaders(headers.slice(cut))]
  const bytes = value === null ? null : lent
  return {
    record: { timestamp, key, bytes, length: value?.length ?? 0, headers: parts },
    giveBack: () => {
      lent.fill(7)
      key?.fill(7)
      for (const part of parts) if ('bytes' in part) part.bytes.fill(7)
    },
  }
}

test('records that come mixed make the batches that they would make alone, again and again, and nothing lent is kept', () => {
  const rounds = fc.array(fc.record({ records, codec: arbitraryCodec }), { maxLength: 4 })
  fc.assert(
    fc.property(rounds, (rounds) => {
      const payloads = new RecordPayloads()
      for (const { records, codec } of rounds) {
        for (const { record, cut } of records) {
          const lent = lend(record, cut)
          payloads.append(lent.record)
          lent.giveBack()
        }
        assert.equal(payloads.count, records.length)
        const all = records.map(({ record }) => record)
        assert.deepEqual(payloads.encode({ codec }), encodeRecordBatch({ baseOffset: 0, records: all, codec }))
        for (const partition of [0, 1, 2]) {
          const rows = [...records.keys()].filter((row) => records[row]!.partition === partition)
          const batch = encodeRecordBatch({ baseOffset: 0, records: rows.map((row) => all[row]!), codec })
          assert.deepEqual(payloads.encode({ codec }, rows), batch)
        }
        payloads.clear()
      }
    }),
  )
})

test('headers that were encoded before are read as those that were not', () => {
  const headers = [
    { key: 'reason', value: 'äöü' },
    { key: '', value: null },
    { key: 'bytes', value: Uint8Array.of(1, 2) },
  ]
  const payloads = new RecordPayloads()
  payloads.append({ timestamp: 5, key: null, bytes: null, length: 0, headers: [encodeHeaders(headers), headers[0]!] })
  const view = decodeRecordBatch(payloads.encode({ codec: 'none' }), 0, { maxInflatedBytes: 1_000 })
  const text = new TextEncoder().encode('äöü')
  assert.deepEqual(encodableAt(view, 0), {
    timestamp: 5,
    key: null,
    value: null,
    headers: [{ key: 'reason', value: text }, ...headers.slice(1), { key: 'reason', value: text }],
  })
})

test('no timestamp is taken that the format cannot say', () => {
  const payloads = new RecordPayloads()
  const append = (timestamp: number) => payloads.append({ timestamp, key: null, bytes: new Uint8Array(1), length: 1 })
  for (const timestamp of [0.5, 2 ** 52, Number.NaN])
    assert.throws(() => append(timestamp), { code: 'MR_RECORD_BATCH_UNSUPPORTED' })
  assert.equal(payloads.count, 0)
})
