import fc from 'fast-check'
import { CODECS, type Codec } from '../../../formats/record-batch/compression.ts'
import type { EncodableRecord } from '../../../formats/record-batch/encode.ts'
import { utf8 } from './batches.ts'

const bytes = (maxLength: number) => fc.option(fc.uint8Array({ maxLength }), { nil: null })

/** Halves of a surrogate pair included. */
const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 12 }), fc.constantFrom('\ud83d', 'cut\udc00off'))

const header = fc.record({ key: text, value: fc.oneof(bytes(20), text) })

/** Records of every shape: nulls, empty keys and values, headers, times before and after the first. */
export const arbitraryRecord: fc.Arbitrary<EncodableRecord> = fc.record({
  timestamp: fc.oneof(
    fc.integer({ min: 1_700_000_000_000, max: 1_700_000_100_000 }),
    fc.integer({ min: -(2 ** 51), max: 2 ** 51 }),
  ),
  key: bytes(40),
  value: fc.oneof(bytes(300), fc.string({ unit: fc.constantFrom('ab', 'c'), maxLength: 900 }).map(utf8)),
  headers: fc.array(header, { maxLength: 4 }),
})

export const arbitraryCodec: fc.Arbitrary<Codec> = fc.constantFrom(...CODECS)
