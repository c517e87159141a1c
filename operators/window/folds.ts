// hot path
import type { Batch } from '../../core/model/batch.ts'
import { type Column, isValid, wideNumberAt } from '../../core/model/column.ts'
import type { ColumnBuilder } from '../../core/model/column-builder.ts'
import { MillraceError } from '../../core/model/errors.ts'
import type { FieldType } from '../../core/model/field-type.ts'
import type { Fold } from './aggregate.ts'

const TWO_32 = 4294967296
/** No value has come yet. Fields never hold it. */
const NONE = Number.NaN

/** How many records, or how many of them have a value in a field. */
export class CountFold implements Fold {
  readonly #field: string | undefined
  #column: Column | undefined

  constructor(field: string | undefined) {
    this.#field = field
  }

  open(values: Float64Array, at: number): void {
    values[at] = 0
  }

  begin(batch: Batch): void {
    if (this.#field !== undefined) this.#column = batch.column(this.#field)
  }

  take(values: Float64Array, at: number, row: number): void {
    if (this.#column === undefined || isValid(this.#column, row)) values[at]!++
  }

  close(values: Float64Array, at: number, into: ColumnBuilder): void {
    into.appendWide(values[at]!)
  }
}

/** What becomes of two numbers. */
export type Combine = 'sum' | 'min' | 'max'

/** Sum, least or greatest of values that a double holds exactly. */
export class NumberFold implements Fold {
  readonly #field: string
  readonly #combine: Combine
  #column!: Column
  #isWide = false
  #isWhole = false

  constructor(field: string, combine: Combine) {
    this.#field = field
    this.#combine = combine
  }

  open(values: Float64Array, at: number): void {
    values[at] = NONE
  }

  begin(batch: Batch): void {
    this.#column = batch.column(this.#field)
    const { kind } = this.#column.type
    this.#isWide = kind === 'integer' || kind === 'timestamp'
    this.#isWhole = kind !== 'float64'
  }

  take(values: Float64Array, at: number, row: number): void {
    const column = this.#column
    if (!isValid(column, row)) return
    const value = this.#isWide ? wideNumberAt(column, row) : column.values[row]!
    const before = values[at]!
    if (Number.isNaN(before)) values[at] = value
    else if (this.#combine === 'sum') values[at] = this.#added(before, value)
    else if (this.#combine === 'min' ? value < before : value > before) values[at] = value
  }

  close(values: Float64Array, at: number, into: ColumnBuilder): void {
    const value = values[at]!
    if (Number.isNaN(value)) into.appendNull()
    else if (!Number.isFinite(value)) throw tooLarge(this.#field)
    else appendNumber(into, value)
  }

  /** A whole number that became inexact on the way stays infinite: it must not look exact later. */
  #added(before: number, value: number): number {
    const sum = before + value
    return this.#isWhole && !(sum >= Number.MIN_SAFE_INTEGER && sum <= Number.MAX_SAFE_INTEGER) ? Infinity : sum
  }
}

/** Sum, least or greatest of 64-bit whole numbers: the low word as a whole number from 0 on, and the high word with its sign. */
export class WideFold implements Fold {
  readonly #field: string
  readonly #combine: Combine
  #column!: Column

  constructor(field: string, combine: Combine) {
    this.#field = field
    this.#combine = combine
  }

  open(values: Float64Array, at: number): void {
    values[at] = 0
    values[at + 1] = NONE
  }

  begin(batch: Batch): void {
    this.#column = batch.column(this.#field)
  }

  take(values: Float64Array, at: number, row: number): void {
    const column = this.#column
    if (!isValid(column, row)) return
    const low = column.values[2 * row]! >>> 0
    const high = column.values[2 * row + 1]!
    const isFirst = Number.isNaN(values[at + 1]!)
    if (isFirst || this.#replaces(low - values[at]!, high - values[at + 1]!)) {
      values[at] = low
      values[at + 1] = high
    } else if (this.#combine === 'sum') {
      const sum = values[at]! + low
      const carry = sum >= TWO_32 ? 1 : 0
      values[at] = sum - carry * TWO_32
      values[at + 1] = values[at + 1]! + high + carry
    }
  }

  close(values: Float64Array, at: number, into: ColumnBuilder): void {
    const high = values[at + 1]!
    if (Number.isNaN(high)) into.appendNull()
    else if (high !== (high | 0)) throw tooLarge(this.#field)
    else into.appendWords(values[at]! | 0, high)
  }

  #replaces(low: number, high: number): boolean {
    if (this.#combine === 'sum') return false
    const difference = high === 0 ? low : high
    return this.#combine === 'min' ? difference < 0 : difference > 0
  }
}

/** The mean: sum and number of values. */
export class MeanFold implements Fold {
  readonly #sum: NumberFold
  readonly #count: CountFold

  constructor(field: string) {
    this.#sum = new NumberFold(field, 'sum')
    this.#count = new CountFold(field)
  }

  open(values: Float64Array, at: number): void {
    this.#sum.open(values, at)
    this.#count.open(values, at + 1)
  }

  begin(batch: Batch): void {
    this.#sum.begin(batch)
    this.#count.begin(batch)
  }

  take(values: Float64Array, at: number, row: number): void {
    this.#sum.take(values, at, row)
    this.#count.take(values, at + 1, row)
  }

  close(values: Float64Array, at: number, into: ColumnBuilder): void {
    if (values[at + 1] === 0) into.appendNull()
    else into.appendFloat64(values[at]! / values[at + 1]!)
  }
}

function appendNumber(into: ColumnBuilder, value: number): void {
  const { kind } = into.type
  if (kind === 'float64') into.appendFloat64(value)
  else if (kind === 'int32' || kind === 'date') into.appendInt32(value)
  else into.appendWide(value)
}

function tooLarge(field: string): MillraceError {
  return new MillraceError('MR_OPERATOR_FAILED', `the sum of "${field}" in a window is beyond what its type holds`)
}

/** Whether a double holds every value of a type, so that it can be folded as a number. */
export function isNumber({ kind }: FieldType): boolean {
  return kind === 'int32' || kind === 'integer' || kind === 'float64' || kind === 'timestamp' || kind === 'date'
}
