import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import { ChunkFeed } from '../../../connectors/kafka/client/chunk-feed.ts'
import { EncodedChunk, endOfBatches } from '../../../connectors/kafka/client/encoded-chunk.ts'
import { MillraceError } from '../../../core/model/errors.ts'
import { encodeRecordBatch } from '../../../formats/record-batch/encode.ts'
import { MOST_INFLATED_BYTES } from '../../../formats/record-batch/layout.ts'
import { batchAround } from '../../formats/record-batch/batches.ts'

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

/** A batch at offset 12 with this in place of its records. */
function around(section: Uint8Array, header: { readonly codec: number; readonly count: number }): Uint8Array {
  const made = batchAround(section, header)
  new DataView(made.buffer, made.byteOffset).setInt32(4, 12)
  return made
}

function withMagic(magic: number): Uint8Array {
  const made = batch(12)
  made[16] = magic
  return made
}

/** One record without key, value and headers. */
const SMALLEST = Buffer.from('0c000000010100', 'hex')

const hostileBatches = [
  { what: 'a magic of old', hostile: () => withMagic(1), code: 'MR_RECORD_BATCH_UNSUPPORTED', says: 'magic is 1' },
  { what: 'a magic to come', hostile: () => withMagic(3), code: 'MR_RECORD_BATCH_UNSUPPORTED', says: 'magic is 3' },
  {
    what: 'a codec that is not known',
    hostile: () => around(SMALLEST, { codec: 5, count: 1 }),
    code: 'MR_RECORD_BATCH_UNSUPPORTED',
    says: 'codec 5 is not known',
  },
  {
    what: 'records that cannot be inflated',
    hostile: () => around(SMALLEST, { codec: 3, count: 1 }),
    code: 'MR_RECORD_BATCH_CORRUPT',
    says: 'LZ4',
  },
  {
    what: 'a decompression bomb',
    hostile: () => around(zstdCompressSync(new Uint8Array(MOST_INFLATED_BYTES + 1)), { codec: 4, count: 1 }),
    code: 'MR_RECORD_BATCH_TOO_LARGE',
    says: 'zstd data passes the limit',
  },
  {
    what: 'a claim of more records than there are bytes',
    hostile: () => around(SMALLEST, { codec: 0, count: 2 ** 31 - 1 }),
    code: 'MR_RECORD_BATCH_CORRUPT',
    says: 'claims 2147483647 records in 7 bytes',
  },
  {
    what: 'offsets that go back',
    hostile: () => batch(10),
    code: 'MR_RECORD_BATCH_CORRUPT',
    says: 'ends at offset 11, after offset 11',
  },
  {
    what: 'offsets that go back inside of a batch',
    hostile: () => around(Buffer.concat([SMALLEST, SMALLEST]), { codec: 0, count: 2 }),
    code: 'MR_RECORD_BATCH_CORRUPT',
    says: 'offset out of order',
  },
] as const

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

  for (const { what, hostile, code, says } of hostileBatches) {
    it(`gives the batch before ${what}, then says where it is, and gives nothing of it`, () => {
      const chunk = chunkOf(Buffer.concat([batch(10), hostile()]), 10)
      assert.equal(chunk.next(undefined)?.baseOffset, 10)
      for (let look = 0; look < 2; look++) {
        assert.throws(
          () => chunk.next(undefined),
          (error: unknown) => {
            assert.ok(error instanceof MillraceError)
            assert.equal(error.code, code)
            assert.match(error.message, new RegExp(`^events-2 at offset 12: .*${says}.*; nothing is skipped$`))
            return true
          },
        )
      }
    })
  }
})

describe('ChunkFeed', () => {
  const quiet = { onRoom: () => undefined, onClose: () => undefined, onDamage: () => false }

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
    const feed = new ChunkFeed({ ...quiet, onRoom: () => room++, onClose: () => closed++ })
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
