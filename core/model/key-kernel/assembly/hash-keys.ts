// Hashes of the keys of many rows.
import { appendField } from './canonical'
import { hash } from './murmur'

export { setSeed } from './murmur'

const ENTRY_BYTES: i32 = 16

let fieldsAt: i32 = 0
let fieldsEnd: i32 = 0
let scratchAt: i32 = 0

/** The fields of the key, an entry each, and where there is room for the bytes of any key. */
export function setKey(fields: i32, count: i32, scratch: i32): void {
  fieldsAt = fields
  fieldsEnd = fields + ENTRY_BYTES * count
  scratchAt = scratch
}

/** Writes four words per row to `to`, for each of the rows that `[rows, end)` lists. */
export function hashKeys(rows: i32, end: i32, to: i32): void {
  for (let at = rows; at < end; at += 4) {
    const row = load<i32>(at)
    let keyEnd = scratchAt
    for (let entry = fieldsAt; entry < fieldsEnd; entry += ENTRY_BYTES) keyEnd = appendField(entry, row, keyEnd)
    v128.store(keyEnd, i64x2.splat(0))
    hash(scratchAt, keyEnd, to + 16 * row)
  }
}
