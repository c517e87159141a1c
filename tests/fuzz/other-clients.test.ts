import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeRecordBatch } from '../../formats/record-batch/decode.ts'
import { kafkajs } from './kafkajs-codec.ts'
import { COMPARISONS } from './other-clients.ts'

const RUNS = 200

for (const [name, compare] of Object.entries(COMPARISONS)) test(name, () => compare(RUNS))

test('a message of the formats before is refused by its magic, however short it is', () => {
  for (const messageVersion of [0, 1]) {
    for (const value of [null, 'v', 'a value that is as long as a batch would be']) {
      const entries = [{ compression: 0, timestamp: 1, key: null, value }]
      const { buffer } = kafkajs().messageSet({ messageVersion, compression: 0, entries })
      const refused = {
        code: 'MR_RECORD_BATCH_UNSUPPORTED',
        message: new RegExp(`its magic is ${messageVersion}, not 2`),
      }
      assert.throws(() => decodeRecordBatch(buffer, 0, { maxInflatedBytes: 1000 }), refused)
    }
  }
})
