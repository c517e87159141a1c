import { appendValue } from '../../core/model/append-value.ts'
import { Batch } from '../../core/model/batch.ts'
import { ColumnBuilder } from '../../core/model/column-builder.ts'
import type { Contract } from '../../core/model/contract.ts'
import type { DeadLetter, Refusal } from '../../core/model/dead-letter.ts'
import { MillraceError } from '../../core/model/errors.ts'
import type { FieldValue } from '../../core/model/field-type.ts'
import type { Position, Split } from '../../core/model/position.ts'
import type { Polled, SplitReader } from '../../core/ports/source.ts'

const MOST_RECORDS = 4_096

/** Puts a stretch of a list of records into columns. */
export class MemorySplitReader<T> implements SplitReader {
  readonly #records: readonly (T | null)[]
  readonly #split: Split
  readonly #splitIndex: number
  readonly #contract: Contract<T>
  readonly #builders: readonly ColumnBuilder[]
  #position: Position

  constructor(
    records: readonly (T | null)[],
    options: {
      readonly split: Split
      readonly splitIndex: number
      readonly position: Position
      readonly contract: Contract<T>
    },
  ) {
    this.#records = records
    this.#split = options.split
    this.#splitIndex = options.splitIndex
    this.#position = options.position
    this.#contract = options.contract
    this.#builders = options.contract.schema.fields.map((field) => new ColumnBuilder(field.type))
  }

  async poll(limit: number | undefined): Promise<Polled> {
    const from = this.#position.offset
    const end = Math.max(from, Math.min(this.#records.length, limit ?? this.#records.length, from + MOST_RECORDS))
    const rejected: DeadLetter[] = []
    const offsets: number[] = []
    let tombstones = 0
    for (let offset = from; offset < end; offset++) {
      const record = this.#records[offset]!
      if (record === null) tombstones++
      else {
        const refusal = this.#append(record as Readonly<Record<string, FieldValue>>)
        if (refusal === undefined) offsets.push(offset)
        else rejected.push(this.#letter(record, offset, refusal))
      }
    }
    this.#position = { offset: end, incarnation: this.#position.incarnation }
    const batch = offsets.length === 0 ? undefined : this.#batch(offsets)
    const caughtUp = end === this.#records.length
    return { batch, rejected, tombstones, consumed: end - from, next: this.#position, caughtUp }
  }

  async close(): Promise<void> {
    // Nothing is held open.
  }

  #append(record: Readonly<Record<string, FieldValue>>): Refusal | undefined {
    const { fields } = this.#contract.schema
    const rows = this.#builders[0]?.length ?? 0
    for (let i = 0; i < fields.length; i++) {
      const refusal = appendField(this.#builders[i]!, fields[i]!, record[fields[i]!.name])
      if (refusal === undefined) continue
      for (const builder of this.#builders) builder.truncate(rows)
      return refusal
    }
    return undefined
  }

  #batch(offsets: readonly number[]): Batch {
    const rows = offsets.length
    const { schema, eventTime } = this.#contract
    const columns = this.#builders.map((builder) => builder.finish())
    const system = {
      eventTimes: Float64Array.from(offsets),
      splits: new Int32Array(rows).fill(this.#splitIndex),
      offsets: Float64Array.from(offsets),
      keys: null,
    }
    const batch = new Batch({ schema, columns, rows, selection: null, system })
    // The contract made sure that the event time is a required timestamp, so its values are numbers.
    if (eventTime !== undefined) for (let i = 0; i < rows; i++) system.eventTimes[i] = batch.at(i)[eventTime] as number
    return batch
  }

  #letter(record: unknown, offset: number, why: Refusal): DeadLetter {
    const text = JSON.stringify(record, (_, value) => (typeof value === 'bigint' ? String(value) : value))
    const { topic, partition } = this.#split
    return {
      origin: { topic, partition, offset, timestamp: offset },
      key: null,
      value: new TextEncoder().encode(text),
      headers: [],
      ...why,
      stage: 'source',
    }
  }
}

function appendField(
  builder: ColumnBuilder,
  field: { readonly name: string; readonly optional: boolean },
  value: FieldValue,
): Refusal | undefined {
  if (value === undefined && !field.optional) {
    return { code: 'MR_RECORD_MISSING_FIELD', message: `field "${field.name}": absent` }
  }
  try {
    appendValue(builder, value)
    return undefined
  } catch (error) {
    // The builder names a value that does not fit its type by this code; anything else is a failure of ours.
    if (!(error instanceof MillraceError) || error.code !== 'MR_OPERATOR_FAILED') throw error
    return { code: 'MR_RECORD_TYPE', message: `field "${field.name}": ${error.message}` }
  }
}
