// The loop over a run of records. What it cannot take at once it leaves to the decoder in TypeScript, which alone refuses, but for
// records that only lack a field: these it passes over. So it must accept nothing that the other would not, and make the same of it.
import { BIT, FIELD_BYTES, FIRST, FOLLOWER, NAME, NAME_BITS, NAME_BYTES, OPTIONAL, setNull } from './field'
import { readValue } from './read'
import { end, setEnd, setScratch } from './run'
import { skipValue, space } from './skip'

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const UNKNOWN = 0
/** Names of other fields that are remembered, and bytes of each with quotes and colon. As in memory-layout.ts. */
const MOST_OTHERS = 8
const OTHER_NAME_BYTES = 32
const OTHER_BYTES = 48

let starts: i32 = 0
let lengths: i32 = 0
/** Records that lack a field: index and field of each, 32 bits both. */
let lacking: i32 = 0
let lackingCount: i32 = 0
/** The table: an entry for each field, then one for each name that is remembered. */
let fields: i32 = 0
let fieldCount: i32 = 0
let otherCount: i32 = 0
let otherNames: i32 = 0
let refusesUnknown: bool = false
/** The bits of all fields. */
let complete: u64 = 0
/** The first field that the record lacks which was read last, if that is all that is wrong with it; else negative. */
let absent: i32 = -1

/** Takes the place of the table of fields, which has room for other names behind it, their number, and what to do with other fields. */
export function setFields(table: i32, count: i32, refuses: bool): void {
  fields = table
  fieldCount = count
  otherCount = 0
  otherNames = table + FIELD_BYTES * (count + MOST_OTHERS)
  refusesUnknown = refuses
  complete = count === 64 ? -1 : ((<u64>1) << (<u64>count)) - 1
}

/** Takes the places of the positions and lengths of records, and of memory for text that nobody wants. */
export function setMemory(startsAt: i32, lengthsAt: i32, spare: i32): void {
  starts = startsAt
  lengths = lengthsAt
  setScratch(spare)
}

/** Takes the place of the list of records that lack a field. */
export function setLacking(listAt: i32): void {
  lacking = listAt
}

/**
 * Appends records `first` and after, `count` of them, as rows 0 and after; they lie `shift` behind the positions that were given. Those that
 * lack a field are listed instead. Returns how many are done: fewer where one is not simple.
 */
export function decode(first: i32, count: i32, shift: i32): i32 {
  let row = 0
  lackingCount = 0
  for (let index = first; index < first + count; index++) {
    const start = load<i32>(starts + 4 * index) + shift
    setEnd(start + load<i32>(lengths + 4 * index))
    absent = -1
    if (record(start, row)) row++
    else if (absent < 0) return index - first
    else list(index - first)
  }
  return count
}

/** How many of the records that the last call did are in the list. */
export function countLacking(): i32 {
  return lackingCount
}

function list(index: i32): void {
  const entry = lacking + 8 * lackingCount++
  store<i32>(entry, index)
  store<i32>(entry, absent, 4)
}

/** Entry of the key that was looked for last. */
let found: i32 = UNKNOWN

function record(from: i32, row: i32): bool {
  let at = space(from)
  if (load<u8>(at) !== OPEN_OBJECT) return false
  // The fields that it had so far, and where the entry of the field stands that came next in the record before.
  let seen: u64 = 0
  let guess = fields + FIRST
  do {
    at = space(at + 1)
    let field = load<i32>(guess)
    let next = at + load<i32>(field + NAME_BYTES)
    if (!isName(field, at)) {
      next = afterKey(at, guess)
      field = found
    }
    if (field !== UNKNOWN) guess = field + FOLLOWER
    const bit = load<u64>(field + BIT)
    if ((seen & bit) !== 0) return false
    seen |= bit
    next = space(next)
    at = space(bit === 0 ? otherValue(next) : readValue(field, next, row))
    // What is not simple leads to position 0, where there is a zero.
  } while (load<u8>(at) === COMMA && at < end)
  return isEnd(at) && (seen === complete || fillAbsent(seen, row))
}

