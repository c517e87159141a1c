/** Bytes of one entry in the table of fields that JavaScript lays out; offsets of its 32-bit members follow. */
export const FIELD_BYTES = 64
/** Number of the kind, see `read.ts`. */
export const KIND = 0
/** 1 where a value may be absent. */
export const OPTIONAL = 4
/** The JSON text `"name":` and how many bytes it has. */
export const NAME = 8
export const NAME_BYTES = 12
/** Start of the values; for strings their bytes. */
export const VALUES = 16
/** Start of the positions of strings, one per row and one more. */
export const OFFSETS = 20
/** Start of the validity bits, for optional fields. */
export const VALIDITY = 24
/** Set to 1 with the first null. */
export const HAS_NULL = 28
/** Entry of the field that followed this one last time. */
export const FOLLOWER = 32
/** Of a decimal. */
export const SCALE = 36
/** Digits that an unscaled decimal may have here: its precision, at most 15. */
export const DIGITS = 40

/** Of the first entry only: entry of the field that began the last record. */
export const FIRST = 44
/** A bit of 64 for each field; none for a name that nobody wants. */
export const BIT = 48
/** A bit for each byte of that text, of the first sixteen at most. */
export const NAME_BITS = 56

/** Sets the bit of a row. */
export function setBit(bits: i32, row: i32): void {
  const at = bits + (row >> 3)
  store<u8>(at, load<u8>(at) | ((<u8>1) << (<u8>(row & 7))))
}

/** Clears the bit of a row. */
export function clearBit(bits: i32, row: i32): void {
  const at = bits + (row >> 3)
  store<u8>(at, load<u8>(at) & ~((<u8>1) << (<u8>(row & 7))))
}

/** Marks row `row` of a field as valid. */
export function setValid(field: i32, row: i32): void {
  if (load<i32>(field + OPTIONAL) !== 0) setBit(load<i32>(field + VALIDITY), row)
}

/** Words of one row by kind, 0 where rows have no fixed size in whole words. */
function wordsOf(kind: i32): i32 {
  if (kind === 2 || kind === 8) return 1
  return kind === 6 ? 4 : 2
}

/** Gives row `row` of a field no value. */
export function setNull(field: i32, row: i32): void {
  clearBit(load<i32>(field + VALIDITY), row)
  store<i32>(field + HAS_NULL, 1)
  const kind = load<i32>(field + KIND)
  const values = load<i32>(field + VALUES)
  if (kind === 0 || kind === 9) {
    const end = load<i32>(field + OFFSETS) + 4 * row
    store<i32>(end + 4, load<i32>(end))
  } else if (kind === 1) clearBit(values, row)
  else memory.fill(values + 4 * wordsOf(kind) * row, 0, 4 * wordsOf(kind))
}
