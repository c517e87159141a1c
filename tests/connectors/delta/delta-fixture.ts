import { createHash } from 'node:crypto'
import { type DeltaOptions, delta } from '../../../connectors/delta/index.ts'
import { appendValue } from '../../../core/model/append-value.ts'
import { Batch } from '../../../core/model/batch.ts'
import { ColumnBuilder } from '../../../core/model/column-builder.ts'
import type { FieldType, FieldValue, Schema } from '../../../core/model/field-type.ts'
import type { ConnectorPorts } from '../../../core/ports/connector-ports.ts'
import type { FileStore } from '../../../core/ports/file-store.ts'
import type { Committer, CommitterContext, Intent, RecordWriter, WriterContext } from '../../../core/ports/sink.ts'

export const TABLE = '/warehouse/orders'
export const START = Date.UTC(2026, 0, 31, 12)

/** Fields by name; a name that ends with `?` is optional. */
export function schemaOf(fields: Readonly<Record<string, FieldType['kind'] | FieldType>>): Schema {
  return {
    fields: Object.entries(fields).map(([name, type]) => ({
      name: name.replace(/\?$/, ''),
      // Kinds without parameters are types by themselves.
      type: typeof type === 'string' ? ({ kind: type } as FieldType) : type,
      optional: name.endsWith('?'),
    })),
  }
}

export function batchOf(schema: Schema, rows: readonly Readonly<Record<string, FieldValue>>[]): Batch {
  const columns = schema.fields.map(({ name, type }) => {
    const builder = new ColumnBuilder(type)
    for (const row of rows) appendValue(builder, row[name])
    return builder.finish()
  })
  const count = rows.length
  const system = {
    eventTimes: new Float64Array(count),
    splits: new Int32Array(count),
    offsets: new Float64Array(count),
    keys: null,
  }
  return new Batch({ schema, columns, rows: count, selection: null, system })
}

/** Ports with a clock that never waits and a seeded random. */
export function fakePorts(files: FileStore, seed = 1): ConnectorPorts & { readonly warnings: string[] } {
  let state = seed
  let uuids = 0
  const warnings: string[] = []
  const uint32 = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state
  }
  return {
    files,
    clock: { now: () => START, monotonic: () => 0, after: async () => undefined },
    random: {
      uint32,
      uuid: () => `${seed.toString(16).padStart(8, '0')}-0000-4000-8000-${(uuids++).toString(16).padStart(12, '0')}`,
    },
    logger: {
      info: () => undefined,
      warn: (message) => warnings.push(message),
      error: (message) => warnings.push(message),
    },
    sha256: (bytes) => createHash('sha256').update(bytes).digest('hex'),
    pipeline: 'shop',
    warnings,
  }
}

export interface Rejected {
  readonly rows: readonly number[]
  readonly message: string
}

export interface SinkParts {
  readonly writer: RecordWriter
  readonly committer: Committer
  readonly rejected: Rejected[]
}

/** A sink as a job would open it. */
export function openSink(
  ports: ConnectorPorts,
  schema: Schema,
  options: {
    readonly table?: Partial<DeltaOptions<Record<string, unknown>>>
    readonly generation?: number
    readonly sink?: string
  } = {},
): SinkParts {
  const spec = delta<Record<string, unknown>>({ path: TABLE, ...options.table })
  const rejected: Rejected[] = []
  const sink = options.sink ?? 'orders'
  const context: WriterContext & CommitterContext = {
    ...ports,
    sink,
    schema,
    task: 0,
    generation: options.generation ?? 1,
    outbox: '/outbox',
    splitOf: (index) => `raw-${index}`,
    reject: (_batch, rows, why) => rejected.push({ rows: [...rows], message: why.message }),
  }
  spec.check(schema)
  return { writer: spec.writer(context, schema), committer: spec.committer(context), rejected }
}

/** Writes rows and makes the intent of an epoch. */
export async function prepare(
  { writer, committer }: SinkParts,
  schema: Schema,
  epoch: {
    readonly epoch: number
    readonly committed: number
    readonly rows: readonly Readonly<Record<string, FieldValue>>[]
  },
): Promise<Intent> {
  writer.write(batchOf(schema, epoch.rows))
  const staged = await writer.stage(epoch.epoch)
  const summary = {
    epoch: epoch.epoch,
    committed: epoch.committed,
    ranges: [{ split: 'raw-0', from: 0, to: epoch.rows.length }],
    now: START,
  }
  const intent = await committer.intend(summary, [staged])
  if (intent === undefined) throw new Error('nothing was staged')
  return intent
}
