// hot path
import { type Column, wideNumberAt } from '../../core/model/column.ts'
import { ColumnBuilder } from '../../core/model/column-builder.ts'
import type { Contract } from '../../core/model/contract.ts'
import { fieldIndex, type Schema } from '../../core/model/field-type.ts'
import { CLOSE_OBJECT, COLON, COMMA, LETTER_N, OPEN_OBJECT, QUOTE } from './ascii.ts'
import { FieldNames } from './field-names.ts'
import { type EncodedValues, Kernel } from './kernel/kernel.ts'
import { KIND_NUMBER } from './kind-number.ts'
import { readFloat64, readInt32, readInt64, readInteger } from './read-number.ts'
import { readBinary, readBoolean, readDate, readDecimal, readString, readTimestamp } from './read-text.ts'
import { Scanner } from './scan.ts'
import { invalidUtf8At } from './utf8.ts'
import { documentViolation, fieldViolation, missingField, type Violation } from './violation.ts'

export type { Violation } from './violation.ts'

/**
 * What a decoder made of its records. `eventTimes`: epoch ms per row, if the contract names an event time, valid until the
 * next `finish`.
 */
export interface DecodedColumns {
  readonly columns: readonly Column[]
  readonly rows: number
  readonly eventTimes: Float64Array | undefined
}

/** What becomes of a run of records, in their order. */
export interface RunObserver {
  /** Values `from` up to `to` were appended. */
  taken(from: number, to: number): void
  /** Value `index` was not. */
  refused(index: number, violation: Violation): void
}

/** Decodes JSON objects into columns. Owned by one task. */
export interface JsonDecoder {
  /** As {@link append}, for all of `values[from, to)`: much faster than one by one. */
  appendAll(values: EncodedValues, range: { readonly from: number; readonly to: number }, observer: RunObserver): void
  /**
   * Appends the record in `bytes[start, end)`; on a violation nothing is appended. Fast where many records share one
   * `bytes`, which is not kept beyond `finish`.
   */
  append(bytes: Uint8Array, start: number, end: number): Violation | undefined
  /** Records appended since the last `finish`. */
  readonly rows: number
  /** Hands over what was appended; the decoder is empty then. */
  finish(): DecodedColumns
  /** Takes back columns of an earlier `finish` that nobody reads any more: the next records need no new memory. */
  reuse(columns: readonly Column[]): void
}

const UNKNOWN = -1

/**
 * Compiles a contract into a decoder; the README of this folder says what it accepts. A record that is no JSON object
 * is refused as such whatever else is wrong with it; else its first violation in the order of the text is told, an
 * absent field last.
 *
 * @example
 * const decoder = compileDecoder(contract('order', { id: string(), cents: integer() }))
 * const bytes = new TextEncoder().encode('{"id":"a","cents":5}')
 * decoder.append(bytes, 0, bytes.length) // undefined: accepted
 * decoder.finish().rows // 1
 */
export function compileDecoder(contract: Contract<unknown>): JsonDecoder {
  return new ContractDecoder(contract)
}

class ContractDecoder implements JsonDecoder {
  rows = 0
  readonly #schema: Schema
  readonly #eventTime: number
  readonly #refusesUnknown: boolean
  readonly #names: FieldNames
  readonly #kinds: Uint8Array
  readonly #builders: readonly ColumnBuilder[]
  readonly #scanner = new Scanner()
  /** Which field followed field i − 1 last time; 0 stands for the start. Producers rarely change their order. */
  readonly #followers: Int32Array
  /** Takes what is simple, many records at a time; `undefined` where the contract is not for it. */
  readonly #kernel: Kernel | undefined
  /** What is said of records that lack field i, once it was. */
  readonly #missing: Violation[] = []
  #eventTimes = new Float64Array(0)
  /** Fields of the contract that the record had so far. */
  #found = 0
  /** Field of the key read last. */
  #field = UNKNOWN

