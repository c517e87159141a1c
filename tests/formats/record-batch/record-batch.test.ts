import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { crc32c } from '../../../core/model/crc32c.ts'
import { CODECS, decompress } from '../../../formats/record-batch/compression.ts'
import { decodeRecordBatch, frameAt, headersOf } from '../../../formats/record-batch/decode.ts'
import { encodeRecordBatch, setBaseOffset } from '../../../formats/record-batch/encode.ts'
import { arbitraryCodec, arbitraryRecord } from './arbitrary-records.ts'
import { batchAround, expectedOf, hex, LIMITS, recordsOf, repairCrc, utf8 } from './batches.ts'
import { JAVA_BATCHES } from './java-batches.ts'
import { referenceCrc32c, referenceDecode } from './reference-decoder.ts'

const arbitraryBatch = fc.record({
  baseOffset: fc.maxSafeNat().map((offset) => Math.floor(offset / 2)),
  records: fc.array(arbitraryRecord, { maxLength: 30 }),
  codec: arbitraryCodec,
})

test('what is encoded comes back, with every codec, and the slow reference decoder agrees', () => {
  fc.assert(
    fc.property(arbitraryBatch, fc.nat(20), (batch, shift) => {
      const encoded = encodeRecordBatch(batch)
      const bytes = new Uint8Array(encoded.length + shift + 3)
      bytes.set(encoded, shift)
      const view = decodeRecordBatch(bytes, shift, LIMITS)
      const expected = expectedOf(batch.records, batch.baseOffset)
      assert.deepEqual(recordsOf(view), expected)
      const section = decompress(batch.codec, encoded.subarray(61), { maxBytes: LIMITS.maxInflatedBytes })
      assert.deepEqual(referenceDecode(encoded, section), expected)
      const times = batch.records.map((record) => record.timestamp)
      assert.deepEqual(frameAt(bytes, shift), {
        start: shift,
        end: shift + encoded.length,
        baseOffset: batch.baseOffset,
        nextOffset: batch.baseOffset + batch.records.length,
        count: batch.records.length,
        maxTimestamp: times.length === 0 ? -1 : Math.max(...times),
      })
    }),
    { numRuns: 500 },
  )
})

test('the header keeps producer, sequence, epoch and kind', () => {
  const record = { timestamp: 5, key: null, value: utf8('v'), headers: [] }
  const producer = { producerId: 2n ** 62n, producerEpoch: 7, baseSequence: 9, partitionLeaderEpoch: 11 }
  const encoded = encodeRecordBatch({
    baseOffset: 3,
    records: [record],
    codec: 'lz4',
    ...producer,
    isTransactional: true,
    isControl: true,
  })
  const view = decodeRecordBatch(encoded, 0, LIMITS)
  assert.deepEqual({ ...view, ...producer, isTransactional: true, isControl: true }, { ...view })
  const plain = decodeRecordBatch(encodeRecordBatch({ baseOffset: 3, records: [record], codec: 'none' }), 0, LIMITS)
  assert.deepEqual(
    [
      plain.producerId,
      plain.producerEpoch,
      plain.baseSequence,
      plain.partitionLeaderEpoch,
      plain.isTransactional,
      plain.isControl,
    ],
    [-1n, -1, -1, -1, false, false],
  )
})

test('a batch is, byte for byte, what the format specification says', () => {
  const golden = [
    ['baseOffset', '0000000000000102'],
    ['batchLength', '0000003e'],
    ['partitionLeaderEpoch', 'ffffffff'],
    ['magic', '02'],
    ['crc', ''],
    ['attributes', '0000'],
    ['lastOffsetDelta', '00000000'],
    ['baseTimestamp', '0000018bcfe56800'],
    ['maxTimestamp', '0000018bcfe56800'],
    ['producerId', 'ffffffffffffffff'],
    ['producerEpoch', 'ffff'],
    ['baseSequence', 'ffffffff'],
    ['record count', '00000001'],
    ['record length 12, attributes, timestamp delta, offset delta', '18000000'],
    ['key k, value v', '026b0276'],
    ['one header h = x', '0202680278'],
  ] as const
  const covered = golden
    .slice(5)
    .map(([, text]) => text)
    .join('')
  const crc = referenceCrc32c(Buffer.from(covered, 'hex')).toString(16).padStart(8, '0')
  const expected = golden.map(([name, text]) => (name === 'crc' ? crc : text)).join('')
  const record = {
    timestamp: 1_700_000_000_000,
    key: utf8('k'),
    value: utf8('v'),
    headers: [{ key: 'h', value: utf8('x') }],
  }
  assert.equal(hex(encodeRecordBatch({ baseOffset: 258, records: [record], codec: 'none' })), expected)
  assert.deepEqual(recordsOf(decodeRecordBatch(Buffer.from(expected, 'hex'), 0, LIMITS)), expectedOf([record], 258))
})

test("batches of Java's client are read in every codec", () => {
  const records = Array.from({ length: 40 }, (_, i) => ({
    timestamp: 1_700_000_000_000 + ((i * 1_000_003) % 7777),
    key: i % 5 === 0 ? null : utf8(`key-${i}`),
    value: i % 7 === 0 ? null : utf8(`{"id":${i},"text":"größe grösse \u6c34 ${'ab'.repeat(i)}"}`),
    headers:
      i % 3 === 0
        ? [
            { key: 'trace', value: utf8(`t-${i}`) },
            { key: 'größe', value: null },
          ]
        : [],
  }))
  for (const codec of CODECS) {
    const view = decodeRecordBatch(Buffer.from(JAVA_BATCHES[codec], 'base64'), 0, LIMITS)
    assert.deepEqual(recordsOf(view), expectedOf(records, 5_000_000_000), codec)
    assert.deepEqual(
      [view.producerId, view.producerEpoch, view.baseSequence, view.partitionLeaderEpoch],
      [4711n, 3, 17, 9],
    )
    assert.deepEqual([view.isTransactional, view.isControl, view.nextOffset], [true, false, 5_000_000_040])
  }
})

