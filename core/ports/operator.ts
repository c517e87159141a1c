import type { Batch } from '../model/batch.ts'
import type { Refusal } from '../model/dead-letter.ts'
import type { Schema } from '../model/field-type.ts'
import type { KeySelector } from '../model/key.ts'
import type { Spillable } from './spill.ts'

/** Plain data that describes options in the plan, its digest and its text. */
export type PlanValue = string | number | boolean | null | readonly PlanValue[] | { readonly [key: string]: PlanValue }

/** One run of changed entries of keyed state; append-only per operator, key group and epoch. */
export interface StateBlock {
  readonly keyGroup: number
  readonly bytes: Uint8Array
  /** Entries in it, for people. */
  readonly entries: number
}

/** Where an operator's results go. All calls are synchronous and valid only during the call that received the output. */
export interface Output {
  /** Lends a batch until the operator is called again: its columns and selection may lie in memory that serves again then. */
  emit(batch: Batch): void
  /** As {@link emit}, for records that the operator made of its state: they do not account for any of its input. */
  create(batch: Batch): void
  /** Counts records of the input that live on in the state, and in what will be made of it. */
  absorb(count: number): void
  /** Counts records that end here on purpose; `reason` is a stable word such as `filtered` or `duplicate`. */
  drop(reason: string, count: number): void
  /** Sends the physical rows `rows` of `batch` to the dead letters and counts them under `code`. */
  reject(batch: Batch, rows: Int32Array, why: Refusal): void
}

/** What an operator instance gets from its task. */
export interface OperatorContext {
  /** Stable id of the operator. */
  readonly id: string
  /** Number of key groups, a power of two. */
  readonly keyGroups: number
  /** Name of a split by its index. */
  splitOf(index: number): string
  /** Event time that its input had reached in the checkpoint that its state is restored from; −∞ for a first start. */
  readonly watermark: number
  /** Decided once per epoch and stored with it: a replay sees the same value. Epoch ms. */
  now(): number
}

/**
 * One operator in one task. Synchronous; called by one thread; forwards nothing but its own results: the chain passes
 * watermarks and barriers on after the operator saw them.
 */
export interface Operator {
  onBatch(batch: Batch, output: Output): void
  /** Event time advanced to `time` (epoch ms). */
  onWatermark(time: number, output: Output): void
  /** A timer asked for earlier is due. */
  onTimer?(time: number, output: Output): void
  /**
   * Called at a barrier: hands over what changed since the last call (≤ 5 ms; the caller owns the bytes, and seals the blocks)
   * and goes on.
   * Stateless operators return an empty list.
   */
  snapshot(): readonly StateBlock[]
  /**
   * Called before the first batch, once per stored block, oldest first within a key group. The bytes are only lent. `followingBytes`:
   * what the later blocks of the key group have, to make room for at once; where that is much, a part of it.
   */
  restore(block: StateBlock, followingBytes?: number): void
  /**
   * Entries of stored blocks whose time is below this no longer matter; the background merge may leave them out.
   * −Infinity: keep all.
   */
  readonly horizon: number
  /** Memory that its state takes, bytes; absent where it keeps none. Cheap enough to be asked for at every barrier. */
  readonly stateBytes?: number
  /** Its state, where it can leave memory. The operator comes first behind an exchange then, so that its task can load what is missing. */
  readonly spillable?: Spillable | undefined
  /** How far event times of what it makes may be behind its own watermark, ms: the watermark of its output is held back so. Default 0. */
  readonly outputDelayMs?: number
}

/** An operator bound to the schema of its input. */
export interface BoundOperator {
  readonly output: Schema
  create(context: OperatorContext): Operator
}

/** The description of an operator in the logical plan. */
export interface OperatorSpec {
  /** The field's standard word for what it does: `filter`, `deduplicate`, … */
  readonly name: string
  /** Given by the user, else derived from name and position and then pinned in the plan. */
  readonly id: string | undefined
  /** Options as plain data, with the source text of functions: they belong to the plan digest. */
  readonly options: PlanValue
  /** Names of those options that stored state depends on: with another value it would be misread. */
  readonly stateOptions?: readonly string[]
  /** Records with equal keys must meet in one task: the planner puts an exchange in front. */
  readonly exchange: KeySelector | undefined
  readonly stateful: boolean
  /** Fields may come out with other values under the same names: the stream is not keyed any more. */
  readonly replacesFields?: boolean
  /** `key`: what the stream is keyed by, if it is. Checks field names and types; throws `MR_FIELD_UNKNOWN`, `MR_OPTION_INVALID`. */
  bind(input: Schema, key?: KeySelector): BoundOperator
}

declare const recordType: unique symbol

/** A stream while the graph is built; `T` is the type of its records. */
export interface Upstream<T> {
  readonly schema: Schema
  readonly [recordType]?: T
  append<R>(spec: OperatorSpec): Upstream<R>
}

/** What `pipe` takes: a typed step from one stream to the next. */
export type OperatorFunction<T, R> = (upstream: Upstream<T>) => Upstream<R>
