// hot path
import type { ColumnValues } from './column.ts'

/** Which rows of a column are copied: `rows[from, to)`. */
export interface RowRange {
  readonly rows: Int32Array
  readonly from: number
  readonly to: number
}

/** Copies values of `width` elements per row; `at` is the first row of `target` to be written. */
export function gatherElements(
  target: { readonly values: ColumnValues; readonly at: number },
  source: { readonly values: ColumnValues; readonly width: number },
  range: RowRange,
): void {
  const { values: write, at } = target
  const { values: read, width } = source
  // A function each, as V8 makes fast code for one kind of array.
  if (read instanceof Float64Array) gatherDoubles({ write: write as Float64Array, at }, read, range)
  else if (width === 1) gatherWords({ write: write as Int32Array, at }, read as Int32Array, range)
  else if (width === 2) gatherPairs({ write: write as Int32Array, at }, read as Int32Array, range)
  else gatherFours({ write: write as Int32Array, at }, read as Int32Array, range)
}

interface Target<V extends ColumnValues> {
  readonly write: V
  readonly at: number
}

function gatherDoubles({ write, at }: Target<Float64Array>, read: Float64Array, { rows, from, to }: RowRange): void {
  const shift = at - from
  for (let i = from; i < to; i++) write[i + shift] = read[rows[i]!]!
}

function gatherWords({ write, at }: Target<Int32Array>, read: Int32Array, { rows, from, to }: RowRange): void {
  const shift = at - from
  for (let i = from; i < to; i++) write[i + shift] = read[rows[i]!]!
}

function gatherPairs({ write, at: first }: Target<Int32Array>, read: Int32Array, { rows, from, to }: RowRange): void {
  let at = 2 * first
  for (let i = from; i < to; i++) {
    const row = 2 * rows[i]!
    write[at++] = read[row]!
    write[at++] = read[row + 1]!
  }
}

function gatherFours({ write, at: first }: Target<Int32Array>, read: Int32Array, { rows, from, to }: RowRange): void {
  let at = 4 * first
  for (let i = from; i < to; i++) {
    const row = 4 * rows[i]!
    write[at++] = read[row]!
    write[at++] = read[row + 1]!
    write[at++] = read[row + 2]!
    write[at++] = read[row + 3]!
  }
}

/** Copies single bits. */
export function gatherBits(
  target: { readonly values: ColumnValues; readonly at: number },
  source: ColumnValues,
  { rows, from, to }: RowRange,
): void {
  const write = target.values
  let at = target.at
  for (let i = from; i < to; i++) {
    const row = rows[i]!
    if (((source[row >> 3]! >> (row & 7)) & 1) === 1) write[at >> 3]! |= 1 << (at & 7)
    else write[at >> 3]! &= ~(1 << (at & 7))
    at++
  }
}

/** Bytes of strings or binary values. */
export function bytesOfRows(offsets: Int32Array, { rows, from, to }: RowRange): number {
  let bytes = 0
  for (let i = from; i < to; i++) {
    const row = rows[i]!
    bytes += offsets[row + 1]! - offsets[row]!
  }
  return bytes
}

/** Where {@link gatherBytes} writes: bytes from `end` on, and after each value its end to `offsets` from `at` on. */
export interface ByteTarget {
  readonly view: DataView
  readonly offsets: Int32Array
  readonly at: number
  readonly end: number
}

const LONG_BYTES = 256

/** Copies strings or binary values, for which there is room; returns the end of the last one. */
export function gatherBytes(
  target: ByteTarget,
  source: { readonly offsets: Int32Array; readonly view: DataView },
  { rows, from, to }: RowRange,
): number {
  const { view: write, offsets: ends } = target
  const { offsets, view: read } = source
  let at = target.at
  let end = target.end
  for (let i = from; i < to; i++) {
    const row = rows[i]!
    const start = offsets[row]!
    const size = offsets[row + 1]! - start
    if (size >= LONG_BYTES) copyLong(write, end, { view: read, start, size })
    else if (size >= 8) {
      // The last eight bytes may overlap those before: no loop over single bytes.
      const last = size - 8
      for (let byte = 0; byte < last; byte += 8)
        write.setBigInt64(end + byte, read.getBigInt64(start + byte, true), true)
      write.setBigInt64(end + last, read.getBigInt64(start + last, true), true)
    } else if (size >= 4) {
      write.setInt32(end, read.getInt32(start, true), true)
      write.setInt32(end + size - 4, read.getInt32(start + size - 4, true), true)
    } else for (let byte = 0; byte < size; byte++) write.setInt8(end + byte, read.getInt8(start + byte))
    end += size
    ends[at++] = end
  }
  return end
}

function copyLong(
  write: DataView,
  at: number,
  { view, start, size }: { readonly view: DataView; readonly start: number; readonly size: number },
): void {
  new Uint8Array(write.buffer, write.byteOffset + at, size).set(
    new Uint8Array(view.buffer, view.byteOffset + start, size),
  )
}