function otherValue(at: i32): i32 {
  return refusesUnknown ? 0 : skipValue(at, 1)
}

/** Whether the record ends as it must. Whatever was read behind its end belongs to another one. */
function isEnd(at: i32): bool {
  return load<u8>(at) === CLOSE_OBJECT && at < end && space(at + 1) === end
}

/**
 * Finds the entry of any key without escapes, which is guessed from now on, and reads its colon; returns the position behind it, 0 where the
 * key is not simple.
 */
function afterKey(at: i32, guess: i32): i32 {
  found = UNKNOWN
  if (load<u8>(at) !== QUOTE) return 0
  let close = at + 1
  let bits = 0
  while (close < end && load<u8>(close) !== QUOTE) {
    const byte = <i32>load<u8>(close++)
    if (byte < 0x20 || byte === 0x5c) return 0
    bits |= byte
  }
  found = entryOf(at, close - at + 1)
  if (found === UNKNOWN) {
    // Other names of longer code points would have to be checked for UTF-8.
    if (bits >= 0x80) return 0
    found = remember(at, close - at + 2)
  }
  if (found !== UNKNOWN) store<i32>(guess, found)
  const colon = space(close + 1)
  return load<u8>(colon) === COLON ? colon + 1 : 0
}

/** The entry of a name of `size` bytes with its quotes. */
function entryOf(at: i32, size: i32): i32 {
  for (let index = 0; index < fieldCount + otherCount; index++) {
    const entry = fields + FIELD_BYTES * index
    if (load<i32>(entry + NAME_BYTES) === size + 1 && isText(load<i32>(entry + NAME), at, size)) return entry
  }
  return UNKNOWN
}

/** Makes an entry for a name that nobody wants, so that it is guessed from now on; `size` with quotes and colon. */
function remember(at: i32, size: i32): i32 {
  if (otherCount === MOST_OTHERS || size > OTHER_NAME_BYTES || load<u8>(at + size - 1) !== COLON) return UNKNOWN
  const entry = fields + FIELD_BYTES * (fieldCount + otherCount)
  const name = otherNames + OTHER_BYTES * otherCount++
  memory.copy(name, at, size)
  store<i32>(entry + NAME, name)
  store<i32>(entry + NAME_BYTES, size)
  store<i32>(entry + NAME_BITS, bitsOf(size))
  store<u64>(entry + BIT, 0)
  store<i32>(entry + FOLLOWER, fields)
  return entry
}

/** Whether the name of a field, with quotes and colon, stands at `at`; up to 15 bytes behind it are read. */
function isName(field: i32, at: i32): bool {
  const name = load<i32>(field + NAME)
  if ((differences(name, at) & load<i32>(field + NAME_BITS)) !== 0) return false
  const size = load<i32>(field + NAME_BYTES)
  return size <= 16 || isText(name + 16, at + 16, size - 16)
}

/** Whether `size` bytes are the same; up to 15 behind them are read. */
function isText(text: i32, at: i32, size: i32): bool {
  let left = size
  let from = at
  let to = text
  while (left > 16) {
    if (differences(to, from) !== 0) return false
    left -= 16
    from += 16
    to += 16
  }
  return (differences(to, from) & bitsOf(left)) === 0
}

/** A bit for each of sixteen bytes. */
function differences(text: i32, at: i32): i32 {
  return ~i8x16.bitmask(i8x16.eq(v128.load(at), v128.load(text))) & 0xffff
}

/** A bit for each byte of a text, of the first sixteen at most. */
function bitsOf(size: i32): i32 {
  return size < 16 ? (1 << size) - 1 : 0xffff
}

/** Gives the fields that a record did not name no value, if they need none. */
function fillAbsent(seen: u64, row: i32): bool {
  for (let field = 0; field < fieldCount; field++) {
    if (((seen >> <u64>field) & 1) !== 0) continue
    const entry = fields + FIELD_BYTES * field
    if (load<i32>(entry + OPTIONAL) === 0) {
      absent = field
      return false
    }
    setNull(entry, row)
  }
  return true
}
