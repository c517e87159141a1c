// The loop over a run of records. What it cannot take at once it leaves to the decoder in TypeScript, which alone refuses: so
// it must accept nothing that the other would not, and make the same of it.
import { FIELD_BYTES, FOLLOWER, NAME, NAME_BYTES, OPTIONAL, setNull } from './field'
import { readValue } from './read'
import { end, setEnd, setScratch } from './run'
import { skipValue, space } from './skip'

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const UNKNOWN = -1

let starts: i32 = 0
let lengths: i32 = 0
let fields: i32 = 0
let fieldCount: i32 = 0
let refusesUnknown: bool = false
/** Which field began the last record. */
let firstField: i32 = 0

/** Takes the place of the table of fields, their number, and what to do with other fields. */
export function setFields(table: i32, count: i32, refuses: bool): void {
  fields = table
  fieldCount = count
  refusesUnknown = refuses
  firstField = 0
}

/** Takes the places of the positions and lengths of records, and of memory for text that nobody wants. */
export function setMemory(startsAt: i32, lengthsAt: i32, spare: i32): void {
  starts = startsAt
  lengths = lengthsAt
  setScratch(spare)
}

/**
 * Appends records `first` and after, `count` of them, as rows 0 and after. Returns how many it took: fewer where one is
 * not simple.
 */
export function decode(first: i32, count: i32): i32 {
  for (let row = 0; row < count; row++) {
    const start = load<i32>(starts + 4 * (first + row))
    setEnd(start + load<i32>(lengths + 4 * (first + row)))
    if (!record(start, row)) return row
  }
  return count
}

/** Fields that the record had so far, one bit each, and the last of them. */
let seen: u64 = 0
let previous: i32 = UNKNOWN
/** Field of the key read last. */
let found: i32 = UNKNOWN

function record(from: i32, row: i32): bool {
  let at = space(from)
  if (load<u8>(at) !== OPEN_OBJECT) return false
  seen = 0
  previous = UNKNOWN
  do {
    at = member(space(at + 1), row)
    if (at === 0) return false
  } while (load<u8>(at) === COMMA)
  // Whatever was read behind the end belongs to another record.
  return load<u8>(at) === CLOSE_OBJECT && at < end && space(at + 1) === end && fillAbsent(row)
}

/** Reads a member; returns the position of what follows it, 0 where it is not simple. */
function member(at: i32, row: i32): i32 {
  if (at >= end) return 0
  const guess = previous === UNKNOWN ? firstField : load<i32>(fields + FIELD_BYTES * previous + FOLLOWER)
  found = guess
  let next = afterMember(guess, at)
  if (next === 0) next = afterKey(at)
  if (next === 0) return 0
  next = value(space(next), row)
  if (found !== UNKNOWN) {
    if (found !== guess) follow(previous, found)
    previous = found
  }
  return next === 0 ? 0 : space(next)
}

/** Reads the value of the field `found`. */
function value(at: i32, row: i32): i32 {
  if (found === UNKNOWN) return refusesUnknown ? 0 : skipValue(at, 1)
  const bit: u64 = 1 << (<u64>found)
  if ((seen & bit) !== 0) return 0
  seen |= bit
  return readValue(fields + FIELD_BYTES * found, at, row)
}

function follow(before: i32, field: i32): void {
  if (before === UNKNOWN) firstField = field
  else store<i32>(fields + FIELD_BYTES * before + FOLLOWER, field)
}

/** Position behind `"name":` of a field where exactly that stands at `at`, else 0. */
function afterMember(field: i32, at: i32): i32 {
  const entry = fields + FIELD_BYTES * field
  const size = load<i32>(entry + NAME_BYTES)
  return isText(load<i32>(entry + NAME), at, size) ? at + size : 0
}

/** Finds the field of any key without escapes and reads its colon; returns the position behind it, 0 where the key is not simple. */
function afterKey(at: i32): i32 {
  if (load<u8>(at) !== QUOTE) return 0
  let close = at + 1
  let bits = 0
  while (close < end && load<u8>(close) !== QUOTE) {
    const byte = <i32>load<u8>(close++)
    if (byte < 0x20 || byte === 0x5c) return 0
    bits |= byte
  }
  found = UNKNOWN
  for (let field = 0; field < fieldCount; field++) {
    const entry = fields + FIELD_BYTES * field
    if (load<i32>(entry + NAME_BYTES) === close - at + 2 && isText(load<i32>(entry + NAME), at, close - at + 1)) {
      found = field
      break
    }
  }
  // Other names of longer code points would have to be checked for UTF-8.
  if (found === UNKNOWN && bits >= 0x80) return 0
  const colon = space(close + 1)
  return load<u8>(colon) === COLON ? colon + 1 : 0
}

/** Whether `size` bytes are the same; up to 15 behind them are read. */
function isText(text: i32, at: i32, size: i32): bool {
  let left = size
  let from = at
  let to = text
  while (left > 16) {
    if (v128.any_true(v128.xor(v128.load(from), v128.load(to)))) return false
    left -= 16
    from += 16
    to += 16
  }
  const same = i8x16.bitmask(i8x16.eq(v128.load(from), v128.load(to)))
  return (~same & ((1 << left) - 1)) === 0
}

/** Gives the fields that a record did not name no value, if they need none. */
function fillAbsent(row: i32): bool {
  for (let field = 0; field < fieldCount; field++) {
    if (((seen >> <u64>field) & 1) !== 0) continue
    const entry = fields + FIELD_BYTES * field
    if (load<i32>(entry + OPTIONAL) === 0) return false
    setNull(entry, row)
  }
  return true
}
