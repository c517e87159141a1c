import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MillraceError } from '../../../core/model/errors.ts'
import { CODECS, compress, decompress, type InflateLimits } from '../../../formats/record-batch/compression.ts'
import { utf8 } from './batches.ts'

const MEBIBYTE = 1024 * 1024

interface Sequence {
  readonly literals: Uint8Array
  readonly distance: number
  readonly length: number
}

const arbitrarySequence: fc.Arbitrary<Sequence> = fc.record({
  literals: fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.uint8Array({ minLength: 250, maxLength: 600 })),
  distance: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 2000 })),
  length: fc.oneof(fc.integer({ min: 4, max: 30 }), fc.integer({ min: 4, max: 900 })),
})

const arbitraryBlocks = fc.array(fc.array(arbitrarySequence, { maxLength: 8 }), { minLength: 1, maxLength: 4 })

test('LZ4 frames of any flags inflate to what their sequences say: independent, linked, stored, with checksums and size', () => {
  const flags = fc.record({ isLinked: fc.boolean(), hasBlockChecksums: fc.boolean(), hasSize: fc.boolean() })
  fc.assert(
    fc.property(arbitraryBlocks, flags, fc.boolean(), (blocks, options, isStoredFirst) => {
      const output: number[] = []
      const parts = blocks.map((sequences, i) => {
        const start = output.length
        const packed = Uint8Array.from(lz4Block(sequences, output, options.isLinked ? 0 : start))
        return isStoredFirst && i === 0 ? { bytes: Uint8Array.from(output), mark: 0x80 } : { bytes: packed, mark: 0 }
      })
      const frame = lz4Frame(parts, options)
      assert.deepEqual([...decompress('lz4', frame, { maxBytes: MEBIBYTE })], output)
    }),
    { numRuns: 400 },
  )
})

test('LZ4 frames that the kernel does not take, damaged in any byte or too large, end the same way as without it', () => {
  const text = utf8(Array.from({ length: 400 }, (_, i) => `{"id":${i * 7919},"kind":"purchase","n":${i % 3}}`).join(''))
  const frame = compress('lz4', text)
  for (let at = 0; at < frame.length; at++) {
    const damaged = Uint8Array.from(frame)
    damaged[at]! ^= 1 + (at % 255)
    const memory = new ArrayBuffer(text.length)
    assert.deepEqual(outcomeOf(damaged, { maxBytes: MEBIBYTE, memory }), outcomeOf(damaged, { maxBytes: MEBIBYTE }))
  }
  const huge = compress('lz4', new Uint8Array(3 * MEBIBYTE))
  assert.equal(decompress('lz4', huge, { maxBytes: 3 * MEBIBYTE }).length, 3 * MEBIBYTE)
  assert.throws(() => decompress('lz4', huge, { maxBytes: 3 * MEBIBYTE - 1 }), { code: 'MR_RECORD_BATCH_TOO_LARGE' })
})

/** What inflating comes to: the bytes, or the code of the error. */
function outcomeOf(frame: Uint8Array, limits: InflateLimits): string {
  try {
    return Buffer.from(decompress('lz4', frame, limits)).toString('base64')
  } catch (error) {
    assert.ok(error instanceof MillraceError)
    return error.code
  }
}

test('raw snappy inflates to what its elements say, with every kind of copy', () => {
  fc.assert(
    fc.property(fc.array(arbitrarySequence, { maxLength: 12 }), fc.nat(2), (sequences, kind) => {
      const output: number[] = []
      const block = snappyBlock(sequences, output, kind + 1)
      assert.deepEqual([...decompress('snappy', block, { maxBytes: MEBIBYTE })], output)
    }),
    { numRuns: 400 },
  )
})

test('every codec gives back megabytes and nothing, whole and at exactly the limit', () => {
  const large = utf8(Array.from({ length: 150_000 }, (_, i) => `${(i * 7919) % 10_007},${i % 17};`).join(''))
  for (const codec of CODECS) {
    for (const bytes of [large, large.subarray(0, 100_000), large.subarray(3, 4), new Uint8Array(0)]) {
      const inflated = decompress(codec, compress(codec, bytes), { maxBytes: Math.max(1, bytes.length) })
      assert.ok(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).equals(inflated), codec)
    }
  }
})

