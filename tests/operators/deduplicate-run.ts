import assert from 'node:assert/strict'
import { appendValue } from '../../core/model/append-value.ts'
import { Batch } from '../../core/model/batch.ts'
import { ColumnBuilder } from '../../core/model/column-builder.ts'
import type { Schema } from '../../core/model/field-type.ts'
import { KeyHasher } from '../../core/model/key.ts'
import type { Operator, OperatorSpec, Output, Upstream } from '../../core/ports/operator.ts'
import { type DeduplicateOptions, deduplicate } from '../../operators/deduplicate.ts'
import { splitOf } from './batches.ts'

interface Order {
  readonly id: string
  readonly region: string
}

/** An order by its id and event time. */
export type Event = readonly [id: string, time: number]

export const schema: Schema = {
  fields: [
    { name: 'id', type: { kind: 'string' }, optional: false },
    { name: 'region', type: { kind: 'string' }, optional: false },
  ],
}
export const TTL = 10

/** One deduplication by `id` and what came out of it, as `id@time`. */
export interface Run {
  readonly operator: Operator
  readonly output: Output
  readonly kept: string[]
  readonly late: string[]
  readonly batches: Batch[]
  readonly dropped: Record<string, number>
  take(...events: Event[]): void
}

interface RunOptions {
  readonly exact?: boolean
  /** All keys get the same hash. */
  readonly hasOneHash?: boolean
  readonly spec?: OperatorSpec
  /** Whose output goes on. */
  readonly before?: Pick<Run, 'kept' | 'late' | 'dropped'>
}

export function start({ exact = false, hasOneHash = false, spec, before }: RunOptions = {}): Run {
  const { dropped, ...into } = before ?? { kept: [], late: [], dropped: {} }
  const operator = (spec ?? specOf({ key: 'id', ttl: TTL, exact }))
    .bind(schema)
    .create({ id: 'deduplicate', keyGroups: 4, splitOf, watermark: Number.NEGATIVE_INFINITY, now: () => 0 })
  const batches: Batch[] = []
  const output: Output = {
    emit: (batch) => {
      batches.push(batch)
      into.kept.push(...Array.from(batch.selectedRows(), (row) => textOf(batch, row)))
    },
    create: () => assert.fail('it makes no records'),
    absorb: () => assert.fail('it keeps no records'),
    drop: (reason, count) => {
      dropped[reason] = (dropped[reason] ?? 0) + count
    },
    reject: (batch, rows, why) => {
      assert.equal(why.code, 'MR_RECORD_LATE')
      into.late.push(...Array.from(rows, (row) => textOf(batch, row)))
    },
  }
  const take = (...events: Event[]) => {
    const batch = batchOf(events)
    operator.onBatch(hasOneHash ? batch.withKeys(new Int32Array(4 * events.length)) : batch, output)
  }
  return { operator, output, kept: into.kept, late: into.late, batches, dropped, take }
}

export function specOf(options: DeduplicateOptions<Order>): OperatorSpec {
  const specs: OperatorSpec[] = []
  const upstream: Upstream<Order> = {
    schema,
    append: (spec) => {
      specs.push(spec)
      return { schema, append: upstream.append }
    },
  }
  deduplicate<Order>(options)(upstream)
  return specs[0]!
}

function textOf(batch: Batch, row: number): string {
  return `${batch.select(Int32Array.of(row)).at(0).id}@${batch.system.eventTimes[row]}`
}

export function batchOf(events: readonly Event[]): Batch {
  const columns = schema.fields.map((field) => new ColumnBuilder(field.type))
  for (const [id] of events) {
    appendValue(columns[0]!, id)
    appendValue(columns[1]!, 'eu')
  }
  const unkeyed = new Batch({
    schema,
    columns: columns.map((column) => column.finish()),
    rows: events.length,
    selection: null,
    system: {
      eventTimes: Float64Array.from(events, ([, time]) => time),
      splits: new Int32Array(events.length),
      offsets: Float64Array.from(events, (_, i) => i),
      keys: null,
    },
  })
  return unkeyed.withKeys(
    new KeyHasher({ kind: 'fields', names: ['id'] }, 7, { id: 'deduplicate', splitOf }).hash(unkeyed),
  )
}
