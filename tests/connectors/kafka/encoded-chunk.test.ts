import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ChunkFeed } from '../../../connectors/kafka/client/chunk-feed.ts'
import { EncodedChunk, endOfBatches } from '../../../connectors/kafka/client/encoded-chunk.ts'
import { encodeRecordBatch } from '../../../formats/record-batch/encode.ts'

const place = { topic: 'events', partition: 2 }
const record = { timestamp: 1, key: null, value: new Uint8Array(20), headers: [] }

function batch(baseOffset: number, count = 2): Uint8Array {
  return encodeRecordBatch({
    baseOffset,
    records: Array.from({ length: count }, () => record),
    codec: 'none',
    partitionLeaderEpoch: 4,
  })
}

function chunkOf(bytes: Uint8Array, offset: number): EncodedChunk {
  return new EncodedChunk({ place, bytes, offset, filter: undefined })
}

describe('EncodedChunk', () => {
  it('gives the whole batches of a fetch in their order and leaves a cut one to the next fetch', () => {
    const bytes = Buffer.concat([batch(10), batch(12), batch(14).subarray(0, 70)])
    const chunk = chunkOf(bytes, 11)
    assert.equal(chunk.next(undefined)?.baseOffset, 10)
    assert.equal(chunk.next(undefined)?.baseOffset, 12)
    assert.equal(chunk.next(undefined), undefined)
    assert.deepEqual(endOfBatches(bytes), { offset: 14, leaderEpoch: 4 })
    assert.equal(endOfBatches(batch(0).subarray(0, 30)), undefined)
  })

  it('says where a damaged batch is, with its place, and gives nothing of it', () => {
    const damaged = batch(12)
    damaged[damaged.length - 1]! ^= 1
    const chunk = chunkOf(Buffer.concat([batch(10), damaged]), 10)
    assert.equal(chunk.next(undefined)?.count, 2)
    for (let i = 0; i < 2; i++) {
      assert.throws(() => chunk.next(undefined), {
        code: 'MR_RECORD_BATCH_CORRUPT',
        message: /events-2 at offset 12: .*nothing is skipped/,
      })
    }
  })

  it('refuses offsets that go back, and what it cannot read', () => {
    const back = chunkOf(Buffer.concat([batch(10), batch(10)]), 10)
    back.next(undefined)
    assert.throws(() => back.next(undefined), {
      code: 'MR_RECORD_BATCH_CORRUPT',
      message: /ends at offset 11, after offset 11/,
    })
    const old = batch(0)
    old[16] = 1
    assert.throws(() => chunkOf(old, 0).next(undefined), {
      code: 'MR_RECORD_BATCH_UNSUPPORTED',
      message: /events-2 .*magic is 1/,
    })
  })
})

describe('ChunkFeed', () => {
  const quiet = { onRoom: () => undefined, onClose: () => undefined }

  it('tells who waits that something has arrived, once', async () => {
    const feed = new ChunkFeed(quiet)
    assert.equal(feed.take(), undefined)
    const arrival = feed.arrival()
    feed.push(chunkOf(batch(0), 0))
    await arrival
    assert.equal(feed.take()?.count, 2)
    assert.equal(feed.take(), undefined)
    assert.equal(feed.waitingBytes, 0)
  })

  it('throws a failure after what came before it, again and again', async () => {
    const feed = new ChunkFeed(quiet)
    feed.push(chunkOf(batch(0), 0))
    feed.fail(new Error('first'))
    feed.fail(new Error('second'))
    assert.equal(feed.take()?.nextOffset, 2)
    await feed.arrival()
    for (let i = 0; i < 2; i++) assert.throws(() => feed.take(), /first/)
  })

  it('counts what waits, and gives it free when it is taken or nobody wants it', () => {
    let room = 0
    let closed = 0
    const feed = new ChunkFeed({ onRoom: () => room++, onClose: () => closed++ })
    const bytes = batch(0)
    feed.push(chunkOf(bytes, 0))
    feed.push(chunkOf(batch(2), 2))
    assert.equal(feed.waitingBytes, 2 * bytes.length)
    feed.take()
    feed.take()
    assert.equal(room, 1)
    feed.close()
    assert.deepEqual([feed.waitingBytes, closed, feed.take()], [0, 1, undefined])
  })
})