test("our uncompressed and snappy batches equal Java's byte for byte where the codec leaves no choice", () => {
  const java = Buffer.from(JAVA_BATCHES.none, 'base64')
  const view = decodeRecordBatch(java, 0, LIMITS)
  const records = Array.from({ length: view.count }, (_, i) => ({
    timestamp: view.timestamps[i] ?? 0,
    key: slice(view.buffer, view.keyStarts[i], view.keyLengths[i]),
    value: slice(view.buffer, view.valueStarts[i], view.valueLengths[i]),
    headers: headersOf(view, i),
  }))
  const input = {
    records,
    producerId: 4711n,
    producerEpoch: 3,
    baseSequence: 17,
    partitionLeaderEpoch: 9,
    isTransactional: true,
  }
  assert.equal(hex(encodeRecordBatch({ ...input, baseOffset: 5_000_000_000, codec: 'none' })), hex(java))
  const snappy = encodeRecordBatch({ ...input, baseOffset: 5_000_000_000, codec: 'snappy' })
  assert.equal(hex(snappy.subarray(61, 77)), hex(Buffer.from(JAVA_BATCHES.snappy, 'base64').subarray(61, 77)))
})

test("Java's abort marker is a control batch, and log-append time gives all records the time of the batch", () => {
  const marker = decodeRecordBatch(Buffer.from(JAVA_BATCHES.abort, 'base64'), 0, LIMITS)
  assert.deepEqual([marker.isControl, marker.isTransactional, marker.count, marker.baseOffset], [true, true, 1, 99])
  assert.equal(recordsOf(marker)[0]?.key, '00000000')
  const appended = decodeRecordBatch(Buffer.from(JAVA_BATCHES.append, 'base64'), 0, LIMITS)
  assert.deepEqual([...appended.timestamps], [1_700_000_009_999, 1_700_000_009_999])
})

test('after compaction offsets have gaps and the next offset lies beyond the last record; an empty batch keeps its range', () => {
  const section = Buffer.from(['0c000004010100', '0c00000a010100'].join(''), 'hex')
  const batch = batchAround(section, { codec: 0, count: 2 })
  Buffer.from(batch.buffer, batch.byteOffset).writeInt32BE(9, 23)
  repairCrc(batch)
  setBaseOffset(batch, 100)
  const view = decodeRecordBatch(batch, 0, LIMITS)
  assert.deepEqual([...view.offsets, view.nextOffset], [102, 105, 110])
  const empty = batchAround(new Uint8Array(0), { codec: 0, count: 0 })
  assert.deepEqual([decodeRecordBatch(empty, 0, LIMITS).count, frameAt(empty, 0)?.nextOffset], [0, 1])
})

test('a new base offset moves all records and leaves the CRC valid', () => {
  const records = [1, 2, 3].map((timestamp) => ({ timestamp, key: null, value: null, headers: [] }))
  const batch = encodeRecordBatch({ baseOffset: 0, records, codec: 'zstd' })
  setBaseOffset(batch, 2 ** 40)
  assert.deepEqual([...decodeRecordBatch(batch, 0, LIMITS).offsets], [2 ** 40, 2 ** 40 + 1, 2 ** 40 + 2])
  assert.throws(() => setBaseOffset(batch, -1), { code: 'MR_RECORD_BATCH_UNSUPPORTED' })
  assert.throws(() => setBaseOffset(batch, 1.5), { code: 'MR_RECORD_BATCH_UNSUPPORTED' })
})

test('a timestamp that is no whole number of milliseconds is refused', () => {
  for (const timestamp of [Number.NaN, 1.5, Number.POSITIVE_INFINITY, 2 ** 52]) {
    const records = [{ timestamp, key: null, value: null, headers: [] }]
    assert.throws(() => encodeRecordBatch({ baseOffset: 0, records, codec: 'none' }), {
      code: 'MR_RECORD_BATCH_UNSUPPORTED',
    })
  }
})

test('batches that follow each other are found one by one', () => {
  const record = { timestamp: 1, key: null, value: utf8('x'), headers: [] }
  const parts = CODECS.map((codec, i) => encodeRecordBatch({ baseOffset: i * 2, records: [record, record], codec }))
  const bytes = Buffer.concat([...parts, Buffer.from('0000', 'hex')])
  const found: number[] = []
  for (let frame = frameAt(bytes, 0); frame !== undefined; frame = frameAt(bytes, frame.end))
    found.push(frame.nextOffset)
  assert.deepEqual(found, [2, 4, 6, 8, 10])
})

test('CRC-32C agrees with RFC 3720 and with the bitwise definition', () => {
  assert.equal(crc32c(utf8('123456789')), 0xe3_06_92_83)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => assert.equal(crc32c(bytes), referenceCrc32c(bytes))),
  )
})

function slice(buffer: Uint8Array, start = 0, length = -1): Uint8Array | null {
  return length < 0 ? null : buffer.subarray(start, start + length)
}