  constructor(contract: Contract<unknown>) {
    const fields = contract.schema.fields
    this.#schema = contract.schema
    this.#eventTime = contract.eventTime === undefined ? -1 : fieldIndex(contract.schema, contract.eventTime)
    this.#refusesUnknown = contract.unknownFields === 'refuse'
    this.#names = new FieldNames(contract.schema)
    this.#kinds = Uint8Array.from(fields, (field) => KIND_NUMBER[field.type.kind])
    this.#builders = fields.map((field) => new ColumnBuilder(field.type))
    this.#kernel = Kernel.for(contract.schema, this.#refusesUnknown)
    this.#followers = Int32Array.from({ length: fields.length + 1 }, (_, i) => (i < fields.length ? i : 0))
  }

  append(bytes: Uint8Array, start: number, end: number): Violation | undefined {
    const scanner = this.#scanner
    scanner.reset(bytes, end)
    this.#found = 0
    this.#field = UNKNOWN
    const close = this.#object(scanner.space(start))
    const isWhole = close >= 0 && this.#endsAt(close)
    if (!isWhole || (this.#found < this.#builders.length && !this.#fillAbsent())) return this.#refused(start)
    this.rows++
    return undefined
  }

  appendAll(values: EncodedValues, range: { readonly from: number; readonly to: number }, observer: RunObserver): void {
    let next = range.from
    while (next < range.to) {
      const end = this.#kernel?.load(values, next, range.to) ?? next
      if (end === next) this.#appendOne(values, next++, observer)
      while (next < end) {
        next = this.#appendSimple(next, end, observer)
        if (next === end) break
        this.#appendOne(values, next++, observer)
        this.#kernel!.skip()
      }
    }
  }

  /** What the kernel does of the run from `from` on. Gives where it stopped. */
  #appendSimple(from: number, end: number, observer: RunObserver): number {
    const kernel = this.#kernel!
    const done = from + kernel.decode(end - from, this.#builders)
    const { lacking } = kernel
    let next = from
    for (let i = 0; i < lacking.length; i += 2) {
      const index = from + lacking[i]!
      this.#took(next, index, observer)
      observer.refused(index, this.#lacks(lacking[i + 1]!))
      next = index + 1
    }
    this.#took(next, done, observer)
    return done
  }

  /** Values `from` up to `to` are rows now. */
  #took(from: number, to: number, observer: RunObserver): void {
    if (from === to) return
    this.rows += to - from
    observer.taken(from, to)
  }

  #appendOne({ buffer, starts, lengths }: EncodedValues, index: number, observer: RunObserver): void {
    const violation = this.append(buffer, starts[index]!, starts[index]! + lengths[index]!)
    if (violation === undefined) observer.taken(index, index + 1)
    else observer.refused(index, violation)
  }

  #lacks(field: number): Violation {
    this.#missing[field] ??= missingField(this.#schema.fields[field]!)
    return this.#missing[field]
  }

