// hot path
import type { Batch } from '../batch.ts'
import type { Column } from '../column.ts'
import { usedValues } from '../column-values.ts'
import { growTo, type KernelMemory, newInstance } from '../kernel-instance.ts'
import { KERNEL_WASM } from './kernel.wasm.ts'

/** Fewer keys than this are hashed sooner without it. */
const LEAST_KEYS = 24
/** Larger batches go another way: the memory of the kernel is never given back. */
const MOST_KEYS = 65_536
const MOST_TEXT_BYTES = 1_048_576
/** The compiled code keeps nothing below. */
const FIRST_AT = 1_024
/** Reads and writes may pass the end of what they are for by less than this. */
const SLACK_BYTES = 32
/** Of a field besides its text. */
const MOST_FIELD_BYTES = 9

/** What assembly/hash-keys.ts exports. */
interface Exports {
  readonly memory: KernelMemory
  setSeed(seed: number): void
  setKey(fields: number, count: number, scratch: number): void
  hashKeys(rows: number, end: number, to: number): void
}

/** As in assembly/canonical.ts. Text of dates and decimals would have to be made first. */
const KINDS: Readonly<Partial<Record<Column['type']['kind'], number>>> = {
  string: 1,
  integer: 2,
  int64: 3,
  boolean: 4,
  binary: 6,
  int32: 7,
  float64: 8,
  timestamp: 9,
}

/** The instance of this thread: it keeps nothing from batch to batch. */
let exports: Exports | undefined

/** Where keys of fields are, and what becomes of them. */
export interface KeyTask {
  readonly batch: Batch<unknown>
  /** Of the batch. */
  readonly columns: readonly Column[]
  /** Gets four words per physical row; the rows that are not alive get any. */
  readonly out: Int32Array
  readonly seed: number
}

/** Hashes keys by WebAssembly, as `KeyHasher` does. False where it cannot or need not: then nothing happened. */
export function hashByKernel({ batch, columns, out, seed }: KeyTask): boolean {
  const { rows, count } = batch
  if (count < LEAST_KEYS || rows > MOST_KEYS || !columns.every(({ type }) => KINDS[type.kind] !== undefined))
    return false
  const textBytes = columns.reduce((sum, column) => sum + textBytesOf(column, rows), 0)
  if (textBytes > MOST_TEXT_BYTES) return false
  exports ??= newInstance<Exports>(KERNEL_WASM)
  const memory = new KernelInput(exports.memory)
  const fields = memory.place(new Int32Array(columns.flatMap((column) => fieldEntry(column, rows, memory))))
  const selected = memory.place(batch.selectedRows())
  const hashes = memory.reserve(16 * rows)
  exports.setSeed(seed)
  exports.setKey(fields, columns.length, memory.reserve(textBytes + MOST_FIELD_BYTES * columns.length))
  exports.hashKeys(selected, selected + 4 * count, hashes)
  out.set(new Int32Array(exports.memory.buffer, hashes, 4 * rows))
  return true
}

function textBytesOf({ offsets }: Column, rows: number): number {
  return offsets === null ? 0 : offsets[rows]! - offsets[0]!
}

/** The words of a field's entry, whose column is placed. */
function fieldEntry(column: Column, rows: number, memory: KernelInput): readonly number[] {
  const { type, values, offsets, validity } = column
  const kind = KINDS[type.kind]!
  const validityAt = validity === null ? 0 : memory.place(validity.subarray(0, (rows + 7) >> 3))
  if (offsets === null) return [kind, memory.place(values.subarray(0, usedValues(type, rows, 0))), 0, validityAt]
  const first = offsets[0]!
  // Offsets count from the beginning of all values, of which only some are placed.
  const valuesAt = memory.place(values.subarray(first, offsets[rows]!)) - first
  return [kind, valuesAt, memory.place(offsets.subarray(0, rows + 1)), validityAt]
}

/** Lays arrays out in the memory of the kernel, one after the other. */
class KernelInput {
  readonly #memory: KernelMemory
  #end = FIRST_AT

  constructor(memory: KernelMemory) {
    this.#memory = memory
  }

  /** Copies an array. Gives its place. */
  place({ buffer, byteOffset, byteLength }: Uint8Array | Int32Array | Float64Array): number {
    const at = this.reserve(byteLength)
    new Uint8Array(this.#memory.buffer, at, byteLength).set(new Uint8Array(buffer, byteOffset, byteLength))
    return at
  }

  /** A place of so many bytes, at a multiple of 16. */
  reserve(sizeBytes: number): number {
    const at = this.#end
    this.#end = (at + sizeBytes + SLACK_BYTES + 15) & ~15
    growTo(this.#memory, this.#end)
    return at
  }
}
