import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { MillraceError } from '../../../core/model/errors.ts'
import { CODECS, compress, decompress } from '../../../formats/record-batch/compression.ts'
import { decodeRecordBatch, frameAt, headersOf, type RecordBatchView } from '../../../formats/record-batch/decode.ts'
import { encodeRecordBatch } from '../../../formats/record-batch/encode.ts'
import { batchAround, LIMITS, repairCrc, seededNumbers, utf8 } from './batches.ts'

const CORRUPT = { code: 'MR_RECORD_BATCH_CORRUPT' }
const UNSUPPORTED = { code: 'MR_RECORD_BATCH_UNSUPPORTED' }
const TOO_LARGE = { code: 'MR_RECORD_BATCH_TOO_LARGE' }

const RECORDS = Array.from({ length: 12 }, (_, i) => ({
  timestamp: 1_700_000_000_000 + i * 977,
  key: i % 4 === 0 ? null : utf8(`user-${i}`),
  value: i % 5 === 0 ? null : utf8(`{"id":${i},"city":"Zug","note":"${'na'.repeat(i * 3)}"}`),
  headers:
    i % 3 === 0
      ? [
          { key: 'trace', value: utf8(`${i}`) },
          { key: 'none', value: null },
        ]
      : [],
}))

const SAMPLES = CODECS.map((codec) => encodeRecordBatch({ baseOffset: 40, records: RECORDS, codec }))

test('a batch cut off after any byte is an incomplete frame and cannot be decoded', () => {
  for (const sample of SAMPLES) {
    for (let length = 0; length < sample.length; length++) {
      const cut = sample.subarray(0, length)
      assert.equal(frameAt(cut, 0), undefined)
      assert.throws(() => decodeRecordBatch(cut, 0, LIMITS), CORRUPT)
    }
  }
})

test('one flipped bit anywhere from the CRC on is detected', () => {
  for (const sample of SAMPLES) {
    for (let bit = 17 * 8; bit < sample.length * 8; bit++) {
      const flipped = Uint8Array.from(sample)
      flipped[bit >>> 3] = (flipped[bit >>> 3] ?? 0) ^ (1 << (bit & 7))
      assert.throws(() => decodeRecordBatch(flipped, 0, LIMITS), CORRUPT)
    }
  }
})

test('100,000 mutated batches, most with a repaired CRC, decode within bounds or fail with a code', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = seededNumbers(seed)
      for (let i = 0; i < 1000; i++) decodeMutant(random)
    }),
    { numRuns: 100, endOnFailure: true },
  )
})

test('a mutated record section alone, in all codecs, never gets past the checks', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = seededNumbers(seed)
      const codec = CODECS[1 + random(4)] ?? 'none'
      const packed = compress(codec, utf8('abcdefgh'.repeat(random(50)) + 'x'.repeat(random(300)) + random(1e9)))
      const mutant = mutate(packed, random, 0)
      assertOnlyCoded(() => assert.ok(decompress(codec, mutant, { maxBytes: 5000 }).length <= 5000))
    }),
    { numRuns: 5000 },
  )
})

test('a decompression bomb of any codec stops at the limit', () => {
  const zeros = new Uint8Array(24 * 1024 * 1024)
  for (const [number, codec] of CODECS.entries()) {
    if (codec === 'none') continue
    const packed = compress(codec, zeros)
    assert.ok(packed.length < zeros.length / 10)
    const before = process.memoryUsage().arrayBuffers
    assert.throws(
      () => decodeRecordBatch(batchAround(packed, { codec: number, count: 1 }), 0, LIMITS),
      TOO_LARGE,
      codec,
    )
    assert.ok(process.memoryUsage().arrayBuffers - before < 8 * LIMITS.maxInflatedBytes, codec)
    assert.equal(decompress(codec, packed, { maxBytes: zeros.length }).length, zeros.length, codec)
    assert.throws(() => decompress(codec, packed, { maxBytes: zeros.length - 1 }), TOO_LARGE, codec)
  }
})

test('a snappy block that claims gigabytes is refused before anything is allocated', () => {
  const claim = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x07, 0x00, 0x61)
  assert.throws(() => decompress('snappy', claim, { maxBytes: 2 ** 20 }), TOO_LARGE)
  assert.throws(() => decompress('snappy', claim, { maxBytes: 2 ** 40 }), CORRUPT)
})

test('lying record counts are refused before arrays are allocated', () => {
  const section = Buffer.from('0c000000010100', 'hex')
  assert.equal(decodeRecordBatch(batchAround(section, { codec: 0, count: 1 }), 0, LIMITS).count, 1)
  for (const count of [0, 2, 3, 100, 2 ** 31 - 1, -1, -(2 ** 31)]) {
    assert.throws(() => decodeRecordBatch(batchAround(section, { codec: 0, count }), 0, LIMITS), CORRUPT)
  }
})

test('malformed records are refused', () => {
  const malformed = {
    'a length below the smallest record': '0a0000000101',
    'a negative length': '01000000010100',
    'a length past the batch': '0e000000010100',
    'a length that hides a byte': '0e00000001010000',
    'a key past its record': '0c000000100100',
    'a key length below -1': '0c000000030100',
    'a value past its record': '0c000000011000',
    'a negative header count': '0c000000010101',
    'more headers than bytes': '0c0000000101fe',
    'a header without a key': '1000000001010201 01',
    'bytes behind the headers': '0e00000001010000',
    'an endless varint': 'ffffffffffffffffffff',
    'a 33-bit length': '8c80808010000000010100',
    'an offset delta past the last': '0c000002010100',
    'a negative offset delta': '0c000001010100',
    'a timestamp of more than 64 bits': '2000ffffffffffffffffff0200010100',
  }
  for (const [name, text] of Object.entries(malformed)) {
    const batch = batchAround(Buffer.from(text.replaceAll(' ', ''), 'hex'), { codec: 0, count: 1 })
    assert.throws(() => decodeRecordBatch(batch, 0, LIMITS), CORRUPT, name)
  }
})

