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
  { rows, from, to }: RowRange,
): void {
  const { width } = source
  const read = source.values
  const write = target.values
  if (width === 1) {
    let at = target.at
    for (let i = from; i < to; i++) write[at++] = read[rows[i]!]!
  } else if (width === 2) {
    let at = 2 * target.at
    for (let i = from; i < to; i++) {
      const row = 2 * rows[i]!
      write[at++] = read[row]!
      write[at++] = read[row + 1]!
    }
  } else {
    let at = width * target.at
    for (let i = from; i < to; i++) {
      const row = width * rows[i]!
      for (let element = 0; element < width; element++) write[at++] = read[row + element]!
    }
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
