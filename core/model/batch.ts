// hot path
import type { Column } from './column.ts'
import { MillraceError } from './errors.ts'
import { type FieldValue, fieldIndex, type Schema } from './field-type.ts'
import { suggestion } from './nearest.ts'
import { rowsInOrder } from './row-order.ts'
import { type ValueReader, valueReader } from './value-reader.ts'

/** A record as a plain object, where its type is not known statically. */
export type RecordShape = Readonly<Record<string, FieldValue>>

/**
 * What each row of a batch carries to the end of the graph besides its fields; arrays are indexed by physical row.
 * `eventTimes`: epoch ms. `splits`: index in the job's table of splits. `offsets`: position in that split.
 * `keys`: four words of key hash per row once the stream is keyed, else `null`.
 */
export interface SystemColumns {
  readonly eventTimes: Float64Array
  readonly splits: Int32Array
  readonly offsets: Float64Array
  readonly keys: Int32Array | null
}

/** What a {@link Batch} is made of. */
export interface BatchParts {
  readonly schema: Schema
  readonly columns: readonly Column[]
  readonly rows: number
  readonly selection: Int32Array | null
  readonly system: SystemColumns
}

/**
 * Records that move together, in columns. Immutable; it may feed several consumers and is never transferred.
 *
 * `rows` counts physical rows; `selection`, where present, lists the rows that are alive, in order, and `count` counts
 * those. `at(i)` and `rowAt(i)` take positions among the living ones.
 */
export class Batch<T = RecordShape> {
  readonly kind = 'batch'
  readonly schema: Schema
  readonly columns: readonly Column[]
  readonly rows: number
  readonly count: number
  readonly selection: Int32Array | null
  readonly system: SystemColumns
  readonly #record?: T
  /** One per column, made when the first record is asked for. */
  #readers: readonly ValueReader[] | undefined

  constructor(parts: BatchParts) {
    this.schema = parts.schema
    this.columns = parts.columns
    this.rows = parts.rows
    this.selection = parts.selection
    this.count = parts.selection === null ? parts.rows : parts.selection.length
    this.system = parts.system
  }

  /** Physical row of the `position`-th living record. */
  rowAt(position: number): number {
    return this.selection === null ? position : this.selection[position]!
  }

  /** The `position`-th living record as a plain object. Allocates: for lambdas, tests and people. */
  at(position: number): T {
    const row = this.rowAt(position)
    this.#readers ??= this.columns.map(valueReader)
    const readers = this.#readers
    const record: Record<string, FieldValue> = {}
    for (let i = 0; i < readers.length; i++) {
      const name = this.schema.fields[i]!.name
      const value = readers[i]!(row)
      // Assigning to this one name would set the prototype; for all others an assignment is much faster.
      if (name === '__proto__') defineOwn(record, name, value)
      else record[name] = value
    }
    // The schema was derived from T when the graph was typed, so the object built from it has that shape.
    return record as T
  }

  /** The column of a field. Throws `MR_FIELD_UNKNOWN` where there is none. */
  column(name: string): Column {
    const index = fieldIndex(this.schema, name)
    if (index < 0) throw unknownField(name, this.schema)
    return this.columns[index]!
  }

  /** Living rows as an index vector, only to be read. */
  selectedRows(): Int32Array {
    return this.selection ?? rowsInOrder(this.rows)
  }

  /** The same rows with fewer of them alive. */
  select(selection: Int32Array): Batch<T> {
    return new Batch<T>({ schema: this.schema, columns: this.columns, rows: this.rows, selection, system: this.system })
  }

  /** The same rows with other columns. */
  withColumns<R>(schema: Schema, columns: readonly Column[]): Batch<R> {
    return new Batch<R>({ schema, columns, rows: this.rows, selection: this.selection, system: this.system })
  }

  /** The same rows, keyed: `keys` has four words per physical row. */
  withKeys(keys: Int32Array): Batch<T> {
    const { eventTimes, splits, offsets } = this.system
    const system: SystemColumns = { eventTimes, splits, offsets, keys }
    return new Batch<T>({
      schema: this.schema,
      columns: this.columns,
      rows: this.rows,
      selection: this.selection,
      system,
    })
  }

  /** Keeps the record type nominal: a batch of orders is not a batch of payments. */
  protected get recordType(): T | undefined {
    return this.#record
  }
}

function defineOwn(record: object, name: string, value: FieldValue): void {
  Object.defineProperty(record, name, { value, enumerable: true, writable: true, configurable: true })
}

/** The error for a field name that a schema does not have. */
export function unknownField(name: string, schema: Schema): MillraceError {
  const names = schema.fields.map((field) => field.name)
  return new MillraceError('MR_FIELD_UNKNOWN', `there is no field "${name}"${suggestion(name, names)}`)
}
