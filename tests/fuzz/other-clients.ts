import assert from 'node:assert/strict'
import { createRecordsBatch, type KafkaRecord, Reader, readRecordsBatch } from '@platformatic/kafka'
import fc from 'fast-check'
import { EncodedChunk } from '../../connectors/kafka/client/encoded-chunk.ts'
import type { Codec } from '../../formats/record-batch/compression.ts'
import { headersOf } from '../../formats/record-batch/decode.ts'
import { type EncodableRecord, encodeRecordBatch } from '../../formats/record-batch/encode.ts'
import { arbitraryCodec, arbitraryRecord } from '../formats/record-batch/arbitrary-records.ts'
import { type KafkajsRecord, readByKafkajs, writtenByKafkajs } from './kafkajs-codec.ts'

/** A record as text that is the same for all clients: numbers in decimal, bytes in hexadecimal. */
interface Told {
  readonly offset: string
  readonly timestamp: string
  readonly key: string | null
  readonly value: string | null
  readonly headers: readonly (readonly [string, string | null])[]
}

type Comparison = (runs: number) => Promise<void>

const BASE_OFFSET = 5_000_000_000

/** kafkajs asks whether a header is there already by a plain object, and finds what every object has. */
const hasPlainNames = ({ headers }: EncodableRecord): boolean => headers.every(({ key }) => !(key in Object.prototype))

/** What kafkajs can write: a header once, and with a value. */
const forKafkajs = arbitraryRecord.filter(hasPlainNames).map((record) => ({
  ...record,
  headers: [...new Map(record.headers.map((header) => [header.key, header])).values()].filter(
    ({ value }) => value !== null,
  ),
}))

/** What @platformatic/kafka writes rightly: its varints of 64 bits lose what is farther than 2^31 from zero. */
const forPlatformatic = arbitraryRecord.map((record) => ({
  ...record,
  timestamp: 1_700_000_000_000 + (record.timestamp % 100_000),
}))

const someOf = (record: fc.Arbitrary<EncodableRecord>): fc.Arbitrary<readonly EncodableRecord[]> =>
  fc.array(record, { minLength: 1, maxLength: 12 })

/** Every comparison of our record batches with those of another client. Each throws as fast-check does, with seed and path. */
export const COMPARISONS: Readonly<Record<string, Comparison>> = {
  'kafkajs reads what we write, batch after batch, and leaves the one that is cut off': (runs) =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(someOf(arbitraryRecord.filter(hasPlainNames)), arbitraryCodec), {
          minLength: 1,
          maxLength: 3,
        }),
        fc.nat(),
        async (batches, cut) => {
          const bytes = rowOf(batches)
          const last = encodeRecordBatch({ baseOffset: 2 ** 40, records: [ONE], codec: 'none' })
          const torn = Buffer.concat([bytes, last.subarray(0, cut % last.length)])
          assert.deepEqual((await readByKafkajs(torn)).map(toldByKafkajs), toldByUs(torn).map(grouped))
        },
      ),
      { numRuns: runs },
    ),
  'we read what kafkajs writes': (runs) =>
    fc.assert(
      fc.asyncProperty(someOf(forKafkajs), arbitraryCodec, async (records, codec) => {
        const bytes = await writtenByKafkajs(records, { codec, baseOffset: BASE_OFFSET })
        assert.deepEqual(toldByUs(bytes).map(grouped), expected(records, BASE_OFFSET).map(grouped))
        assert.deepEqual((await readByKafkajs(bytes)).map(toldByKafkajs), toldByUs(bytes).map(grouped))
      }),
      { numRuns: runs },
    ),
  '@platformatic/kafka reads what we write': (runs) =>
    fc.assert(
      fc.asyncProperty(fc.array(arbitraryRecord, { maxLength: 12 }), arbitraryCodec, async (records, codec) => {
        const bytes = Buffer.from(encodeRecordBatch({ baseOffset: BASE_OFFSET, records, codec }))
        assert.deepEqual(toldByPlatformatic(bytes), toldByUs(bytes))
      }),
      { numRuns: runs },
    ),
  'we read what @platformatic/kafka writes': (runs) =>
    fc.assert(
      fc.asyncProperty(someOf(forPlatformatic), arbitraryCodec, async (records, codec) => {
        const bytes = writtenByPlatformatic(records, codec)
        assert.deepEqual(toldByUs(bytes), toldByPlatformatic(bytes))
        assert.deepEqual(
          toldByUs(bytes).map(({ value }) => value),
          records.map(({ value }) => hex(value)),
        )
      }),
      { numRuns: runs },
    ),
}

