import { type AsyncBuffer, type FileMetaData, parquetMetadata, parquetReadObjects, type SchemaElement } from 'hyparquet'
import { dateText, decimalText } from '../../core/model/column.ts'
import { toMillraceError } from '../../core/model/errors.ts'

/** A record of any Parquet file: int64 as `bigint`, timestamps as epoch ms, dates and decimals as text, maps as objects. */
export type ParquetRecord = Readonly<Record<string, unknown>>

/**
 * All records of a Parquet file, or of some of its top-level columns: for logs of tables, previews and tests, not for
 * bulk data. Takes files without compression and with snappy. Throws `MR_PARQUET` for what it cannot read.
 */
export async function readParquet(bytes: Uint8Array, columns?: readonly string[]): Promise<readonly ParquetRecord[]> {
  try {
    const file = asBuffer(bytes)
    const metadata = parquetMetadata(file.slice(0, file.byteLength))
    const fields = topLevel(metadata)
    const decimals = rawDecimals(fields)
    const present = columns?.filter((name) => fields.some((element) => element.name === name))
    const records: Record<string, unknown>[] = await parquetReadObjects({
      file,
      metadata,
      utf8: false,
      parsers,
      ...(present === undefined ? {} : { columns: present }),
    })
    for (const [name, scale] of decimals) restoreDecimals(records, name, scale)
    return records
  } catch (error) {
    throw toMillraceError(error, 'MR_PARQUET', 'a Parquet file cannot be read')
  }
}

const parsers = {
  timestampFromMilliseconds: (millis: bigint): number => Number(millis),
  timestampFromMicroseconds: (micros: bigint): number => Number(micros) / 1000,
  timestampFromNanoseconds: (nanos: bigint): number => Number(nanos / 1000n) / 1000,
  dateFromDays: (days: number): string => dateText(days),
}

interface Bytes extends AsyncBuffer {
  slice(start: number, end?: number): ArrayBuffer
}

function asBuffer(bytes: Uint8Array): Bytes {
  // A plain view, because `slice` of Node's Buffer, which a file store may hand out, does not copy.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
  return { byteLength: plain.length, slice: (start, end) => plain.slice(start, end).buffer }
}

function topLevel(metadata: FileMetaData): readonly SchemaElement[] {
  const fields: SchemaElement[] = []
  let nested = 0
  for (const element of metadata.schema.slice(1)) {
    if (nested === 0) fields.push(element)
    nested = Math.max(0, nested - 1) + (element.num_children ?? 0)
  }
  return fields
}

/** Names and scales of decimals, after hiding from the reader that they are decimals: it would make doubles of them. */
function rawDecimals(fields: readonly SchemaElement[]): ReadonlyMap<string, number> {
  const scales = new Map<string, number>()
  for (const element of fields.filter(isDecimal)) {
    scales.set(element.name, element.scale ?? 0)
    delete element.converted_type
    delete element.logical_type
  }
  return scales
}

function isDecimal(element: SchemaElement): boolean {
  return element.converted_type === 'DECIMAL' || element.logical_type?.type === 'DECIMAL'
}

function restoreDecimals(records: readonly Record<string, unknown>[], name: string, scale: number): void {
  for (const record of records) {
    const value = record[name]
    if (value instanceof Uint8Array) record[name] = decimalText(bigEndian(value), scale)
    else if (typeof value === 'number' || typeof value === 'bigint') record[name] = decimalText(BigInt(value), scale)
  }
}

/** Two's complement, most significant byte first. */
function bigEndian(bytes: Uint8Array): bigint {
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  return BigInt.asIntN(8 * bytes.length, value)
}
