import { CODECS, type Codec, compress } from '../../formats/record-batch/compression.ts'
import { decodeRecordBatch } from '../../formats/record-batch/decode.ts'
import { type EncodableRecord, encodeRecordBatch, type RecordBatchInput } from '../../formats/record-batch/encode.ts'
import { AT, dataViewOf, LENGTH_COUNTS_FROM } from '../../formats/record-batch/layout.ts'
import { VarintReader } from '../../formats/record-batch/varint-reader.ts'
import { batchAround, repairCrc, seededNumbers, utf8 } from '../formats/record-batch/batches.ts'
import { JAVA_BATCHES } from '../formats/record-batch/java-batches.ts'

/** A valid batch to make hostile ones from. */
export interface Sample {
  readonly codec: Codec
  readonly batch: Uint8Array
  /** The records inflated, without the header. */
  readonly plain: Uint8Array
  /** Where the varints of `plain` begin. */
  readonly varints: readonly number[]
  /** Where its records begin, and their end. */
  readonly borders: readonly number[]
  /** It costs much or is always refused, so that it is taken rarely. */
  readonly isRare: boolean
}

/** What the fuzzer lets a batch inflate to; bombs hold more. */
export const MOST_INFLATED_BYTES = 262_144
const BOMB_BYTES = 1_048_576
const CORRECT_SIZE = { maxInflatedBytes: 2 * BOMB_BYTES }
const NOW = 1_700_000_000_000

type Shape = Omit<RecordBatchInput, 'codec' | 'baseOffset'> & { readonly isRare?: boolean }

/** Batches of our encoder in every shape and codec, those of Java, what only others write, and bombs. */
export function samples(): readonly Sample[] {
  const ours = Object.values(shapes()).flatMap((shape) =>
    CODECS.map((codec) => sampleOf(encodeRecordBatch({ ...shape, codec, baseOffset: 40 }), codec, shape.isRare)),
  )
  const java = Object.entries(JAVA_BATCHES).map(([name, text]) =>
    sampleOf(Buffer.from(text, 'base64'), CODECS.find((codec) => codec === name) ?? 'none'),
  )
  const raw = ours.filter(({ codec, plain }) => codec === 'snappy' && plain.length < 32_768).map(withRawSnappy)
  const gaps = ours.filter(({ codec }) => codec === 'none' || codec === 'lz4').map(compacted)
  return [...ours, ...java, ...raw, ...gaps, ...CODECS.slice(1).map(bomb)]
}

function shapes(): Record<string, Shape> {
  const random = seededNumbers(7)
  const noise = (length: number): Uint8Array => Uint8Array.from({ length }, () => random(256))
  return {
    one: { records: [record({ value: utf8('{"id":1}') })] },
    mixed: { records: Array.from({ length: 12 }, (_, i) => mixedRecord(i)) },
    headers: {
      records: [record({ headers: Array.from({ length: 9 }, (_, i) => ({ key: `h${i % 4}`, value: noise(i) })) })],
    },
    times: { records: [NOW, NOW - 5, -(2 ** 51), 2 ** 51, 0].map((timestamp) => record({ timestamp })) },
    noise: { records: [1, 70, 300].map((length) => record({ key: noise(8), value: noise(length) })) },
    repeated: {
      records: [record({ value: utf8('{"id":7,"note":"na"}'.repeat(40)) }), record({ value: new Uint8Array(900) })],
    },
    transactional: {
      records: [0, 1, 2].map(mixedRecord),
      isTransactional: true,
      producerId: 4711n,
      producerEpoch: 3,
      baseSequence: 17,
    },
    abort: marker(0),
    commit: marker(1),
    empty: { records: [] },
    many: { records: Array.from({ length: 500 }, (_, i) => mixedRecord(i)), isRare: true },
    large: {
      records: [record({ value: noise(40_000) }), record({ value: utf8('large '.repeat(9_000)) })],
      isRare: true,
    },
  }
}

function record(fields: Partial<EncodableRecord>): EncodableRecord {
  return { timestamp: NOW, key: null, value: null, headers: [], ...fields }
}

function mixedRecord(i: number): EncodableRecord {
  return record({
    timestamp: NOW + i * 977,
    key: i % 4 === 0 ? null : utf8(`user-${i}`),
    value: i % 5 === 0 ? null : utf8(`{"id":${i},"note":"größe ${'na'.repeat(i % 30)}"}`),
    headers:
      i % 3 === 0
        ? [
            { key: 'trace', value: `${i}` },
            { key: 'größe', value: null },
          ]
        : [],
  })
}

/** What ends a transaction: a key of version and type, a value of version and coordinator. */
function marker(type: 0 | 1): Shape {
  const records = [record({ key: Uint8Array.of(0, 0, 0, type), value: new Uint8Array(6) })]
  return { records, isControl: true, isTransactional: true, producerId: 4711n, producerEpoch: 3 }
}

function sampleOf(batch: Uint8Array, codec: Codec, isRare = false): Sample {
  const { buffer, count } = decodeRecordBatch(batch, 0, CORRECT_SIZE)
  const plain = Uint8Array.from(buffer)
  return { codec, batch, plain, isRare, ...placesIn(plain, count) }
}

function placesIn(plain: Uint8Array, count: number): Pick<Sample, 'varints' | 'borders'> {
  const reader = new VarintReader(plain)
  const varints: number[] = []
  const borders = [0]
  const note = (): void => {
    varints.push(reader.position)
  }
  for (let i = 0; i < count; i++) {
    note()
    const end = reader.readInt() + reader.position
    reader.position++
    for (const read of ['readLong', 'readInt', 'skipSized', 'skipSized'] as const) {
      note()
      reader[read]()
    }
    note()
    for (let parts = 2 * reader.readInt(); parts > 0; parts--) {
      note()
      reader.skipSized()
    }
    borders.push(end)
  }
  return { varints, borders }
}

/** The one block inside xerial's framing, as librdkafka writes it. */
function withRawSnappy(sample: Sample): Sample {
  const FRAMING_BYTES = 20
  return { ...sample, batch: withRecords(sample.batch, sample.batch.subarray(AT.records + FRAMING_BYTES)) }
}

/** The range of offsets is wider than the records, as compaction leaves it. */
function compacted(sample: Sample): Sample {
  const batch = Uint8Array.from(sample.batch)
  const view = dataViewOf(batch)
  view.setInt32(AT.lastOffsetDelta, view.getInt32(AT.lastOffsetDelta) + 9)
  repairCrc(batch)
  return { ...sample, batch }
}

function bomb(codec: Codec): Sample {
  const plain = new Uint8Array(BOMB_BYTES)
  const batch = batchAround(compress(codec, plain), { codec: CODECS.indexOf(codec), count: 1 })
  return { codec, batch, plain: plain.subarray(0, 64), varints: [0], borders: [0, 64], isRare: true }
}

/** The header of a batch before other records, its length and CRC made right. */
export function withRecords(batch: Uint8Array, section: Uint8Array): Uint8Array {
  const whole = new Uint8Array(AT.records + section.length)
  whole.set(batch.subarray(0, AT.records))
  whole.set(section, AT.records)
  mendFrame(whole)
  return whole
}

/** Makes length and CRC of the batch that is all of these bytes right again. */
export function mendFrame(bytes: Uint8Array): void {
  if (bytes.length <= AT.attributes) return
  dataViewOf(bytes).setInt32(AT.batchLength, bytes.length - LENGTH_COUNTS_FROM)
  repairCrc(bytes)
}
