import { appendValue } from '../../core/model/append-value.ts'
import { Batch } from '../../core/model/batch.ts'
import { ColumnBuilder } from '../../core/model/column-builder.ts'
import { contract, integer, optional, string, timestamp } from '../../core/model/contract.ts'

/** The contract of all records in the conformance suites. */
export const suiteContract = contract(
  'suite',
  { id: string(), amount: integer(), at: timestamp(), note: optional(string()) },
  { eventTime: 'at' },
)

export interface SuiteRecord {
  readonly id: string
  readonly amount: number
  readonly at: number
  readonly note?: string | undefined
}

/** Records `first … first + count − 1`; every third has a note. */
export function suiteRecords(first: number, count: number): readonly SuiteRecord[] {
  return Array.from({ length: count }, (_, i) => {
    const n = first + i
    const record = { id: `record-${n}`, amount: n, at: 1_000_000 + n }
    return n % 3 === 0 ? { ...record, note: `note ${n}` } : record
  })
}

/** The records as a batch of split 0, offset = amount. */
export function suiteBatch(records: readonly SuiteRecord[], selection: Int32Array | null = null): Batch {
  const { schema } = suiteContract
  const columns = schema.fields.map((field) => {
    const builder = new ColumnBuilder(field.type)
    // Field names of the contract are the keys of its records.
    for (const record of records) appendValue(builder, record[field.name as keyof SuiteRecord])
    return builder.finish()
  })
  return new Batch({
    schema,
    columns,
    rows: records.length,
    selection,
    system: {
      eventTimes: Float64Array.from(records, (record) => record.at),
      splits: new Int32Array(records.length),
      offsets: Float64Array.from(records, (record) => record.amount),
      keys: null,
    },
  })
}
