// hot path
import type { Batch } from '../../core/model/batch.ts'
import { bytesAt, type Column, isValid, valueAt } from '../../core/model/column.ts'
import type { Schema } from '../../core/model/field-type.ts'
import { hashBytes } from '../../core/model/key-hash.ts'
import type { WriterContext } from '../../core/ports/sink.ts'
import { compileEncoder, type JsonEncoder } from '../../formats/json/encode-record.ts'

/** Seed of the hash that chooses partitions: fixed, so that a key stays in its partition for ever. */
const PARTITION_SEED = 0

const encoder = new TextEncoder()

export interface RowEncoderOptions {
  readonly context: Pick<WriterContext, 'splitOf' | 'reject'>
  readonly schema: Schema
  /** Field whose value becomes the key of a record and chooses its partition. */
  readonly key: string | undefined
  /** The timestamp of a record with this event time, whole ms. */
  timestampOf(eventTime: number): number
}

interface SplitName {
  readonly name: string
  readonly hash: number
}

/** Walks over rows of batches, which become records of a topic one at a time: what it shows is the last row that it read. */
export class RowEncoder {
  timestamp = 0
  /** Only lent, like the value. */
  key: Uint8Array | null = null
  /** The value is its first `length` bytes. */
  bytes: Uint8Array
  length = 0
  /** Chooses the partition: that of the key, or of the split where there is none. */
  hash = 0
  /** Name of the split that the row came from. */
  split = ''
  readonly #options: RowEncoderOptions
  readonly #encoder: JsonEncoder
  /** Where the fields stand whose values may have no JSON. */
  readonly #floats: readonly number[]
  readonly #hash = { out: new Int32Array(4), at: 0, seed: PARTITION_SEED }
  /** Name and hash of the splits met so far. */
  readonly #splits = new Map<number, SplitName>()

  constructor(options: RowEncoderOptions) {
    this.#options = options
    this.#encoder = compileEncoder(options.schema)
    this.bytes = this.#encoder.bytes
    this.#floats = options.schema.fields.flatMap(({ type }, index) => (type.kind === 'float64' ? [index] : []))
  }

  /** The column of the keys, for `read`. */
  keysOf(batch: Batch): Column | undefined {
    return this.#options.key === undefined ? undefined : batch.column(this.#options.key)
  }

  /** Reads a physical row; false where it was refused, as a value in it has no JSON. */
  read(batch: Batch, row: number, keys: Column | undefined): boolean {
    if (this.#isRefused(batch, row)) return false
    const { eventTimes, splits } = batch.system
    const split = this.#split(splits[row]!)
    const key = keys === undefined ? null : keyBytes(keys, row)
    this.timestamp = this.#options.timestampOf(eventTimes[row]!)
    this.key = key
    this.length = this.#encoder.overwrite(batch, row)
    this.bytes = this.#encoder.bytes
    this.hash = key === null ? split.hash : this.#hashOf(key)
    this.split = split.name
    return true
  }

  /** True where a value is NaN or infinite: JSON has no such numbers, and the reader would get another value. */
  #isRefused(batch: Batch, row: number): boolean {
    for (let i = 0; i < this.#floats.length; i++) {
      const index = this.#floats[i]!
      const column = batch.columns[index]!
      const value = column.values[row]!
      if (Number.isFinite(value) || !isValid(column, row)) continue
      const message = `field "${batch.schema.fields[index]!.name}" is ${value}, which JSON cannot say`
      this.#options.context.reject(batch, Int32Array.of(row), { code: 'MR_RECORD_RANGE', message })
      return true
    }
    return false
  }

  #split(index: number): SplitName {
    const known = this.#splits.get(index)
    if (known !== undefined) return known
    const name = index < 0 ? 'none' : this.#options.context.splitOf(index)
    const split = { name, hash: this.#hashOf(encoder.encode(name)) }
    this.#splits.set(index, split)
    return split
  }

  #hashOf(bytes: Uint8Array): number {
    hashBytes(bytes, this.#hash)
    return this.#hash.out[0]! >>> 0
  }
}

/** Text and bytes as they are, anything else as its text; null where there is no value. */
function keyBytes(column: Column, row: number): Uint8Array | null {
  if (!isValid(column, row)) return null
  if (column.offsets !== null) return bytesAt(column, row)
  return encoder.encode(String(valueAt(column, row)))
}
