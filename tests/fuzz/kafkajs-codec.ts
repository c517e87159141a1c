import { createRequire } from 'node:module'
import { CODECS, type Codec, compress, decompress } from '../../formats/record-batch/compression.ts'
import type { EncodableRecord } from '../../formats/record-batch/encode.ts'

// kafkajs's own encoder and decoder of record batches, which it does not export. Version 2.2.4 is pinned and frozen.

const require = createRequire(import.meta.url)
const MOST_BYTES = 2 ** 24

/** What kafkajs writes into. */
interface Encoder {
  readonly buffer: Buffer
}

/** A record as kafkajs reads it; a header that repeats has its values in an array. */
export interface KafkajsRecord {
  readonly offset: string
  readonly timestamp: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, Buffer | null | readonly (Buffer | null)[]>>
  readonly isControlRecord: boolean
}

interface Kafkajs {
  readonly Decoder: new (bytes: Buffer) => object
  readonly decodeMessages: (decoder: object) => Promise<readonly KafkajsRecord[]>
  readonly record: (of: object) => Encoder
  readonly recordBatch: (of: object) => Promise<Encoder>
  readonly messageSet: (of: object) => Encoder
}

/** kafkajs inflates gzip itself and gets our snappy, lz4 and zstd as a user would give it others. */
export function kafkajs(): Kafkajs {
  const { CompressionCodecs } = require('kafkajs') as { readonly CompressionCodecs: Record<number, unknown> }
  for (const codec of ['snappy', 'lz4', 'zstd'] as const)
    CompressionCodecs[CODECS.indexOf(codec)] = () => pluggedIn(codec)
  const inside = (path: string): unknown => require(`kafkajs/src/protocol/${path}`)
  // What these modules of the pinned version export.
  return {
    Decoder: inside('decoder'),
    decodeMessages: inside('requests/fetch/v4/decodeMessages'),
    record: inside('recordBatch/record/v0'),
    recordBatch: (inside('recordBatch/v0') as { readonly RecordBatch: unknown }).RecordBatch,
    messageSet: inside('messageSet'),
  } as Kafkajs
}

function pluggedIn(codec: Codec): object {
  return {
    compress: async ({ buffer }: Encoder) => Buffer.from(compress(codec, buffer)),
    decompress: async (bytes: Buffer) => Buffer.from(decompress(codec, bytes, { maxBytes: MOST_BYTES })),
  }
}

/** The records of batches that follow each other, as kafkajs reads them from a fetch. */
export function readByKafkajs(batches: Uint8Array): Promise<readonly KafkajsRecord[]> {
  const { Decoder, decodeMessages } = kafkajs()
  const size = Buffer.alloc(4)
  size.writeInt32BE(batches.length)
  return decodeMessages(new Decoder(Buffer.concat([size, batches])))
}

/** One batch as kafkajs's producer makes it; its headers have names that differ and values that are no null. */
export async function writtenByKafkajs(
  records: readonly EncodableRecord[],
  of: { readonly codec: Codec; readonly baseOffset: number },
): Promise<Buffer> {
  const { record, recordBatch } = kafkajs()
  const firstTimestamp = records[0]?.timestamp ?? 0
  const { buffer } = await recordBatch({
    compression: CODECS.indexOf(of.codec),
    firstOffset: of.baseOffset,
    firstTimestamp,
    maxTimestamp: Math.max(...records.map(({ timestamp }) => timestamp)),
    lastOffsetDelta: records.length - 1,
    records: records.map(({ timestamp, key, value, headers }, i) =>
      record({
        offsetDelta: i,
        timestampDelta: timestamp - firstTimestamp,
        key: key === null ? null : Buffer.from(key),
        value: value === null ? null : Buffer.from(value),
        headers: Object.fromEntries(headers.map((header) => [header.key, Buffer.from(header.value ?? '')])),
      }),
    ),
  })
  return buffer
}
