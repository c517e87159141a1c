// hot path
import { Batch, type Column, contract, float64, string, timestamp } from 'millrace'
import { type Input, REPEATED_EVERY, recordsFor, SPLITS, TTL_MS } from './input.ts'

/** `due_ms`: when the record comes to the source by its rate, on the clock of clock.ts. */
export const order = contract(
  'order',
  { order_id: string(), ordered_at: timestamp(), due_ms: float64() },
  { eventTime: 'ordered_at' },
)

const FIRST_TIME_MS = Date.UTC(2024, 2, 1)
const ID_BYTES = 16
const TWO_32 = 4294967296
const HEX = new TextEncoder().encode('0123456789abcdef')
/** A repeated record comes so many turns after the one that it repeats. */
const REPEAT_TURNS = 10

/**
 * Makes orders of one split, in memory that serves again with the next call. Record `n` of all splits is the one at offset
 * `n / SPLITS` of split `n % SPLITS`.
 */
export class OrderBatches {
  readonly #input: Input
  readonly #split: { readonly partition: number; readonly index: number }
  readonly #msPerRecord: number
  readonly #ids: Uint8Array
  readonly #idOffsets: Int32Array
  readonly #times: Int32Array
  readonly #due: Float64Array
  readonly #eventTimes: Float64Array
  readonly #splits: Int32Array
  readonly #offsets: Float64Array

  constructor(input: Input, split: { readonly partition: number; readonly index: number; readonly mostRows: number }) {
    const { mostRows } = split
    this.#input = input
    this.#split = split
    this.#msPerRecord = (2 * TTL_MS) / recordsFor(input.keys)
    this.#ids = new Uint8Array(ID_BYTES * mostRows)
    this.#idOffsets = Int32Array.from({ length: mostRows + 1 }, (_, row) => ID_BYTES * row)
    this.#times = new Int32Array(2 * mostRows)
    this.#due = new Float64Array(mostRows)
    this.#eventTimes = new Float64Array(mostRows)
    this.#splits = new Int32Array(mostRows).fill(split.index)
    this.#offsets = new Float64Array(mostRows)
  }

  /** The records at offsets `[from, from + rows)`; `dueAt(i)` of the first is `firstDue`, the others follow every `everyMs`. */
  make(from: number, rows: number, due: { readonly first: number; readonly everyMs: number }): Batch {
    for (let row = 0; row < rows; row++) {
      const sequence = SPLITS * (from + row) + this.#split.partition
      this.#fill(row, sequence, due.first + row * due.everyMs)
      this.#offsets[row] = from + row
    }
    const columns = order.schema.fields.map(({ type, name }): Column => {
      const offsets = name === 'order_id' ? this.#idOffsets : null
      return { type, length: rows, validity: null, offsets, values: this.#values(name) }
    })
    const system = { eventTimes: this.#eventTimes, splits: this.#splits, offsets: this.#offsets, keys: null }
    return new Batch({ schema: order.schema, columns, rows, selection: null, system })
  }

  #values(name: string): Column['values'] {
    if (name === 'order_id') return this.#ids
    return name === 'ordered_at' ? this.#times : this.#due
  }

  #fill(row: number, sequence: number, due: number): void {
    const { content, keys, from } = this.#input
    let key = repeats(sequence) ? sequence - REPEAT_TURNS * SPLITS : sequence
    let time = FIRST_TIME_MS + Math.floor(sequence * this.#msPerRecord)
    if (content === 'known') {
      const reach = Math.max(SPLITS, Math.floor(keys / 10))
      key = original(from - 1 - (sequence % reach))
      time = FIRST_TIME_MS + Math.floor(from * this.#msPerRecord)
    } else if (content === 'half-old' && turnOf(sequence) % 2 === 0) {
      key = oldKey(this.#input, sequence)
    } else if (content === 'oldest-first' && sequence === from) {
      key = 0
      time = FIRST_TIME_MS + TTL_MS
    }
    writeHex(this.#ids, ID_BYTES * row, key)
    const micros = 1000 * time
    this.#times[2 * row] = (micros % TWO_32) | 0
    this.#times[2 * row + 1] = Math.floor(micros / TWO_32)
    this.#eventTimes[row] = time
    this.#due[row] = due
  }
}

/** True for a record that repeats an earlier one of its split. */
function repeats(sequence: number): boolean {
  return turnOf(sequence) % REPEATED_EVERY === REPEATED_EVERY - 1
}

function turnOf(sequence: number): number {
  return Math.floor(sequence / SPLITS)
}

/**
 * A key that was there before this input, older than an eighth of all keys and younger than a fifth: for as many records as a quarter of
 * the keys each is within the time to live.
 */
function oldKey({ keys, from }: Input, sequence: number): number {
  const [youngest, oldest] = [Math.floor(keys / 8), Math.floor(keys / 5)]
  const back = youngest + ((Math.imul(sequence | 0, 0x9e3779b1) >>> 0) % (oldest - youngest))
  return original(from - 1 - back)
}

/** The record itself, or its forerunner where it only repeats. */
function original(sequence: number): number {
  return repeats(sequence) ? sequence - REPEAT_TURNS * SPLITS : sequence
}

/** A number below 2^53 as 16 digits that look like chance but are different for each. */
function writeHex(target: Uint8Array, at: number, number: number): void {
  const high = Math.floor(number / TWO_32)
  const low = Math.imul(number | 0, 0x9e3779b1)
  for (let digit = 0; digit < 8; digit++) {
    target[at + digit] = HEX[(low >>> (4 * digit)) & 15]!
    target[at + 8 + digit] = HEX[(high >>> (4 * digit)) & 15]!
  }
}