test("snappy is written in chunks of 32 KiB in xerial's framing", () => {
  const packed = Buffer.from(compress('snappy', new Uint8Array(70_000)))
  assert.equal(packed.toString('hex', 0, 16), '82534e41505059000000000100000001')
  const sizes: number[] = []
  for (let at = 16; at < packed.length; at += 4 + packed.readInt32BE(at)) {
    sizes.push((packed[at + 4] ?? 0) - 128 + ((packed[at + 5] ?? 0) % 128) * 128 + (packed[at + 6] ?? 0) * 16_384)
  }
  assert.deepEqual([sizes.length, sizes[0]], [3, 32_768])
})

test('LZ4 is written as one frame of independent blocks, which Java requires', () => {
  assert.equal(Buffer.from(compress('lz4', utf8('hello'))).toString('hex', 0, 5), '04224d1860')
})

function repeat(output: number[], distance: number, length: number): void {
  for (let i = 0; i < length; i++) output.push(output[output.length - distance] ?? 0)
}

function lz4Block(sequences: readonly Sequence[], output: number[], floor: number): number[] {
  const block: number[] = []
  for (const { literals, distance, length } of sequences) {
    output.push(...literals)
    const reach = Math.min(distance, output.length - floor)
    if (reach === 0) continue
    block.push((nibble(literals.length) << 4) | nibble(length - 4), ...extension(literals.length), ...literals)
    block.push(reach & 255, reach >>> 8, ...extension(length - 4))
    repeat(output, reach, length)
  }
  output.push(1, 2, 3)
  return [...block, 0x30, 1, 2, 3]
}

function nibble(length: number): number {
  return Math.min(15, length)
}

function extension(length: number): number[] {
  if (length < 15) return []
  return [...new Array<number>(Math.floor((length - 15) / 255)).fill(255), (length - 15) % 255]
}

function lz4Frame(
  blocks: readonly { readonly bytes: Uint8Array; readonly mark: number }[],
  options: { readonly isLinked: boolean; readonly hasBlockChecksums: boolean; readonly hasSize: boolean },
): Uint8Array {
  const flags =
    0x40 | (options.isLinked ? 0 : 0x20) | (options.hasBlockChecksums ? 0x10 : 0) | (options.hasSize ? 8 : 0)
  const header = Buffer.from([
    0x04,
    0x22,
    0x4d,
    0x18,
    flags,
    0x40,
    ...(options.hasSize ? new Array<number>(8).fill(9) : []),
    flags === 0x60 ? 0x82 : 0,
  ])
  const parts = blocks.flatMap(({ bytes, mark }) => {
    const length = Buffer.alloc(4)
    length.writeUInt32LE(bytes.length)
    length[3] = mark
    return [length, bytes, Buffer.alloc(options.hasBlockChecksums ? 4 : 0)]
  })
  return Buffer.concat([header, ...parts, Buffer.alloc(4)])
}

function snappyBlock(sequences: readonly Sequence[], output: number[], kind: number): Uint8Array {
  const block: number[] = []
  for (const { literals, distance, length } of sequences) {
    output.push(...literals)
    block.push(...snappyLiteral(literals))
    const reach = Math.min(distance, output.length)
    if (reach === 0) continue
    const size = Math.min(length, kind === 1 ? 11 : 64)
    if (kind === 1) block.push(1 | ((size - 4) << 2) | ((reach >>> 8) << 5), reach & 255)
    else block.push(kind | ((size - 1) << 2), reach & 255, reach >>> 8, ...(kind === 3 ? [0, 0] : []))
    repeat(output, reach, size)
  }
  const length = output.length
  return Uint8Array.of((length & 127) | 128, ((length >>> 7) & 127) | 128, length >>> 14, ...block)
}

function snappyLiteral(literals: Uint8Array): number[] {
  const last = literals.length - 1
  if (last < 0) return []
  if (last < 60) return [last << 2, ...literals]
  return last < 256 ? [60 << 2, last, ...literals] : [61 << 2, last & 255, last >>> 8, ...literals]
}
