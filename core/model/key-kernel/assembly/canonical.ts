// Canonical key bytes of one field, as ../../key.ts makes them. Copies go in steps of eight bytes and may read and write past their
// end: the host leaves room.

/** Entry of a field: four words. */
const VALUES: usize = 4
const OFFSETS: usize = 8
/** 0 where every row has a value. */
const VALIDITY: usize = 12

/** Kinds of fields; those of text and bytes are their tags. */
const TEXT: i32 = 1
const WIDE: i32 = 2
const INT64: i32 = 3
const BOOLEAN: i32 = 4
const BINARY: i32 = 6
const INT32: i32 = 7
const FLOAT64: i32 = 8
const TIMESTAMP: i32 = 9

const NO_VALUE: u8 = 0
const NUMBER: u8 = 2
const FALSE: u8 = 4

/** Appends a field of a row from `at` on. Returns where it ends. */
export function appendField(entry: i32, row: i32, at: i32): i32 {
  const validity = load<i32>(entry, VALIDITY)
  if (validity !== 0 && bitAt(validity, row) === 0) {
    store<u8>(at, NO_VALUE)
    return at + 1
  }
  const kind = load<i32>(entry)
  const values = load<i32>(entry, VALUES)
  switch (kind) {
    case TEXT:
    case BINARY:
      store<u8>(at, kind)
      return appendBytes(values, load<i32>(entry, OFFSETS) + 4 * row, at + 1)
    case WIDE:
      return appendNumber(f64(load<i64>(values + 8 * row)), at)
    case TIMESTAMP:
      return appendNumber(f64(load<i64>(values + 8 * row)) / 1000, at)
    case INT32:
      return appendNumber(f64(load<i32>(values + 4 * row)), at)
    case FLOAT64:
      return appendNumber(load<f64>(values + 8 * row), at)
    case INT64:
      store<u8>(at, INT64)
      store<i64>(at + 1, load<i64>(values + 8 * row))
      return at + 9
    case BOOLEAN:
      store<u8>(at, FALSE + bitAt(values, row))
      return at + 1
    default:
      return unreachable()
  }
}

function bitAt(bits: i32, row: i32): u8 {
  return u8((i32(load<u8>(bits + (row >> 3))) >> (row & 7)) & 1)
}

function appendNumber(value: f64, at: i32): i32 {
  store<u8>(at, NUMBER)
  // Zero has one form, and what is no number.
  store<f64>(at + 1, value === 0 ? 0 : f64.eq(value, value) ? value : NaN)
  return at + 9
}

function appendBytes(values: i32, offset: i32, at: i32): i32 {
  const from = load<i32>(offset)
  const size = load<i32>(offset, 4) - from
  store<i32>(at, size)
  const to = at + 4
  for (let done: i32 = 0; done < size; done += 8) store<u64>(to + done, load<u64>(values + from + done))
  return to + size
}