test('offsets that do not rise are refused', () => {
  const section = Buffer.from('0c0000020101000c000002010100', 'hex')
  assert.throws(() => decodeRecordBatch(batchAround(section, { codec: 0, count: 2 }), 0, LIMITS), CORRUPT)
})

test('other magics and codecs are named as unsupported, impossible lengths as corrupt', () => {
  for (const magic of [0, 1, 3, 255]) {
    const batch = Uint8Array.from(SAMPLES[0] ?? [])
    batch[16] = magic
    assert.throws(() => frameAt(batch, 0), UNSUPPORTED)
    assert.throws(() => decodeRecordBatch(batch, 0, LIMITS), UNSUPPORTED)
  }
  for (const codec of [5, 6, 7]) {
    assert.throws(() => decodeRecordBatch(batchAround(new Uint8Array(0), { codec, count: 0 }), 0, LIMITS), UNSUPPORTED)
  }
  for (const length of [-1, 0, 48, -(2 ** 31)]) {
    const batch = Buffer.from(SAMPLES[0] ?? [])
    batch.writeInt32BE(length, 8)
    assert.throws(() => frameAt(batch, 0), CORRUPT)
  }
})

test('offsets beyond the safe integers are refused', () => {
  for (const top of [0x00_20_00_00, 0x7f_ff_ff_ff, -1]) {
    const batch = Buffer.from(SAMPLES[0] ?? [])
    batch.writeInt32BE(top, 0)
    assert.throws(() => frameAt(batch, 0), CORRUPT)
  }
})

test('timestamps of 64 bits keep sign and size', () => {
  for (const [text, expected] of [
    ['ffffffffffffffffff01', -(2 ** 63)],
    ['feffffffffffffffff01', 2 ** 63],
    ['ffffffffffffff0f', -(2 ** 52)],
  ] as const) {
    const body = `00${text}00010100`
    const section = Buffer.from(body.length.toString(16).padStart(2, '0') + body, 'hex')
    assert.equal(decodeRecordBatch(batchAround(section, { codec: 0, count: 1 }), 0, LIMITS).timestamps[0], expected)
  }
})

test('truncated gzip and zstd are corrupt, also when the CRC is right', () => {
  for (const [codec, packed] of [
    [1, gzipSync('x'.repeat(500))],
    [4, zstdCompressSync('x'.repeat(500))],
  ] as const) {
    for (let length = 0; length < packed.length; length++) {
      const batch = batchAround(packed.subarray(0, length), { codec, count: 1 })
      assert.throws(() => decodeRecordBatch(batch, 0, LIMITS), CORRUPT)
    }
  }
})

function decodeMutant(random: (bound: number) => number): void {
  // gzip and zstd cost more than the rest together, so they get a small share here and a test of their own.
  const pick = random(40)
  const sample = SAMPLES[pick === 0 ? 1 : pick === 1 ? 4 : ([0, 2, 3][pick % 3] ?? 0)] ?? new Uint8Array(0)
  const mutant = mutate(sample, random, random(3) === 0 ? 8 : 61)
  if (mutant.length > 21 && random(10) > 0) {
    new DataView(mutant.buffer).setInt32(8, mutant.length - 12)
    repairCrc(mutant)
  }
  assertOnlyCoded(() => {
    frameAt(mutant, 0)
    assertWithinBounds(decodeRecordBatch(mutant, 0, LIMITS))
  })
}

function mutate(sample: Uint8Array, random: (bound: number) => number, floor: number): Uint8Array {
  const copy = Uint8Array.from(sample)
  for (let changes = 1 + random(4); changes > 0; changes--) {
    const at = floor + random(Math.max(1, copy.length - floor))
    const kind = random(4)
    if (kind === 0) copy[at] = random(256)
    else if (kind === 1) copy[at] = (copy[at] ?? 0) ^ (1 << random(8))
    else if (kind === 2) copy[at] = [0, 1, 127, 128, 255][random(5)] ?? 0
    else copy.copyWithin(at, floor + random(copy.length - floor), floor + random(copy.length - floor))
  }
  return random(6) === 0 ? copy.slice(0, random(copy.length + 1)) : copy
}

function assertWithinBounds(view: RecordBatchView): void {
  assert.ok(view.buffer.length <= LIMITS.maxInflatedBytes)
  let floor = 0
  for (let i = 0; i < view.count; i++) {
    const places = [
      view.keyStarts,
      view.keyLengths,
      view.valueStarts,
      view.valueLengths,
      view.headerStarts,
      view.headerEnds,
    ]
    const [key = -1, keyLength = -1, value = -1, valueLength = -1, start = -1, end = -1] = places.map(
      (array) => array[i],
    )
    assert.ok(floor < key && key + Math.max(0, keyLength) < value)
    assert.ok(value + Math.max(0, valueLength) <= start && start < end && end <= view.buffer.length)
    headersOf(view, i)
    floor = end
  }
}

function assertOnlyCoded(action: () => void): void {
  try {
    action()
  } catch (error) {
    if (!(error instanceof MillraceError) || !error.code.startsWith('MR_RECORD_BATCH_')) throw error
  }
}
