// hot path
import type { Batch } from '../core/model/batch.ts'
import { type Duration, durationMs } from '../core/model/duration.ts'
import type { Schema } from '../core/model/field-type.ts'
import { refuseUnknownKeys } from '../core/model/nearest.ts'
import type {
  BoundOperator,
  Operator,
  OperatorContext,
  OperatorFunction,
  OperatorSpec,
  Output,
  StateBlock,
} from '../core/ports/operator.ts'
import type { Spillable, SpillChange } from '../core/ports/spill.ts'
import { FingerprintTable } from '../core/state/fingerprint-table.ts'
import { checkKeyFields, type KeyOption, keyPlanValue, keySelector, keysOf } from './key-option.ts'

/** What {@link deduplicate} takes. */
export interface DeduplicateOptions<T> {
  /** The fields, or a function of the record, that make two records the same. */
  readonly key: KeyOption<T>
  /** How long after a kept record, in event time, records of its key are duplicates. */
  readonly ttl: Duration
  /** Stable name of its state. */
  readonly id?: string
}

/**
 * Keeps the first record of each key and drops the others within `ttl` of it, in event time, counted as `duplicate`.
 *
 * Exactly, for a record with event time t, at watermark w (−∞ before the first one): t < w − ttl is late and goes to
 * the dead letters (`MR_RECORD_LATE`). Else, if the key has a kept record with time t1 and t ≤ t1 + ttl, it is a
 * duplicate, also where t lies before t1. Else it is kept and the key's time becomes t. So the first one processed
 * wins, and duplicates do not prolong the `ttl`. A time t1 < w − 2·ttl is forgotten: no record that is not late could
 * still match it. Order is kept.
 *
 * Keys are told apart by a 128-bit hash, seeded per pipeline: two different ones among n live keys are taken for the same with a
 * probability of about n² / 2^129, 1.5·10^-21 for a billion. State is about 32 to 70 bytes per key seen within 2·ttl, and two bytes
 * for those that were moved to disk (run option `stateMemory`).
 *
 * @example
 * from('orders', source).pipe(deduplicate({ key: ['order_id', 'region'], ttl: '24h' }))
 */
export function deduplicate<T>(options: DeduplicateOptions<NoInfer<T>>): OperatorFunction<T, T> {
  const spec = specOf(options)
  return (upstream) => upstream.append<T>(spec)
}

function specOf<T>(options: DeduplicateOptions<T>): OperatorSpec {
  refuseUnknownKeys('deduplicate', options, ['key', 'ttl', 'id'])
  const ttlMs = durationMs('deduplicate: ttl', options.ttl)
  const exchange = keySelector('deduplicate', options.key)
  return {
    name: 'deduplicate',
    id: options.id,
    options: { key: keyPlanValue(exchange), ttlMs },
    exchange,
    stateful: true,
    bind(input: Schema): BoundOperator {
      checkKeyFields(exchange, input)
      return { output: input, create: (context) => new Deduplication(ttlMs, context) }
    },
  }
}

/** Lookups whose places are read in advance. */
const READ_AHEAD = 256

class Deduplication implements Operator, Spillable {
  readonly #ttl: number
  readonly #table: FingerprintTable
  #watermark = Number.NEGATIVE_INFINITY
  /** Rows of the batch under way. */
  #kept = new Int32Array(0)
  #late = new Int32Array(0)
  #lateCount = 0
  /** Keeps reads ahead from being found useless. */
  #seen = 0

  constructor(ttl: number, { keyGroups, id }: OperatorContext) {
    this.#ttl = ttl
    this.#table = new FingerprintTable(keyGroups, id)
  }

  get horizon(): number {
    return this.#watermark - 2 * this.#ttl
  }

  get stateBytes(): number {
    return this.#table.sizeBytes
  }

  get spillable(): Spillable {
    return this
  }

  missing(batch: Batch): readonly string[] {
    return this.#table.missing(keysOf('deduplicate', batch), batch.selectedRows())
  }

  provide(pages: readonly Uint8Array[]): void {
    this.#table.provide(pages)
  }

  spill(bytes: number): SpillChange {
    return this.#table.spill(bytes)
  }

  toMerge(): readonly string[] {
    return this.#table.toMerge()
  }

  merge(pages: readonly Uint8Array[]): SpillChange {
    return this.#table.merge(pages)
  }

  onBatch(batch: Batch, output: Output): void {
    const rows = batch.selectedRows()
    if (this.#kept.length < rows.length) this.#makeRoom(rows.length)
    const keptCount = this.#judge(batch, rows)
    this.#table.endBatch()
    const lateCount = this.#lateCount
    const duplicates = rows.length - keptCount - lateCount
    if (lateCount > 0) output.reject(batch, this.#late.slice(0, lateCount), lateness(this.#watermark, this.#ttl))
    if (duplicates > 0) output.drop('duplicate', duplicates)
    if (keptCount === rows.length && keptCount > 0) output.emit(batch)
    else if (keptCount > 0) output.emit(batch.select(this.#kept.subarray(0, keptCount)))
  }

  /**
   * Sorts rows into kept and late; how many are kept. A function of its own: V8 enters it in the midst of its loop, and
   * what followed that would be slow.
   */
  #judge(batch: Batch, rows: Int32Array): number {
    const keys = keysOf('deduplicate', batch)
    const times = batch.system.eventTimes
    const oldest = this.#watermark - this.#ttl
    const kept = this.#kept
    let keptCount = 0
    this.#lateCount = 0
    for (let i = 0; i < rows.length; i++) {
      if (i % READ_AHEAD === 0) this.#readAhead(keys, rows, i)
      const row = rows[i]!
      const time = times[row]!
      if (time < oldest) this.#late[this.#lateCount++] = row
      else if (this.#keep(keys, row, time)) kept[keptCount++] = row
    }
    return keptCount
  }

  #readAhead(keys: Int32Array, rows: Int32Array, from: number): void {
    this.#seen ^= this.#table.readAhead(keys, rows, { from, to: Math.min(rows.length, from + READ_AHEAD) })
  }

  #makeRoom(rows: number): void {
    this.#kept = new Int32Array(2 * rows)
    this.#late = new Int32Array(2 * rows)
  }

  onWatermark(time: number): void {
    if (!(time > this.#watermark)) return
    this.#watermark = time
    this.#table.dropBefore(this.horizon)
  }

  snapshot(): readonly StateBlock[] {
    return this.#table.snapshot()
  }

  restore(block: StateBlock, followingBytes?: number): void {
    this.#table.load(block, followingBytes)
  }

  /** True where the record is the first of its key, which then counts from `time`. */
  #keep(keys: Int32Array, row: number, time: number): boolean {
    const at = 4 * row
    const group = this.#table.groupOf(keys, at)
    const position = group.lookup(keys, at)
    if (position < 0) {
      if (this.#isKept(this.#table.spilledTime(keys, at), time)) return false
      group.add(keys, at, time)
      return true
    }
    if (this.#isKept(group.timeAt(position), time)) return false
    group.put(keys, at, time)
    return true
  }

  /**
   * Whether a kept record with time `first` makes one with `time` a duplicate. A forgotten entry may still be there; it must not
   * count, else the outcome would hang on when memory is freed.
   */
  #isKept(first: number, time: number): boolean {
    return first >= this.horizon && time <= first + this.#ttl
  }
}

function lateness(watermark: number, ttl: number) {
  const message = `the event time is more than the ttl of ${ttl} ms before the watermark ${watermark}`
  return { code: 'MR_RECORD_LATE', message } as const
}
