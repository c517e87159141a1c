// hot path
import { VarintWriter } from './varint-writer.ts'

/** A header to be written; text becomes UTF-8, half a surrogate pair U+FFFD. */
export interface EncodableHeader {
  readonly key: string
  readonly value: Uint8Array | string | null
}

/** Headers as they stand in a record: what many records have in common is encoded once. */
export interface EncodedHeaders {
  readonly count: number
  readonly bytes: Uint8Array
}

/** What the headers of a record are put together from. */
export type HeaderPart = EncodableHeader | EncodedHeaders

/** Of a length, and of the number of headers, at most. */
const MOST_LENGTH_BYTES = 5
const MOST_BYTES_PER_UNIT = 3

/** Room that headers need, at most. */
export function mostHeaderBytes(parts: readonly HeaderPart[]): number {
  let bytes = MOST_LENGTH_BYTES
  for (let i = 0; i < parts.length; i++) bytes += mostBytesOf(parts[i]!)
  return bytes
}

/** Writes the number of the headers and the headers. */
export function writeHeaders(writer: VarintWriter, parts: readonly HeaderPart[]): void {
  let count = 0
  for (let i = 0; i < parts.length; i++) count += countOf(parts[i]!)
  writer.writeInt(count)
  for (let i = 0; i < parts.length; i++) writePart(writer, parts[i]!)
}

/** The same headers in the form that is written fastest. */
export function encodeHeaders(headers: readonly EncodableHeader[]): EncodedHeaders {
  const writer = new VarintWriter(new Uint8Array(mostHeaderBytes(headers)), 0)
  for (const header of headers) writePart(writer, header)
  return { count: headers.length, bytes: writer.bytes.slice(0, writer.position) }
}

function writePart(writer: VarintWriter, part: HeaderPart): void {
  if ('bytes' in part) {
    writer.writeBytes(part.bytes)
    return
  }
  writer.writeText(part.key)
  if (typeof part.value === 'string') writer.writeText(part.value)
  else writer.writeSized(part.value)
}

function countOf(part: HeaderPart): number {
  return 'bytes' in part ? part.count : 1
}

function mostBytesOf(part: HeaderPart): number {
  if ('bytes' in part) return part.bytes.length
  const { key, value } = part
  const valueBytes = typeof value === 'string' ? MOST_BYTES_PER_UNIT * value.length : (value?.length ?? 0)
  return 2 * MOST_LENGTH_BYTES + MOST_BYTES_PER_UNIT * key.length + valueBytes
}
