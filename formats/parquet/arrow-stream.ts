import {
  Schema as ArrowSchema,
  Binary,
  Bool,
  type Data,
  DateDay,
  Decimal,
  Field,
  Float64,
  Int32,
  Int64,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Struct,
  TimestampMicrosecond,
  Utf8,
} from 'apache-arrow'
import type { Column } from '../../core/model/column.ts'
import { MillraceError } from '../../core/model/errors.ts'
import type { Schema } from '../../core/model/field-type.ts'
import { StreamMemory } from './stream-memory.ts'

/** More than schema, padding and ends of a stream take. */
const STREAM_FRAME_BYTES = 65_536
const memory = new StreamMemory()

/**
 * The columns as an Arrow IPC stream of one record batch: their buffers are copied as they are. The bytes are valid until
 * the next call on this thread.
 */
export function arrowStream(schema: Schema, columns: readonly Column[], rows: number): Uint8Array {
  const fields: Field[] = []
  const children: Data[] = []
  for (const [index, column] of columns.entries()) {
    const { name, optional } = schema.fields[index]!
    if (column.length !== rows) {
      throw new MillraceError('MR_PARQUET', `column "${name}" has ${column.length} rows where the file has ${rows}`)
    }
    const child = arrowData(column)
    fields.push(new Field(name, child.type, optional))
    children.push(child)
  }
  const data = makeData({ type: new Struct(fields), length: rows, nullCount: 0, children })
  const writer = new RecordBatchStreamWriter().reset(memory.begin(data.byteLength + STREAM_FRAME_BYTES))
  writer.write(new RecordBatch(new ArrowSchema(fields), data))
  writer.finish()
  return memory.end()
}

function arrowData(column: Column): Data {
  const { type, values, length } = column
  const rows = column.validity === null ? { length } : { length, nullBitmap: column.validity }
  switch (type.kind) {
    case 'string':
      return makeData({ type: new Utf8(), ...rows, valueOffsets: column.offsets!, data: bytesOf(values) })
    case 'binary':
      return makeData({ type: new Binary(), ...rows, valueOffsets: column.offsets!, data: bytesOf(values) })
    case 'boolean':
      return makeData({ type: new Bool(), ...rows, data: bytesOf(values) })
    case 'int32':
      return makeData({ type: new Int32(), ...rows, data: new Int32Array(values.buffer, values.byteOffset, length) })
    case 'date':
      return makeData({ type: new DateDay(), ...rows, data: new Int32Array(values.buffer, values.byteOffset, length) })
    case 'int64':
    case 'integer':
      return makeData({ type: new Int64(), ...rows, data: wideWords(column) })
    case 'timestamp':
      return makeData({ type: new TimestampMicrosecond('UTC'), ...rows, data: wideWords(column) })
    case 'float64':
      return makeData({
        type: new Float64(),
        ...rows,
        data: new Float64Array(values.buffer, values.byteOffset, length),
      })
    case 'decimal':
      return makeData({
        type: new Decimal(type.scale, type.precision, 128),
        ...rows,
        data: new Uint32Array(values.buffer, values.byteOffset, 4 * length),
      })
  }
}

function bytesOf(values: Column['values']): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}

/** Two words per row seen as 64-bit values; copied only where the words are not aligned to 8 bytes. */
function wideWords({ values, length }: Column): BigInt64Array {
  if (values.byteOffset % 8 === 0) return new BigInt64Array(values.buffer, values.byteOffset, length)
  return new BigInt64Array(values.slice(0, 2 * length).buffer)
}