  finish(): DecodedColumns {
    const rows = this.rows
    this.#scanner.release()
    const columns = this.#builders.map((builder) => builder.finish())
    this.rows = 0
    if (this.#eventTime < 0) return { columns, rows, eventTimes: undefined }
    if (this.#eventTimes.length < rows) this.#eventTimes = new Float64Array(2 * rows)
    const eventTimes = this.#eventTimes.subarray(0, rows)
    setMilliseconds(eventTimes, columns[this.#eventTime]!)
    return { columns, rows, eventTimes }
  }

  reuse(columns: readonly Column[]): void {
    for (let i = 0; i < this.#builders.length; i++) this.#builders[i]!.adopt(columns[i]!)
  }

  #object(open: number): number {
    const scanner = this.#scanner
    if (scanner.peek(open) !== OPEN_OBJECT) return scanner.refuse('MR_RECORD_JSON', open)
    let at = scanner.space(open + 1)
    if (scanner.peek(at) === CLOSE_OBJECT) return at + 1
    let previous = UNKNOWN
    while (true) {
      const guess = this.#followers[previous + 1]!
      const next = this.#names.afterMember(guess, scanner, at)
      if (next < 0 || this.#builders[guess]!.length !== this.rows) at = this.#rareMember(at, previous)
      else {
        this.#field = guess
        at = this.#read(guess, scanner.space(next))
      }
      if (at < 0) return -1
      if (this.#field !== UNKNOWN) previous = this.#field
      at = scanner.space(at)
      const byte = scanner.peek(at)
      if (byte === CLOSE_OBJECT) return at + 1
      if (byte !== COMMA) return scanner.refuse('MR_RECORD_JSON', at)
      at = scanner.space(at + 1)
    }
  }

  /** A member whose key is not the one that was guessed, byte by byte, or is not welcome. */
  #rareMember(key: number, previous: number): number {
    const scanner = this.#scanner
    this.#field = UNKNOWN
    if (scanner.peek(key) !== QUOTE) return scanner.refuse('MR_RECORD_JSON', key)
    const next = scanner.readText(key)
    if (next < 0) return -1
    const field = this.#names.find(scanner.text, scanner.textStart, scanner.textEnd)
    const colon = scanner.space(next)
    if (scanner.peek(colon) !== COLON) return scanner.refuse('MR_RECORD_JSON', colon)
    this.#field = field
    const at = scanner.space(colon + 1)
    if (field === UNKNOWN) return this.#refusesUnknown ? scanner.refuse('MR_RECORD_UNKNOWN_FIELD', key) : this.#skip(at)
    if (this.#builders[field]!.length !== this.rows) return scanner.refuse('MR_RECORD_DUPLICATE_KEY', key)
    this.#followers[previous + 1] = field
    return this.#read(field, at)
  }

  #skip(at: number): number {
    const next = this.#scanner.value(at, 1)
    return next >= 0 && this.#scanner.hasLoneSurrogate ? this.#scanner.refuse('MR_RECORD_UTF8', at) : next
  }

  #read(field: number, at: number): number {
    const scanner = this.#scanner
    this.#found++
    if (scanner.peek(at) === LETTER_N) return this.#readNull(field, at)
    const builder = this.#builders[field]!
    switch (this.#kinds[field]) {
      case 0:
        return readString(scanner, builder, at)
      case 1:
        return readBoolean(scanner, builder, at)
      case 2:
        return readInt32(scanner, builder, at)
      case 3:
        return readInt64(scanner, builder, at)
      case 4:
        return readInteger(scanner, builder, at)
      case 5:
        return readFloat64(scanner, builder, at)
      case 6:
        return readDecimal(scanner, builder, at)
      case 7:
        return readTimestamp(scanner, builder, at)
      case 8:
        return readDate(scanner, builder, at)
      default:
        return readBinary(scanner, builder, at)
    }
  }

  #readNull(field: number, at: number): number {
    const next = this.#scanner.literal(at)
    if (next < 0) return -1
    if (!this.#schema.fields[field]!.optional) return this.#scanner.refuse('MR_RECORD_MISSING_FIELD', at)
    this.#builders[field]!.appendNull()
    return next
  }

  #endsAt(close: number): boolean {
    const at = this.#scanner.space(close)
    if (at < this.#scanner.end) this.#scanner.refuse('MR_RECORD_JSON', at)
    return at >= this.#scanner.end
  }

  #fillAbsent(): boolean {
    const builders = this.#builders
    for (let field = 0; field < builders.length; field++) {
      if (builders[field]!.length !== this.rows) continue
      if (!this.#schema.fields[field]!.optional) {
        this.#field = field
        this.#scanner.refuse('MR_RECORD_MISSING_FIELD', this.#scanner.end)
        return false
      }
      builders[field]!.appendNull()
    }
    return true
  }

  /** Takes back what the record appended and says why: what is no JSON object is that first of all. */
  #refused(start: number): Violation {
    for (const builder of this.#builders) builder.truncate(this.rows)
    const scanner = this.#scanner
    const field = this.#field === UNKNOWN ? undefined : this.#schema.fields[this.#field]
    const noted = fieldViolation(scanner, field)
    const open = scanner.space(start)
    const close = scanner.peek(open) === OPEN_OBJECT ? scanner.value(open, 0) : scanner.refuse('MR_RECORD_JSON', open)
    if (close >= 0 && this.#endsAt(close)) return noted
    const invalid = invalidUtf8At(scanner.bytes, start, scanner.end)
    if (invalid >= 0) scanner.refuse('MR_RECORD_UTF8', invalid)
    return documentViolation(scanner, start)
  }
}

/** Of times in microseconds. A function of its own: V8 enters it in the midst of its loop, and what followed that would be compiled again and again. */
function setMilliseconds(target: Float64Array, times: Column): void {
  for (let row = 0; row < target.length; row++) target[row] = wideNumberAt(times, row) / 1000
}