/** What a comparison came to. */
export interface ComparisonResult {
  readonly name: string
  readonly runs: number
  /** What fast-check says of the smallest records that differ; `undefined` where none do. */
  readonly difference: string | undefined
}

/** Runs every comparison so many times. */
export async function compareClients(runs: number): Promise<readonly ComparisonResult[]> {
  const results: ComparisonResult[] = []
  for (const [name, compare] of Object.entries(COMPARISONS)) {
    try {
      await compare(runs)
      results.push({ name, runs, difference: undefined })
    } catch (error) {
      results.push({ name, runs, difference: error instanceof Error ? error.message : String(error) })
    }
  }
  return results
}

/** The results for people. */
export function printComparisons(results: readonly ComparisonResult[]): string {
  return results
    .map(
      ({ name, runs, difference }) =>
        `${difference === undefined ? 'same' : 'DIFFERENT'} in ${runs} runs: ${name}${difference === undefined ? '' : `\n${difference}`}`,
    )
    .join('\n')
}

const ONE: EncodableRecord = { timestamp: 1, key: null, value: null, headers: [] }

function rowOf(batches: readonly (readonly [readonly EncodableRecord[], Codec])[]): Buffer {
  let baseOffset = BASE_OFFSET
  return Buffer.concat(
    batches.map(([records, codec]) => {
      const batch = encodeRecordBatch({ baseOffset, records, codec })
      baseOffset += records.length
      return batch
    }),
  )
}

function toldByUs(bytes: Uint8Array): readonly Told[] {
  const chunk = new EncodedChunk({ place: { topic: 'events', partition: 0 }, bytes, offset: 0, filter: undefined })
  const told: Told[] = []
  for (let view = chunk.next(undefined); view !== undefined; view = chunk.next(undefined)) {
    const { buffer, offsets, timestamps, keyStarts, keyLengths, valueStarts, valueLengths } = view
    const part = (start: number, length: number): string | null =>
      length < 0 ? null : hex(buffer.subarray(start, start + length))
    for (let i = 0; i < view.count; i++) {
      told.push({
        offset: String(offsets[i]),
        timestamp: String(timestamps[i]),
        key: part(keyStarts[i]!, keyLengths[i]!),
        value: part(valueStarts[i]!, valueLengths[i]!),
        headers: headersOf(view, i).map(({ key, value }) => [key, hex(value)]),
      })
    }
  }
  return told
}

function toldByKafkajs({ offset, timestamp, key, value, headers }: KafkajsRecord): Told {
  const pairs = Object.entries(headers).flatMap(([name, values]) =>
    // kafkajs makes an array only of values that repeat.
    (Array.isArray(values) ? (values as readonly (Buffer | null)[]) : [values as Buffer | null]).map(
      (one) => [name, hex(one)] as const,
    ),
  )
  return grouped({ offset, timestamp, key: hex(key), value: hex(value), headers: pairs })
}

function toldByPlatformatic(bytes: Buffer): readonly Told[] {
  const { firstOffset, firstTimestamp, records } = readRecordsBatch(Reader.from(bytes))
  return records.map(({ offsetDelta, timestampDelta, key, value, headers }: KafkaRecord) => ({
    offset: String(firstOffset + BigInt(offsetDelta)),
    timestamp: String(firstTimestamp + timestampDelta),
    key: hex(key),
    value: hex(value),
    headers: headers.map(([name, content]) => [String(name), hex(content)] as const),
  }))
}

function writtenByPlatformatic(records: readonly EncodableRecord[], codec: Codec): Buffer {
  const messages = records.map(({ timestamp, key, value, headers }) => ({
    topic: 'events',
    timestamp: BigInt(timestamp),
    // The types know no null, the code does.
    key: (key === null ? null : Buffer.from(key)) as Buffer,
    value: (value === null ? null : Buffer.from(value)) as Buffer,
    headers: new Map(headers.map((header) => [Buffer.from(header.key), Buffer.from(header.value ?? '')])),
  }))
  return createRecordsBatch(messages, { compression: codec }).buffer
}

function expected(records: readonly EncodableRecord[], baseOffset: number): readonly Told[] {
  return records.map(({ timestamp, key, value, headers }, i) => ({
    offset: String(baseOffset + i),
    timestamp: String(timestamp),
    key: hex(key),
    value: hex(value),
    headers: headers.map((header) => [Buffer.from(header.key).toString(), hex(header.value)]),
  }))
}

/** Headers by name, as an object keeps them: their order is lost, that of values of one name is not. */
function grouped(record: Told): Told {
  return { ...record, headers: record.headers.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)) }
}

function hex(value: Uint8Array | string | null): string | null {
  return value === null ? null : Buffer.from(value).toString('hex')
}
