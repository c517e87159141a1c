import { constants, gunzipSync, gzipSync, type ZstdOptions, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { corrupt, tooLarge, unsupported } from './batch-errors.ts'
import { ATTRIBUTE } from './layout.ts'
import { deflateLz4, inflateLz4 } from './lz4.ts'
import { deflateSnappy, inflateSnappy } from './snappy.ts'

/** The codecs of Kafka, at the place of their number in a batch's attributes. */
export const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

/** How the records of a batch are compressed. */
export type Codec = (typeof CODECS)[number]

/** A zstd frame may ask for a window before it inflates anything: 8 MiB as RFC 8878 advises, never over zstd's 128 MiB. */
const ZSTD_WINDOW_LOG = { least: 23, most: 27 } as const

/** Places in an inflated batch are 32-bit numbers. */
const LARGEST_INFLATED_BYTES = 2 ** 31 - 1

/** The codec that a batch's attributes name; an unknown number is MR_RECORD_BATCH_UNSUPPORTED. */
export function codecOf(attributes: number): Codec {
  const number = attributes & ATTRIBUTE.codec
  const codec = CODECS[number]
  if (codec === undefined) throw unsupported(`codec ${number} is not known`, { codec: number })
  return codec
}

/** Compresses as Java's producer does with its default levels; `none` returns the same bytes, not a copy. */
export function compress(codec: Codec, bytes: Uint8Array): Uint8Array {
  switch (codec) {
    case 'none':
      return bytes
    case 'gzip':
      return gzipSync(bytes)
    case 'snappy':
      return deflateSnappy(bytes)
    case 'lz4':
      return deflateLz4(bytes)
    case 'zstd':
      return zstdCompressSync(bytes)
    default:
      return unknownCodec(codec)
  }
}

/** What inflating may take. */
export interface InflateLimits {
  readonly maxBytes: number
  /** Memory that serves again: lz4 inflates into it where it is large enough, and it then belongs to the result. */
  readonly memory?: ArrayBufferLike | undefined
}

/**
 * Inflates to at most `maxBytes`, else MR_RECORD_BATCH_TOO_LARGE: lz4 and snappy are measured before anything is
 * allocated, gzip and zstd stop as soon as the limit is passed. `none` returns the same bytes, not a copy.
 *
 * @example
 * decompress('zstd', compress('zstd', bytes), { maxBytes: 64 * 1024 * 1024 })
 */
export function decompress(codec: Codec, bytes: Uint8Array, { maxBytes, memory }: InflateLimits): Uint8Array {
  const limit = Math.max(1, Math.min(maxBytes, LARGEST_INFLATED_BYTES))
  switch (codec) {
    case 'none':
      return bytes
    case 'gzip':
      return inflateWithNode(codec, () => gunzipSync(bytes, { maxOutputLength: limit }))
    case 'snappy':
      return inflateSnappy(bytes, limit)
    case 'lz4':
      return inflateLz4(bytes, limit, memory)
    case 'zstd':
      return inflateWithNode(codec, () => zstdDecompressSync(bytes, zstdOptions(limit)))
    default:
      return unknownCodec(codec)
  }
}

function zstdOptions(maxBytes: number): ZstdOptions {
  const wanted = Math.ceil(Math.log2(maxBytes))
  const windowLog = Math.min(ZSTD_WINDOW_LOG.most, Math.max(ZSTD_WINDOW_LOG.least, wanted))
  return { maxOutputLength: maxBytes, params: { [constants.ZSTD_d_windowLogMax]: windowLog } }
}

function inflateWithNode(codec: Codec, inflate: () => Uint8Array): Uint8Array {
  try {
    return inflate()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    const isLimit = code === 'ERR_BUFFER_TOO_LARGE' || code === 'ZSTD_error_frameParameter_windowTooLarge'
    if (isLimit) throw tooLarge(`its ${codec} data passes the limit`, { codec }, error)
    throw corrupt(`its ${codec} data cannot be inflated`, { codec }, error)
  }
}

function unknownCodec(codec: never): never {
  throw unsupported(`codec ${String(codec)} is not known`, { codec })
}
