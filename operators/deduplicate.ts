// hot path
import type { Batch } from '../core/model/batch.ts'
import { type Duration, durationMs } from '../core/model/duration.ts'
import { MillraceError } from '../core/model/errors.ts'
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
import type { Spillable } from '../core/ports/spill.ts'
import { ExactTimes } from './deduplicate/exact-times.ts'
import { HashedTimes } from './deduplicate/hashed-times.ts'
import type { KeptTimes } from './deduplicate/kept-times.ts'
import { checkKeyFields, type KeyOption, keyPlanValue, keySelector } from './key-option.ts'

/** What {@link deduplicate} takes. */
export interface DeduplicateOptions<T> {
  /** The fields, or a function of the record, that make two records the same. */
  readonly key: KeyOption<T>
  /** How long after a kept record, in event time, records of its key are duplicates. */
  readonly ttl: Duration
  /**
   * Keeps the bytes of each key and compares them, so that different keys are never taken for the same. Takes about 40 to 80 bytes per
   * key and the key itself, all in memory (`stateMemory`). A stored state does not go from one mode to the other. Default false.
   */
  readonly exact?: boolean
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
 * probability of about n² / 2^129, 1.5·10^-21 for a billion; with `exact` never. State is about 32 to 70 bytes per key seen within 2·ttl, and
 * two bytes for those that were moved to disk (run option `stateMemory`).
 *
 * @example
 * from('orders', source).pipe(deduplicate({ key: ['order_id', 'region'], ttl: '24h' }))
 */
export function deduplicate<T>(options: DeduplicateOptions<NoInfer<T>>): OperatorFunction<T, T> {
  const spec = specOf(options)
  return (upstream) => upstream.append<T>(spec)
}

function specOf<T>(options: DeduplicateOptions<T>): OperatorSpec {
  refuseUnknownKeys('deduplicate', options, ['key', 'ttl', 'exact', 'id'])
  const ttlMs = durationMs('deduplicate: ttl', options.ttl)
  const exchange = keySelector('deduplicate', options.key)
  const isExact = isExactOf(options.exact)
  return {
    name: 'deduplicate',
    id: options.id,
    options: { key: keyPlanValue(exchange), ttlMs, ...(isExact ? { exact: true } : {}) },
    stateOptions: ['exact'],
    exchange,
    stateful: true,
    bind(input: Schema): BoundOperator {
      checkKeyFields(exchange, input)
      const keptBy = (context: OperatorContext) =>
        isExact ? new ExactTimes(exchange, context) : new HashedTimes(context)
      return { output: input, create: (context) => new Deduplication(ttlMs, keptBy(context)) }
    },
  }
}

function isExactOf(exact: unknown): boolean {
  if (exact === undefined || typeof exact === 'boolean') return exact === true
  throw new MillraceError('MR_OPTION_INVALID', 'deduplicate: exact must be true or false')
}

/** Lookups whose places are read in advance. */
const READ_AHEAD = 256

class Deduplication implements Operator {
  readonly #ttl: number
  readonly #kept: KeptTimes
  #watermark = Number.NEGATIVE_INFINITY
  /** Rows of the batch under way. */
  #keptRows = new Int32Array(0)
  #late = new Int32Array(0)
  #lateCount = 0

  constructor(ttl: number, kept: KeptTimes) {
    this.#ttl = ttl
    this.#kept = kept
  }

  get horizon(): number {
    return this.#watermark - 2 * this.#ttl
  }

  get stateBytes(): number {
    return this.#kept.stateBytes
  }

  get spillable(): Spillable | undefined {
    return this.#kept.spillable
  }

  onBatch(batch: Batch, output: Output): void {
    const rows = batch.selectedRows()
    if (this.#keptRows.length < rows.length) this.#makeRoom(rows.length)
    this.#kept.begin(batch)
    const keptCount = this.#judge(batch, rows)
    this.#kept.end()
    const lateCount = this.#lateCount
    const duplicates = rows.length - keptCount - lateCount
    if (lateCount > 0) output.reject(batch, this.#late.slice(0, lateCount), lateness(this.#watermark, this.#ttl))
    if (duplicates > 0) output.drop('duplicate', duplicates)
    if (keptCount === rows.length && keptCount > 0) output.emit(batch)
    else if (keptCount > 0) output.emit(batch.select(this.#keptRows.subarray(0, keptCount)))
  }

  /**
   * Sorts rows into kept and late; how many are kept. A function of its own: V8 enters it in the midst of its loop, and
   * what followed that would be slow.
   */
  #judge(batch: Batch, rows: Int32Array): number {
    const times = batch.system.eventTimes
    const oldest = this.#watermark - this.#ttl
    const kept = this.#keptRows
    let keptCount = 0
    this.#lateCount = 0
    for (let i = 0; i < rows.length; i++) {
      if (i % READ_AHEAD === 0) this.#kept.readAhead(rows, i, Math.min(rows.length, i + READ_AHEAD))
      const row = rows[i]!
      const time = times[row]!
      if (time < oldest) this.#late[this.#lateCount++] = row
      else if (!this.#isDuplicate(this.#kept.timeOf(row, i), time)) {
        this.#kept.keep(row, time)
        kept[keptCount++] = row
      }
    }
    return keptCount
  }

  #makeRoom(rows: number): void {
    this.#keptRows = new Int32Array(2 * rows)
    this.#late = new Int32Array(2 * rows)
  }

  onWatermark(time: number): void {
    if (!(time > this.#watermark)) return
    this.#watermark = time
    this.#kept.dropBefore(this.horizon)
  }

  snapshot(): readonly StateBlock[] {
    return this.#kept.snapshot()
  }

  restore(block: StateBlock, followingBytes?: number): void {
    this.#kept.load(block, followingBytes)
  }

  /**
   * Whether a kept record with time `first` makes one with `time` a duplicate. A forgotten entry may still be there; it must not
   * count, else the outcome would hang on when memory is freed.
   */
  #isDuplicate(first: number, time: number): boolean {
    return first >= this.horizon && time <= first + this.#ttl
  }
}

function lateness(watermark: number, ttl: number) {
  const message = `the event time is more than the ttl of ${ttl} ms before the watermark ${watermark}`
  return { code: 'MR_RECORD_LATE', message } as const
}
