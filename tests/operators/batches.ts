import assert from 'node:assert/strict'
import { appendValue } from '../../core/model/append-value.ts'
import { Batch } from '../../core/model/batch.ts'
import { ColumnBuilder } from '../../core/model/column-builder.ts'
import { NO_WATERMARK } from '../../core/model/control.ts'
import type { FieldValue, Schema } from '../../core/model/field-type.ts'
import type { KeySelector } from '../../core/model/key.ts'
import type { Operator, OperatorFunction, OperatorSpec, Output, Upstream } from '../../core/ports/operator.ts'

export type Fields = Readonly<Record<string, FieldValue>>

/** A record of a test: its fields and its place. A dead one is in the batch, but not selected. */
export interface TestRecord {
  readonly fields: Fields
  readonly time: number
  readonly offset: number
  readonly isDead?: boolean
}

/** A batch of records, all of split 3. */
export function batchOf(schema: Schema, records: readonly TestRecord[]): Batch {
  const columns = schema.fields.map(({ name, type }) => {
    const builder = new ColumnBuilder(type)
    for (const { fields } of records) appendValue(builder, fields[name])
    return builder.finish()
  })
  const living = records.flatMap(({ isDead }, row) => (isDead === true ? [] : [row]))
  const system = {
    eventTimes: Float64Array.from(records, ({ time }) => time),
    splits: new Int32Array(records.length).fill(3),
    offsets: Float64Array.from(records, ({ offset }) => offset),
    keys: null,
  }
  const selection = living.length === records.length ? null : Int32Array.from(living)
  return new Batch({ schema, columns, rows: records.length, selection, system })
}

/** A batch of living records with these fields. */
export function batchOfFields(schema: Schema, rows: readonly Fields[]): Batch {
  return batchOf(
    schema,
    rows.map((fields, offset) => ({ fields, time: 1_000 + offset, offset })),
  )
}

/** The spec that an operator function appends to a stream of this schema, keyed by `key`. */
export function specOf<T, R>(schema: Schema, operator: OperatorFunction<T, R>, key?: KeySelector): OperatorSpec {
  const specs: OperatorSpec[] = []
  const append = <S>(spec: OperatorSpec): Upstream<S> => {
    specs.push(spec)
    return { schema: spec.bind(schema, spec.exchange ?? key).output, append }
  }
  operator({ schema, append })
  const spec = specs[0]
  assert.ok(spec, 'the operator function appended nothing')
  return spec
}

/** Names of splits in tests of operators. */
export function splitOf(index: number): string {
  return `in-${index}`
}

/** A fresh instance; `watermark`: how far event time was in the checkpoint that it begins with. */
export function instanceOf(
  spec: OperatorSpec,
  schema: Schema,
  { key, watermark = NO_WATERMARK }: { readonly key?: KeySelector | undefined; readonly watermark?: number } = {},
): Operator {
  const id = spec.id ?? spec.name
  return spec.bind(schema, spec.exchange ?? key).create({ id, keyGroups: 8, splitOf, watermark, now: () => 0 })
}

/** An output that remembers everything. */
export class Recorder implements Output {
  /** What was emitted, as it was then. */
  readonly batches: Batch[] = []
  /** The very batches, to be compared with others by identity. */
  readonly lent: Batch[] = []
  readonly dropped: Record<string, number> = {}
  readonly rejected: string[] = []
  absorbed = 0
  /** Living records that were emitted, absorbed, dropped or rejected. */
  count = 0

  emit(batch: Batch): void {
    this.lent.push(batch)
    // An operator only lends what it emits.
    const { schema, rows, columns, selection, system } = batch
    this.batches.push(new Batch({ schema, rows, ...structuredClone({ columns, selection, system }) }))
    this.count += batch.count
  }

  create(batch: Batch): void {
    this.emit(batch)
    this.count -= batch.count
  }

  absorb(count: number): void {
    this.absorbed += count
    this.count += count
  }

  drop(reason: string, count: number): void {
    this.dropped[reason] = (this.dropped[reason] ?? 0) + count
    this.count += count
  }

  reject(batch: Batch, rows: Int32Array, why: { readonly code: string }): void {
    for (const row of rows) this.rejected.push(`${why.code}@${batch.system.offsets[row]}`)
    this.count += rows.length
  }

  /** Emitted records as objects. */
  get records(): readonly Fields[] {
    return this.batches.flatMap((batch) => Array.from({ length: batch.count }, (_, i) => batch.at(i)))
  }

  /** Emitted records with event time and origin. */
  get placed(): readonly (readonly [Fields, number, number, number])[] {
    return this.batches.flatMap((batch) =>
      Array.from({ length: batch.count }, (_, i) => {
        const row = batch.rowAt(i)
        const { eventTimes, splits, offsets } = batch.system
        return [batch.at(i), eventTimes[row]!, splits[row]!, offsets[row]!] as const
      }),
    )
  }
}

/** What an operator makes of one batch. */
export function runOnce<T, R>(schema: Schema, operator: OperatorFunction<T, R>, batch: Batch): Recorder {
  const recorder = new Recorder()
  instanceOf(specOf(schema, operator), schema).onBatch(batch, recorder)
  return recorder
}
