// hot path
import type { Batch } from '../../core/model/batch.ts'
import { isValid, wideNumberAt } from '../../core/model/column.ts'
import type { ColumnBuilder } from '../../core/model/column-builder.ts'
import { MillraceError } from '../../core/model/errors.ts'
import type { FieldType } from '../../core/model/field-type.ts'
import type { Fold } from './aggregate.ts'
import type { EntryList } from './entry-list.ts'

const TWO_32 = 4294967296
/** No value has come yet. Fields never hold it. */
const NONE = Number.NaN

/** How many records, or how many of them have a value in a field. */
export class CountFold implements Fold {
  readonly #field: string | undefined

  constructor(field: string | undefined) {
    this.#field = field
  }

  open(values: Float64Array, at: number): void {
    values[at] = 0
  }

  take(batch: Batch, { rows, tables, at, count }: EntryList, offset: number): void {
    const column = this.#field === undefined ? undefined : batch.column(this.#field)
    for (let i = 0; i < count; i++)
      if (column === undefined || isValid(column, rows[i]!)) tables[i]!.values[at[i]! + offset]!++
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

  constructor(field: string, combine: Combine) {
    this.#field = field
    this.#combine = combine
  }

  open(values: Float64Array, at: number): void {
    values[at] = NONE
  }

  take(batch: Batch, { rows, tables, at, count }: EntryList, offset: number): void {
    const column = batch.column(this.#field)
    const { kind } = column.type
    const isWide = kind === 'integer' || kind === 'timestamp'
    for (let i = 0; i < count; i++) {
      const row = rows[i]!
      if (!isValid(column, row)) continue
      const value = isWide ? wideNumberAt(column, row) : column.values[row]!
      const { values } = tables[i]!
      const slot = at[i]! + offset
      const before = values[slot]!
      values[slot] = Number.isNaN(before) ? value : this.#combined(before, value, kind === 'float64')
    }
  }

  #combined(a: number, b: number, mayRound: boolean): number {
    if (this.#combine === 'sum') return mayRound ? a + b : wholeSum(a, b)
    return this.#combine === 'min' ? Math.min(a, b) : Math.max(a, b)
  }

  close(values: Float64Array, at: number, into: ColumnBuilder): void {
    const value = values[at]!
    if (Number.isNaN(value)) into.appendNull()
    else if (!Number.isFinite(value)) throw tooLarge(this.#field)
    else appendNumber(into, value)
  }
}

/** A sum that became inexact on the way stays infinite: it must not look exact later. */
function wholeSum(a: number, b: number): number {
  const sum = a + b
  return sum >= Number.MIN_SAFE_INTEGER && sum <= Number.MAX_SAFE_INTEGER ? sum : Infinity
}

/** Sum, least or greatest of 64-bit whole numbers: the low word as a whole number from 0 on, and the high word with its sign. */
export class WideFold implements Fold {
  readonly #field: string
  readonly #combine: Combine

  constructor(field: string, combine: Combine) {
    this.#field = field
    this.#combine = combine
  }

  open(values: Float64Array, at: number): void {
    values[at] = 0
    values[at + 1] = NONE
  }

  take(batch: Batch, { rows, tables, at, count }: EntryList, offset: number): void {
    const column = batch.column(this.#field)
    for (let i = 0; i < count; i++) {
      const row = rows[i]!
      if (!isValid(column, row)) continue
      const low = column.values[2 * row]! >>> 0
      this.#add(tables[i]!.values, at[i]! + offset, { low, high: column.values[2 * row + 1]! })
    }
  }

  close(values: Float64Array, at: number, into: ColumnBuilder): void {
    const high = values[at + 1]!
    if (Number.isNaN(high)) into.appendNull()
    else if (high !== (high | 0)) throw tooLarge(this.#field)
    else into.appendWords(values[at]! | 0, high)
  }

  #add(values: Float64Array, at: number, { low, high }: { readonly low: number; readonly high: number }): void {
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

  take(batch: Batch, entries: EntryList, offset: number): void {
    this.#sum.take(batch, entries, offset)
    this.#count.take(batch, entries, offset + 1)
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
