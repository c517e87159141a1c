import assert from 'node:assert/strict'
import { it } from 'node:test'
import { readParquet } from '../../../formats/parquet/read-parquet.ts'
import { writeLogCheckpoint } from '../../../formats/parquet/write-log-checkpoint.ts'

it('keeps 64-bit numbers, null partition values, absent feature lists and deletion vectors', async () => {
  const rows = await readParquet(
    writeLogCheckpoint([
      { protocol: { minReaderVersion: 1, minWriterVersion: 2, readerFeatures: null, writerFeatures: null } },
      { protocol: { minReaderVersion: 3, minWriterVersion: 7, readerFeatures: [], writerFeatures: ['appendOnly'] } },
      { txn: { appId: 'a', version: 9007199254740993n } },
      { add: { path: 'p', partitionValues: { day: null, region: 'eu' }, size: 4n, dataChange: false } },
      {
        remove: {
          path: 'p',
          deletionVector: { storageType: 'u', pathOrInlineDv: 'x', offset: 1, sizeInBytes: 34, cardinality: 2n },
        },
      },
    ]),
  )
  const [old, features, txn, add, remove] = rows
  assert.deepEqual(old?.protocol, {
    minReaderVersion: 1,
    minWriterVersion: 2,
    readerFeatures: undefined,
    writerFeatures: undefined,
  })
  assert.deepEqual(features?.protocol, {
    minReaderVersion: 3,
    minWriterVersion: 7,
    readerFeatures: [],
    writerFeatures: ['appendOnly'],
  })
  assert.deepEqual(txn?.txn, { appId: 'a', version: 9007199254740993n, lastUpdated: null })
  assert.partialDeepStrictEqual(add, {
    add: { path: 'p', partitionValues: { day: null, region: 'eu' }, size: 4n, dataChange: false },
  })
  assert.equal(add?.txn, undefined)
  assert.partialDeepStrictEqual(remove, {
    remove: { deletionVector: { storageType: 'u', offset: 1, cardinality: 2n } },
  })
})
